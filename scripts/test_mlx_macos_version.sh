#!/usr/bin/env bash
# Builds our MLX delegate against the MLX that ExecuTorch's macOS wheel holds, and tests it: the
# same interface and the same results mean that what passes here is not due to our newer MLX.
#
# usage: test_mlx_macos_version.sh [VERSION]
set -euo pipefail
cd "$(dirname "$0")/.."

VERSION=${1:-0.32.2}
PACKAGES=$PWD/.cache/mlx-$VERSION
BUILD=build/mlx-$VERSION

if [ ! -e "$PACKAGES/.ready" ]; then
  .venv/bin/pip install -qq --target "$PACKAGES" "mlx[cpu]==$VERSION"
  touch "$PACKAGES/.ready"
fi

# Packages there come before those of .venv.
PYTHONPATH=$PACKAGES .venv/bin/cmake --preset tests -B "$BUILD" --log-level=WARNING \
  "-DVOXTRAL_TTS_MLX_VERSION=$VERSION"
.venv/bin/cmake --build "$BUILD" -j "${JOBS:-$(getconf _NPROCESSORS_ONLN)}" \
  --target voxtral_tts_mlx_tests op_test_runner
# Faults of 0.32.2 itself, mended in the MLX we use and met by no program of ours: it takes memory
# that is not its own for its own when nobody else refers to it, rounds quotients of integers
# towards zero, and gets the exclusive or of booleans wrong.
"$BUILD/tests/cpp/mlx/voxtral_tts_mlx_tests" --gtest_brief=1 \
  --gtest_filter=-Alias.IsNeverWrittenTo:GuardsTest.IntegerDivisionsDoNotTrap
VOXTRAL_TTS_OP_TEST_RUNNER=$PWD/$BUILD/op_test_runner \
  .venv/bin/python -m pytest -q tests/mlx/test_op_suite.py -k "not bitwise_xor_bool"
