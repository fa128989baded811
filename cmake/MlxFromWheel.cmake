# Decides whether MLX programs can run: sets VOXTRAL_TTS_HAS_MLX.
# On Apple Silicon ExecuTorch's wheel has the delegate. Elsewhere it is ours,
# over MLX's C++ library inside the installed Python wheel: target `mlx`. That
# version is exact, since MLX's C++ interface changes between patch releases;
# another one is for scripts/test_mlx_macos_version.sh.
if(NOT DEFINED VOXTRAL_TTS_MLX_VERSION)
  set(VOXTRAL_TTS_MLX_VERSION 0.32.4)
endif()
set(VOXTRAL_TTS_HAS_MLX OFF)
set(VOXTRAL_TTS_MLX_LIB "")
if(NOT VOXTRAL_TTS_MLX)
  return()
endif()

if(APPLE)
  if(NOT TARGET executorch::backend_mlx)
    set(_mlx_problem "executorch ${VOXTRAL_TTS_EXECUTORCH_VERSION} in ${VOXTRAL_TTS_EXECUTORCH_ROOT} has no MLX delegate: install it with a Python for Apple Silicon (arm64), or configure with -DVOXTRAL_TTS_MLX=OFF")
  else()
    # MLX looks for its Metal kernels beside the library that holds its code.
    get_target_property(_library executorch::backend_mlx IMPORTED_LOCATION)
    cmake_path(GET _library PARENT_PATH _folder)
    if(NOT EXISTS "${_folder}/mlx.metallib")
      set(_mlx_problem "no mlx.metallib beside ${_library}: pip install --force-reinstall executorch==${VOXTRAL_TTS_EXECUTORCH_VERSION}")
    endif()
  endif()
else()
  voxtral_tts_package_root(VOXTRAL_TTS_MLX_ROOT mlx share/cmake/MLX/MLXConfig.cmake)
  set(_mlx_hint "pip install 'mlx[cpu]==${VOXTRAL_TTS_MLX_VERSION}', run 'make setup', or configure with -DVOXTRAL_TTS_MLX=OFF")
  if(NOT VOXTRAL_TTS_MLX_ROOT)
    set(_mlx_problem "no MLX C++ library in ${Python_EXECUTABLE}'s packages: ${_mlx_hint}")
  else()
    find_package(MLX ${VOXTRAL_TTS_MLX_VERSION} EXACT CONFIG QUIET
                 PATHS "${VOXTRAL_TTS_MLX_ROOT}/share/cmake/MLX" NO_DEFAULT_PATH)
    if(NOT MLX_FOUND)
      set(_mlx_problem "MLX ${MLX_CONSIDERED_VERSIONS} in ${VOXTRAL_TTS_MLX_ROOT} cannot be built against: ${_mlx_hint}")
    endif()
    set(VOXTRAL_TTS_MLX_LIB "${VOXTRAL_TTS_MLX_ROOT}/lib")
  endif()
endif()

if(NOT DEFINED _mlx_problem)
  set(VOXTRAL_TTS_HAS_MLX ON)
elseif(VOXTRAL_TTS_MLX STREQUAL "AUTO")
  message(STATUS "without MLX: ${_mlx_problem}")
else()
  message(FATAL_ERROR "${_mlx_problem}")
endif()
