#!/usr/bin/env bash
# Installs what building the wheel needs into the Python on PATH, for builds without isolation.
# MLX's wheels are taken for the glibc that they name, also where this machine's is older: only what
# is built against them runs, elsewhere.
set -euo pipefail
cd "$(dirname "$0")/.."

requirements=$(python -c 'import tomllib
print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")')
grep -v '^mlx' <<<"$requirements" | python -m pip install -r /dev/stdin
version=$(sed -n 's/^mlx.*==\([0-9.]*\).*/\1/p' <<<"$requirements")
python -m pip install --no-deps --upgrade --only-binary=:all: --platform "manylinux_2_35_$(uname -m)" \
  --target "$(python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')" "mlx==$version" "mlx-cpu==$version"
