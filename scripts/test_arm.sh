#!/usr/bin/env bash
# The runner on 64-bit Arm: cross-built against ExecuTorch's wheel for that machine, its C++ tests run
# by an emulator with the dot product and without it, and the codes and samples of a sentence compared
# with this machine's.
#   test_arm.sh EXPORTED_FOLDER SENTENCE
# Needs Debian, and of it the packages named below; nothing is installed. EXPORTED_FOLDER is of fp32.
set -euo pipefail
cd "$(dirname "$0")/.."
exported=$1 sentence=$2
arm=.cache/arm bin=$PWD/.venv/bin out=out/arm

for tool in aarch64-linux-gnu-g++ qemu-aarch64 dpkg-deb; do
  command -v "$tool" >/dev/null || {
    echo "$tool is missing: apt-get install g++-aarch64-linux-gnu qemu-user" >&2
    exit 2
  }
done

# Debian's packages for Arm are only unpacked, by an apt that keeps its lists here.
packages() {
  local apt=(apt-get -qq -o "Dir::State::Lists=$PWD/$arm/lists" -o "Dir::Cache=$PWD/$arm/cache"
    -o "APT::Architectures::=$(dpkg --print-architecture)" -o APT::Architectures::=arm64 -o APT::Sandbox::User=root)
  rm -rf $arm
  mkdir -p $arm/lists/partial $arm/cache/archives/partial $arm/debs $arm/wheel $arm/packages
  "${apt[@]}" update
  (cd $arm/debs && "${apt[@]}" download \
    {libpcre2,libssl,libxxhash,libgtest,libgmock}-dev:arm64 nlohmann-json3-dev libcli11-dev)
  local deb
  for deb in $arm/debs/*.deb; do
    dpkg-deb --extract "$deb" $arm/sysroot
  done
  "$bin/pip" download -qq --no-deps --only-binary=:all: --platform manylinux_2_28_aarch64 --dest $arm/wheel \
    "$(sed -n 's/^ *"\(executorch==[0-9.]*\)".*/\1/p' pyproject.toml | head -n 1)"
  "$bin/python" -m zipfile -e $arm/wheel/*.whl $arm/packages
  touch $arm/.ready
}
[ $arm/.ready -nt pyproject.toml ] && [ $arm/.ready -nt scripts/test_arm.sh ] || packages

# CMake asks Python for the folder of ExecuTorch: the one for Arm comes first.
export PYTHONPATH=$PWD/$arm/packages
"$bin/cmake" --preset arm --log-level=WARNING
"$bin/cmake" --build --preset arm
unset PYTHONPATH

rm -rf $out
mkdir -p $out
# Samples and codes are the same for any number of threads; an emulator is faster with one.
speak() { # speak NAME COMMAND...
  local name=$1
  shift
  "$@" --model "$exported/model.pte" --codec "$exported/codec_decoder.pte" --text "$sentence" \
    --output "$out/$name.wav" --trace-json "$out/$name.json" --voice-cache off --quiet
}
speak here ./voxtral_tts_runner
emulated=(qemu-aarch64 -L /usr/aarch64-linux-gnu)
for cpu in cortex-a76 cortex-a53; do # the second lacks the dot product; `max` would emulate SVE too, five times slower
  echo "== $cpu"
  export QEMU_CPU=$cpu
  # Left out: the one that takes the time; an emulator's means nothing.
  "${emulated[@]}" build/arm/tests/cpp/voxtral_tts_tests --gtest_brief=1 \
    --gtest_filter=-TekkenTokenizerTest.TriesOfAPatternAreLimitedForTheWholeText
  speak $cpu "${emulated[@]}" build/arm/voxtral_tts_runner --threads 1
  "$bin/python" scripts/compare_speech.py $out/here $out/$cpu
done
