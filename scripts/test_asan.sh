#!/usr/bin/env bash
# C++ tests, command line and Python module under AddressSanitizer and UBSan.
# The first finding ends the program with a non-zero exit code.
#   ASAN_MLX=ON test_asan.sh EXPORTED_FOLDER
# ASAN_MLX builds and tests the MLX delegate as well, which takes twice as long; without it the
# fuzz targets still read its payloads under both sanitizers.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$PWD/.venv/bin build=$PWD/build/asan exported=$(cd "$1" && pwd)

"$bin/cmake" --preset asan --log-level=WARNING -DVOXTRAL_TTS_MLX="${ASAN_MLX:-OFF}" \
  -Dpybind11_DIR="$("$bin/python" -m pybind11 --cmakedir)"
"$bin/cmake" --build --preset asan

leaks=0
[ "$(uname)" = Darwin ] || leaks=1 # Apple's runtime has no leak checker
export ASAN_OPTIONS=detect_leaks=$leaks:detect_stack_use_after_return=1:strict_string_checks=1
export UBSAN_OPTIONS=print_stacktrace=1
export LSAN_OPTIONS=suppressions=$PWD/scripts/lsan_suppressions.txt:print_suppressions=0

echo "- C++ tests"
"$bin/ctest" --preset asan -j 2

echo "- command line"
"$build/voxtral_tts_runner" --model "$exported/model.pte" --codec "$exported/codec_decoder.pte" \
  --text "Hello." --max-frames 6 --output "$build/hello.wav"

echo "- Python module"
# Python itself is not instrumented, so the runtime has to be there before it.
if [ "$(uname)" = Darwin ]; then
  preload=DYLD_INSERT_LIBRARIES=$(c++ -print-file-name=libclang_rt.asan_osx_dynamic.dylib)
elif c++ --version | grep -q clang; then
  preload=LD_PRELOAD=$(c++ -print-file-name="libclang_rt.asan-$(uname -m).so")
else
  # libstdc++ as well: the runtime looks for __cxa_throw before _core brings it.
  preload="LD_PRELOAD=$(c++ -print-file-name=libasan.so):$(c++ -print-file-name=libstdc++.so)"
fi
package=$build/python/voxtral_tts
rm -rf "$package"
mkdir -p "$build/python"
cp -r python/voxtral_tts "$package"
rm -f "$package"/*.so* # of another build
cp "$build"/cpp/runner/_core*.so "$package"
(cd "$build" && env "$preload" ASAN_OPTIONS="$ASAN_OPTIONS:malloc_context_size=2" \
  PYTHONMALLOC=malloc PYTHONPATH="$build/python" \
  "$bin/python" -s ../../tests/consumer/use_wheel.py "$exported")
