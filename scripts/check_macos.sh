#!/usr/bin/env bash
# Cross-builds everything for Apple Silicon on Linux, with warnings as errors, and reads what a Mac
# would load. What it needs goes into .cache/macos; docs/mlx.md says what this proves and what not.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$PWD/.venv/bin tools=$PWD/.cache/macos build=build/macos

"$bin/python" scripts/macos_tools.py
echo "- every source with the oldest libc++, every header alone"
"$bin/python" scripts/check_macos_sources.py

if ! [ -e "$tools/prefix/lib/libgmock_main.a" ]; then
  echo "- GoogleTest"
  "$bin/cmake" -G Ninja -S /usr/src/googletest -B build/macos-googletest --log-level=ERROR -Wno-dev \
    --toolchain "$PWD/cmake/macos-arm64.cmake" -DCMAKE_MAKE_PROGRAM="$bin/ninja" \
    -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX="$tools/prefix"
  "$bin/cmake" --build build/macos-googletest
  "$bin/cmake" --install build/macos-googletest >/dev/null
fi

echo "- library, runner, Python module and tests"
"$bin/cmake" --preset macos --log-level=WARNING -Dpybind11_DIR="$("$bin/python" -m pybind11 --cmakedir)"
"$bin/cmake" --build --preset macos | tee build/macos/build.log
if grep -i 'warning:' build/macos/build.log; then # of the linker, which has no -Werror
  exit 1
fi
"$bin/python" scripts/check_macos_binaries.py "$build"
