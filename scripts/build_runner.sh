#!/usr/bin/env bash
# Builds the runner and points ./voxtral_tts_runner to it.
#   build_runner.sh PRESET
set -euo pipefail
cd "$(dirname "$0")/.."
preset=$1

.venv/bin/cmake --preset "$preset" --log-level=WARNING
.venv/bin/cmake --build --preset "$preset"
ln -sfn "build/$preset/voxtral_tts_runner" voxtral_tts_runner
