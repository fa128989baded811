#!/usr/bin/env bash
# Uses what users get, from outside the checkout: the installed library by
# find_package, and the wheel in a clean environment.
#   test_install.sh EXPORTED_FOLDER FOLDER_EXPORTED_FOR_MLX
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD bin=$PWD/.venv/bin exported=$(cd "$1" && pwd) mlx=$(cd "$2" && pwd)
outside=$(cd "$(mktemp -d)" && pwd -P) # Python names it so; the folder for temporary files may be a link
trap 'rm -rf "$outside"' EXIT

fail() {
  echo "error: $*" >&2
  exit 1
}

library() {
  # Of the preset voxtral_tts-mlx, which only lacks the tests, it is enough to know that it is right.
  "$bin/cmake" --preset voxtral_tts-mlx --log-level=WARNING
  "$bin/cmake" --install build/tests --prefix "$outside/prefix" >/dev/null
  "$bin/cmake" -G Ninja -S tests/consumer -B "$outside/consumer" --log-level=WARNING \
    -DCMAKE_MAKE_PROGRAM="$bin/ninja" -DCMAKE_PREFIX_PATH="$outside/prefix"
  "$bin/cmake" --build "$outside/consumer"
  "$outside/consumer/consumer" "$exported"
  "$outside/consumer/consumer" "$mlx"
  "$outside/prefix/bin/voxtral_tts_runner" --version
}

# The libraries in a wheel must not look into the machine that built them.
check_search_paths() {
  local library paths own='^([$]ORIGIN|@loader_path)(/|$)'
  find "$1" -name '*.so*' -o -name '*.dylib' | while read -r library; do
    if [ "$(uname)" = Darwin ]; then
      paths=$(otool -l "$library" | awk '$1 == "path" {print $2}')
    else
      paths=$(readelf -d "$library" | sed -n 's/.*R.*PATH.*\[\(.*\)\]/\1/p' | tr : '\n')
    fi
    if grep -qvE "$own" <<<"$paths"; then
      fail "$(basename "$library") searches $paths"
    fi
  done
}

wheel() {
  "$bin/pip" wheel -qq --no-build-isolation --no-deps -C build-dir=build/python \
    --wheel-dir "$outside/dist" .
  "$bin/python" -m venv "$outside/venv"
  "$outside/venv/bin/pip" install -qq "$outside"/dist/*.whl
  local package
  package=$(cd "$outside" && venv/bin/python -c 'import voxtral_tts; print(voxtral_tts.__path__[0])')
  case $package in "$outside"/*) ;; *) fail "imported from $package" ;; esac
  check_search_paths "$package"
  diff -r --exclude=__pycache__ "$root/export" "$package/export"
  diff -r "$root/python/voxtral_tts/server/page" "$package/server/page"
  diff -r "$root/python/voxtral_tts/assets" "$package/assets"
  (cd "$outside" && venv/bin/python "$root/tests/consumer/use_wheel.py" "$exported")
  (cd "$outside" && venv/bin/python -m voxtral_tts.export --help >/dev/null)
  # On macOS the MLX delegate comes with ExecuTorch.
  [ "$(uname)" = Darwin ] ||
    (cd "$outside" && venv/bin/python "$root/tests/consumer/use_mlx.py" "$mlx" without)
  "$outside/venv/bin/pip" install -qq "$(echo "$outside"/dist/*.whl)[mlx]"
  (cd "$outside" && venv/bin/python "$root/tests/consumer/use_mlx.py" "$mlx")
}

library
wheel
