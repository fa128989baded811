#!/usr/bin/env bash
# Builds the wheel with PYTHON as pip does for a user, repairs it and speaks with it.
#   check_wheel.sh FOLDER [PYTHON]
# FOLDER gets the tools, the wheel as built and in repaired/ the one that can be given away.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$1 python=${2:-python3}

rm -rf "$folder"
"$python" -m venv "$folder/tools"
export PATH=$PWD/$folder/tools/bin:$PATH PIP_DISABLE_PIP_VERSION_CHECK=1
python -m pip install -q 'pip>=25.1' # the first with --group
python -m pip install -q --group wheel
python -m pip wheel -q --no-deps --wheel-dir "$folder/built" .
bash scripts/repair_wheel.sh "$folder"/built/*.whl "$folder/repaired"
bash scripts/smoke_wheel.sh "$folder"/repaired/*.whl "$python"
