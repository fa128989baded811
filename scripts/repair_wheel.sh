#!/usr/bin/env bash
# Makes a wheel independent of the machine that built it: repair_wheel.sh WHEEL FOLDER
#
# Libraries of the system go into the wheel, but for those that every Linux or macOS of the wheel's tag
# has; ExecuTorch's and MLX's come from their own wheels. Takes auditwheel and patchelf (Linux) or
# delocate from PATH. Refuses a wheel that carries what licenses/ says nothing about.
set -euo pipefail
wheel=$1 folder=$2

fail() {
  echo "error: $*" >&2
  exit 1
}

mkdir -p "$folder"
if [ "$(uname)" = Darwin ]; then
  # ExecuTorch's libraries are looked for beside the package, where they are not while it is repaired.
  delocate-wheel --exclude libexecutorch --ignore-missing-dependencies --wheel-dir "$folder" "$wheel"
else
  auditwheel repair --exclude 'libexecutorch*.so' --exclude libmlx.so --wheel-dir "$folder" "$wheel"
fi

wheel=$(find "$folder" -name "$(basename "$wheel" | cut -d- -f1-4)-*.whl" | head -n 1)
[ -n "$wheel" ] || fail "no repaired wheel in $folder"
names=$(python3 -m zipfile -l "$wheel" | awk '{print $1}')
for license in THIRD_PARTY.txt Apache-2.0.txt; do
  grep -q "\.dist-info/licenses/licenses/$license\$" <<<"$names" || fail "$wheel: no $license"
done
# What was carried in lies in folders of these names; licenses/ knows these libraries.
carried=$(grep -E '(\.libs|\.dylibs)/.' <<<"$names" | sed 's,.*/,,' || true)
unknown=$(grep -vE '^lib(crypto|pcre2-8)[-.]' <<<"$carried" | xargs || true)
[ -z "$unknown" ] || fail "$wheel carries $unknown: add the licences to licenses/THIRD_PARTY.txt and the names here"
echo "$(basename "$wheel") carries ${carried:-no library of the system}"
