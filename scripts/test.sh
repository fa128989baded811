#!/usr/bin/env bash
# Runs every part of the tests, then prints what each took. A failed part does
# not keep the later ones from running, except for what they are built from.
set -uo pipefail
cd "$(dirname "$0")/.." || exit

table="" failed=0

part() { # part NAME TARGET...
  local name=$1 started=$SECONDS result=passed
  shift
  printf '\n== %s\n' "$name"
  "${MAKE:-make}" --no-print-directory "$@" || result=FAILED
  table+=$(printf '%-16s %-8s %5d s' "$name" $result $((SECONDS - started)))$'\n'
  [ $result = passed ] || failed=1
}

finish() {
  printf '\n%s%-16s %-8s %5d s\n' "$table" total "$([ $failed = 0 ] && echo passed || echo FAILED)" $SECONDS
  exit $failed
}

part set-up setup
[ $failed = 0 ] || finish
part build build python
[ $failed = 0 ] || finish
part C++ test-cpp
part Clang test-clang
part Python test-python
part 'server/page/Ray' test-server
part hearing test-hearing
part 'fuzz smoke' fuzz-smoke
part install test-install
part MLX mlx-e2e
[ "$(uname)" = Darwin ] || part 'for macOS' check-macos
finish
