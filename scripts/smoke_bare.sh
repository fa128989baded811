#!/usr/bin/env bash
# Speaks with a repaired wheel where nothing is that it was built with: smoke_bare.sh WHEEL
# In a Debian root of the release that has the wheel's Python, with Python alone.
set -euo pipefail
cd "$(dirname "$0")/.."
wheel=$1
case $wheel in
  *-cp311-*) suite=bookworm ;;
  *-cp313-*) suite=trixie ;;
  *-cp314-*) suite=testing ;;
  *) echo "error: $wheel: no Debian release has its Python" >&2 && exit 2 ;;
esac
bash scripts/in_debian.sh "bare-$suite" "$suite" \
  'apt-get -qq update && apt-get -qq install --yes --no-install-recommends python3-venv >/dev/null
   bash scripts/smoke_wheel.sh /given/*.whl' "$(dirname "$wheel")"
