#!/usr/bin/env bash
# Runs a command on another Debian than this machine's: in_debian.sh NAME SUITE SCRIPT [FOLDER]
#
# .cache/roots/NAME holds that system, made by debootstrap when it is missing. It gets a copy of the
# working tree in /src (its .venv, build and out stay from run to run), and this machine's way to
# packages: apt's mirror and proxy, pip's settings, its cache and the indexes on this disk, certificates.
# SCRIPT is what bash runs there as root, in /src; FOLDER is seen there as /given. Mounts end with it. Linux only.
set -euo pipefail
cd "$(dirname "$0")/.."
name=$1 suite=$2 script=$3 given=${4:-}
root=$PWD/.cache/roots/$name

stop() {
  echo "error: $*" >&2
  exit 2
}
[ "$(id -u)" -eq 0 ] || stop "a Debian root takes root's rights: sudo make ..."
for tool in debootstrap unshare; do
  command -v "$tool" >/dev/null || stop "$tool is missing: apt-get install debootstrap util-linux"
done

if [ ! -d "$root" ]; then
  # Debian's mirror as this machine has it; Ubuntu has none.
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Origin: Debian' 'Identifier: Packages' | head -n 1)
  rm -rf "$root.new"
  mkdir -p "$(dirname "$root")"
  debootstrap --variant=minbase --include=ca-certificates "$suite" "$root.new" \
    "${mirror:-http://deb.debian.org/debian}" >"$root.log" 2>&1 || stop "debootstrap failed, see $root.log"
  mv "$root.new" "$root"
fi

copy_tree() {
  mkdir -p "$root/src"
  find "$root/src" -mindepth 1 -maxdepth 1 ! -name .venv ! -name build ! -name out -exec rm -rf {} +
  git ls-files -z -co --exclude-standard | while IFS= read -r -d '' file; do
    [ ! -e "$file" ] || printf '%s\0' "$file"
  done | tar --null --files-from=- -cf - | tar -xf - -C "$root/src"
}

# What pip and apt here know of the network. Folders that pip's settings name are seen there too.
settings=$(pip config list 2>/dev/null || true)
copy_settings() {
  local file
  for file in /etc/resolv.conf /etc/hosts /etc/pip.conf /etc/xdg/pip /etc/ssl/certs/ca-certificates.crt; do
    [ ! -e "$file" ] || { mkdir -p "$root${file%/*}" && cp -rL "$file" "$root${file%/*}/"; }
  done
  file=$HOME/.config/pip
  [ ! -d "$file" ] || { mkdir -p "$root/root/.config" && cp -rL "$file" "$root/root/.config/"; }
  apt-config dump | grep -E '^Acquire::(https?::Proxy|Check-)' >"$root/etc/apt/apt.conf.d/90from-outside" || true
}
# An index links to files that lie beside it, so it is shown with the folder that it lies in.
shown() {
  grep -oE "(file://)?/[^ '\"]+" <<<"$settings" | sed 's,^file://,,' | while read -r path; do
    [ ! -d "$path" ] || dirname "$path"
  done | sort -u
  pip cache dir
}

copy_tree
copy_settings
folders=() variables=()
while IFS= read -r line; do folders+=("$line"); done < <(shown)
while IFS= read -r line; do variables+=("$line"); done < <(env | grep -iE '^(pip_|[a-z]+_proxy=|[a-z_]*(ca_bundle|ssl_cert[a-z_]*)=|jobs=)')
# shellcheck disable=SC2016 # the inner shell expands them
exec unshare --mount --pid --fork --kill-child bash -euc '
  root=$1 script=$2 given=$3 count=$4; shift 4
  mount -t proc proc "$root/proc"
  mount --rbind /dev "$root/dev"
  for folder in "${@:1:count}"; do
    mkdir -p "$folder" "$root$folder"
    mount --bind "$folder" "$root$folder"
  done
  shift "$count"
  [ -z "$given" ] || { mkdir -p "$root/given" && mount --bind "$given" "$root/given"; }
  exec env -i HOME=/root LANG=C.UTF-8 TERM=dumb DEBIAN_FRONTEND=noninteractive PIP_ROOT_USER_ACTION=ignore \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@" \
    chroot "$root" bash -euc "cd /src; $script"
' in_debian "$root" "$script" "$given" "${#folders[@]}" "${folders[@]}" "${variables[@]}"
