#!/usr/bin/env bash
# C++ code that uses threads under ThreadSanitizer. The first race that
# tsan_suppressions.txt does not name ends the program with a non-zero exit code.
#   test_tsan.sh EXPORTED_FOLDER
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$PWD/.venv/bin build=$PWD/build/tsan exported=$(cd "$1" && pwd)

"$bin/cmake" --preset tsan --log-level=WARNING
"$bin/cmake" --build --preset tsan --target voxtral_tts_tests voxtral_tts_runner_threads

export TSAN_OPTIONS=halt_on_error=1:suppressions=$PWD/scripts/tsan_suppressions.txt:print_suppressions=0
VOXTRAL_TTS_CACHE=$(mktemp -d)
export VOXTRAL_TTS_CACHE
trap 'rm -rf "$VOXTRAL_TTS_CACHE"' EXIT

echo "- C++ tests with threads"
"$build/tests/cpp/voxtral_tts_tests" --gtest_brief=1 \
  --gtest_filter='WavWriterTest.Fifo*:PipeSinkTest.*:LogTest.*:PrefixFilesTest.WritersAndReaders*:*NorOnTheThreads*:Attend*'

echo "- runners in threads"
"$build/voxtral_tts_runner_threads" "$exported"
