# Cross-builds for Apple Silicon on Linux, with the compiler, libc++ and system stubs of PyPI's
# ziglang. scripts/macos_tools.py lays down what is named here.
set(CMAKE_SYSTEM_NAME Darwin)
set(CMAKE_SYSTEM_PROCESSOR arm64)
set(_tools "${CMAKE_CURRENT_LIST_DIR}/../.cache/macos")
cmake_path(ABSOLUTE_PATH _tools NORMALIZE)
set(CMAKE_CXX_COMPILER "${_tools}/bin/c++")
set(CMAKE_AR "${_tools}/bin/ar")
set(CMAKE_RANLIB "${_tools}/bin/ranlib")
set(CMAKE_STRIP true) # Linux's cannot read these files
set(CMAKE_OSX_SYSROOT "")
# Without a program to link, CMake need not wait for ziglang to build its libc++.
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
# Nothing of this machine's: its headers and libraries are another system's.
set(CMAKE_FIND_ROOT_PATH "${_tools}/prefix")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
# Linux's headers of Python, to check the module's C++ with; it takes the symbols from the interpreter.
set(Python_INCLUDE_DIR "${_tools}/prefix/include/python")
set(PYTHON_MODULE_EXTENSION .so)
# As conda's compilers link: what no symbol is taken from goes unrecorded, unless it is asked for.
set(CMAKE_SHARED_LINKER_FLAGS_INIT "-Wl,-dead_strip_dylibs")
set(CMAKE_MODULE_LINKER_FLAGS_INIT "-Wl,-dead_strip_dylibs")
set(CMAKE_EXE_LINKER_FLAGS_INIT "-Wl,-dead_strip_dylibs")
