#!/usr/bin/env bash
# The CPU kernels for 64-bit Arm: compiled by a cross compiler, their tests run by an emulator with
# the dot product and without it. Needs the Debian packages named below.
set -euo pipefail
cd "$(dirname "$0")/.."

compiler=aarch64-linux-gnu-g++ emulator=qemu-aarch64 googletest=/usr/src/googletest
for tool in "$compiler" "$emulator"; do
  command -v "$tool" >/dev/null || {
    echo "$tool is missing: apt-get install g++-aarch64-linux-gnu qemu-user googletest" >&2
    exit 2
  }
done

executorch=$(.venv/bin/python -c "import executorch, pathlib; print(pathlib.Path(executorch.__path__[0]) / 'include')")
out=build/arm
mkdir -p "$out"
sources=(
  "$googletest"/googletest/src/gtest-all.cc "$googletest"/googlemock/src/gmock-all.cc
  "$googletest"/googlemock/src/gmock_main.cc
  cpp/operators/{attend,kernels,rowwise}.cpp cpp/operators/{linear,rows}/*.cpp cpp/simd/level.cpp
  tests/cpp/operators_{linear,element,kv_types,levels}_test.cpp tests/cpp/operators_test.cpp
  tests/cpp/serial_tasks.cpp
)
flags="-std=c++20 -O2 -Wno-psabi -Icpp -I$executorch"
for part in googletest googlemock; do
  flags+=" -I$googletest/$part -I$googletest/$part/include"
done
printf '%s\n' "${sources[@]}" | xargs -P "$(getconf _NPROCESSORS_ONLN)" -I{} \
  sh -c "$compiler $flags -c {} -o $out/\$(echo {} | tr / _).o"
"$compiler" -static "$out"/*.o -o "$out/kernel_tests" 2>/dev/null
for cpu in max cortex-a53; do # the second lacks the dot product
  echo "== $cpu"
  "$emulator" -cpu "$cpu" "$out/kernel_tests" --gtest_brief=1
done
