#!/usr/bin/env bash
# Sets up what building and testing need: system packages, .venv, Python packages.
#   setup.sh [dev|build|system]
# With `build` Python gets what the runner and exporting need, with `system` nothing.
#
#   PYTHON       interpreter to make .venv with (default python3; 3.11 or newer)
#   TORCH_INDEX  package index to take PyTorch from, when it is not installed yet
#
# System packages are installed by root on Debian and Ubuntu only; anybody else
# is told the command. Exits 2 when something has to be done by hand first.
set -euo pipefail
cd "$(dirname "$0")/.."

what=${1:-dev}
PYTHON=${PYTHON:-python3}
VENV=.venv
# Only its vocabulary file is used, hence without the packages it depends on.
MISTRAL_COMMON=mistral-common==1.13.1

stop() {
  echo "error: $*" >&2
  exit 2
}

check_python() {
  "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
    stop "$PYTHON is missing or older than Python 3.11: install a newer one and run 'make PYTHON=python3.11 ...'"
  # Debian's Python has venv without ensurepip until python3-venv is installed.
  "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null ||
    stop "$PYTHON has no venv module: on Debian and Ubuntu 'apt-get install $(debian_python)-venv'"
}

# python3, or python3.12 when that is not the distribution's default.
debian_python() {
  local version
  version=$("$PYTHON" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
  if "$PYTHON" -c 'import os, sys
sys.exit(os.path.realpath(sys.executable) != os.path.realpath("/usr/bin/python3"))'; then
    echo python3
  else
    echo "python$version"
  fi
}

# For the test of the web page; Ubuntu has its browser as a snap, and the test is skipped there.
browser_packages() {
  ! grep -qx 'ID=debian' /etc/os-release || echo chromium chromium-driver
}

# The oldest Clang that is promised, for test-clang; later releases of both no longer have it.
oldest_clang() {
  ! grep -qE '^VERSION_CODENAME=(bookworm|noble)$' /etc/os-release || echo clang-16
}

missing_debian_packages() {
  local package
  for package in libpcre2-dev libssl-dev libxxhash-dev nlohmann-json3-dev libcli11-dev libgtest-dev libgmock-dev libicu-dev pkg-config \
    ccache flite clang $(oldest_clang) libclang-rt-dev llvm $(browser_packages); do # flite to train and hear the small voice, clang and llvm for fuzzing
    dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q ' installed$' || echo "$package"
  done
  command -v c++ >/dev/null || echo g++
  "$PYTHON" -c 'import os, sys, sysconfig
sys.exit(not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))' ||
    echo "$(debian_python)-dev"
}

missing_brew_formulas() {
  local prefix formula
  prefix=$(brew --prefix)
  for formula in pcre2 xxhash nlohmann-json cli11 googletest icu4c; do
    [ -e "$prefix/opt/$formula" ] || echo "$formula"
  done
  command -v pkg-config >/dev/null || echo pkg-config
}

install_system_packages() {
  local missing
  if command -v dpkg-query >/dev/null; then
    missing=$(missing_debian_packages | xargs)
    [ -n "$missing" ] || return 0
    # shellcheck disable=SC2086 # a list of words
    if [ "$(id -u)" -eq 0 ]; then
      echo "installing system packages: $missing"
      apt-get -qq update
      DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends $missing
    else
      stop "system packages are missing, run: sudo apt-get install $missing"
    fi
  elif [ "$(uname)" = Darwin ]; then
    command -v brew >/dev/null || stop "Homebrew is missing, see https://brew.sh"
    missing=$(missing_brew_formulas | xargs)
    [ -z "$missing" ] || stop "system packages are missing, run: brew install $missing"
  fi # elsewhere CMake names what it does not find
}

install_python_packages() {
  [ -x $VENV/bin/python ] || "$PYTHON" -m venv $VENV
  export PIP_DISABLE_PIP_VERSION_CHECK=1
  $VENV/bin/python -m pip install -qq 'pip>=25.1' # the first with --group
  if [ -n "${TORCH_INDEX:-}" ]; then
    $VENV/bin/pip install -qq "$(sed -n 's/^ *"\(torch==[0-9.]*\)".*/\1/p' pyproject.toml | head -n 1)" \
      --index-url "$TORCH_INDEX"
  fi
  if [ "$(uname)" = Darwin ] && command -v brew >/dev/null; then # ICU is not linked there
    PKG_CONFIG_PATH=$(brew --prefix icu4c)/lib/pkgconfig:${PKG_CONFIG_PATH:-}
    export PKG_CONFIG_PATH
  fi
  echo "installing Python packages into $VENV"
  $VENV/bin/pip install -qq --group "$what"
  [ "$what" = build ] || $VENV/bin/pip install -qq --no-deps $MISTRAL_COMMON
}

check_python
install_system_packages
[ "$what" = system ] || install_python_packages
