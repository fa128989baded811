# Finds ExecuTorch's C++ SDK inside the installed Python wheel.
# The version is exact: the C++ ABI and the program schema are the wheel's own.
set(VOXTRAL_TTS_EXECUTORCH_VERSION 1.5.1)

if(NOT Python_EXECUTABLE AND EXISTS "${CMAKE_SOURCE_DIR}/.venv/bin/python")
  set(Python_EXECUTABLE "${CMAKE_SOURCE_DIR}/.venv/bin/python")
endif()
if(VOXTRAL_TTS_BUILD_PYTHON AND CMAKE_CROSSCOMPILING)
  # The headers are not this interpreter's: the toolchain names them in Python_INCLUDE_DIR.
  find_package(Python 3.11 REQUIRED COMPONENTS Development.Module)
  find_package(Python 3.11 REQUIRED COMPONENTS Interpreter)
elseif(VOXTRAL_TTS_BUILD_PYTHON)
  find_package(Python 3.11 REQUIRED COMPONENTS Interpreter Development.Module)
else()
  find_package(Python 3.11 REQUIRED COMPONENTS Interpreter)
endif()

# The folder of an installed Python package that has `file`, else nothing.
# find_spec locates it without importing it.
function(voxtral_tts_package_root result package file)
  execute_process(COMMAND "${Python_EXECUTABLE}" -c "import importlib.util as u, pathlib
spec = u.find_spec('${package}')
roots = [p for p in (spec.submodule_search_locations if spec else []) if (pathlib.Path(p) / '${file}').exists()]
print(roots[0] if roots else '')"
                  OUTPUT_VARIABLE root
                  OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  set(${result} "${root}" PARENT_SCOPE)
endfunction()

voxtral_tts_package_root(VOXTRAL_TTS_EXECUTORCH_ROOT executorch lib/cmake/executorch/executorch-config.cmake)
if(NOT VOXTRAL_TTS_EXECUTORCH_ROOT)
  message(FATAL_ERROR "no ExecuTorch C++ SDK in ${Python_EXECUTABLE}'s packages: pip install executorch==${VOXTRAL_TTS_EXECUTORCH_VERSION}, or run 'make setup'")
endif()
find_package(executorch ${VOXTRAL_TTS_EXECUTORCH_VERSION} EXACT CONFIG REQUIRED
             COMPONENTS runtime kernels_optimized backend_xnnpack
             PATHS "${VOXTRAL_TTS_EXECUTORCH_ROOT}/lib/cmake/executorch" NO_DEFAULT_PATH)

# The wheel's targets put this machine's library folder into the RPATH by a
# link option, which install() cannot remove: drop it and set RPATHs ourselves.
set(VOXTRAL_TTS_EXECUTORCH_LIB "${VOXTRAL_TTS_EXECUTORCH_ROOT}/lib")
get_property(_targets DIRECTORY PROPERTY IMPORTED_TARGETS)
list(FILTER _targets INCLUDE REGEX "^executorch::")
foreach(_target IN LISTS _targets)
  get_target_property(_options ${_target} INTERFACE_LINK_OPTIONS)
  if(_options)
    list(FILTER _options EXCLUDE REGEX "-rpath,")
    set_target_properties(${_target} PROPERTIES INTERFACE_LINK_OPTIONS "${_options}")
  endif()
endforeach()

# Libraries that only register what is in them have to stay though no symbol of theirs is used. On
# Linux the wheel's targets see to it; on macOS LDFLAGS may drop them, as conda's do.
function(voxtral_tts_keep_registrars target)
  if(APPLE)
    set_target_properties(${target} PROPERTIES LINK_LIBRARY_OVERRIDE
      "NEEDED_LIBRARY,executorch::kernels_optimized,executorch::backend_xnnpack,executorch::backend_mlx")
  endif()
endfunction()

if(APPLE)
  set(VOXTRAL_TTS_ORIGIN "@loader_path")
else()
  set(VOXTRAL_TTS_ORIGIN "$ORIGIN")
endif()
