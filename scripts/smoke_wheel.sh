#!/usr/bin/env bash
# Installs a wheel into an environment of its own, speaks and listens to what came out.
#   smoke_wheel.sh WHEEL [PYTHON]
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD wheel=$(cd "$(dirname "$1")" && pwd -P)/$(basename "$1") python=${2:-python3}
outside=$(mktemp -d)
trap 'rm -rf "$outside"' EXIT

"$python" -m venv "$outside/venv"
"$outside/venv/bin/python" -m pip install -q --disable-pip-version-check "$wheel"
cd "$outside"
venv/bin/python "$root/tests/consumer/use_wheel.py" "$root/python/voxtral_tts/assets"
venv/bin/voxtral-tts say -q -o spoken.wav 'Hello, how are you today?'
venv/bin/python "$root/scripts/check_wav.py" spoken.wav
venv/bin/python --version
