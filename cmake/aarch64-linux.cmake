# Cross-builds for Linux on 64-bit Arm with Debian's compiler and emulator: scripts/test_arm.sh
# prepares the folder VOXTRAL_TTS_ARM with ExecuTorch's wheel and Debian's packages for that machine.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64 -L /usr/aarch64-linux-gnu)

list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES VOXTRAL_TTS_ARM)
# OpenSSL's headers are half in the machine's own folder, which the compiler would find in no sysroot.
set(CMAKE_CXX_FLAGS_INIT "-isystem ${VOXTRAL_TTS_ARM}/sysroot/usr/include/aarch64-linux-gnu")
set(CMAKE_FIND_ROOT_PATH "${VOXTRAL_TTS_ARM}/sysroot" "${VOXTRAL_TTS_ARM}/packages")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(CMAKE_DISABLE_FIND_PACKAGE_PkgConfig ON) # it would name this machine's folders
