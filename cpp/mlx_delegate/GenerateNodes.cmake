# One struct per node, and its decoder, from the schema in the wheel: sources
# VOXTRAL_TTS_MLX_NODES in the folder VOXTRAL_TTS_MLX_GENERATED.
set(_schema "${VOXTRAL_TTS_EXECUTORCH_ROOT}/backends/mlx/serialization/schema.fbs")
set(_generator "${CMAKE_CURRENT_LIST_DIR}/schema/generate_nodes.py")
set(VOXTRAL_TTS_MLX_GENERATED "${CMAKE_CURRENT_BINARY_DIR}/generated")
set(VOXTRAL_TTS_MLX_NODES "${VOXTRAL_TTS_MLX_GENERATED}/nodes.h" "${VOXTRAL_TTS_MLX_GENERATED}/decode.cpp")
add_custom_command(
  OUTPUT ${VOXTRAL_TTS_MLX_NODES}
  COMMAND "${Python_EXECUTABLE}" "${_generator}" "${_schema}" "${VOXTRAL_TTS_MLX_GENERATED}"
  DEPENDS "${_generator}" "${_schema}" VERBATIM)
