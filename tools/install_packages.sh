#!/usr/bin/env bash
# install_packages.sh LIST...: installs the Debian packages of the lists that are missing. Asks dpkg first, so a
# repeat takes no time and needs neither network nor root.
set -euo pipefail

mapfile -t wanted < <(grep -hv '^#' "$@")
if ! command -v dpkg-query >/dev/null; then
  echo "==> no dpkg here: make sure that what these Debian packages hold is installed: ${wanted[*]}" >&2
  exit 0
fi

mapfile -t installed < <(dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' "${wanted[@]}" 2>/dev/null | sed -n 's/^ii //p')
missing=()
for package in "${wanted[@]}"; do
  [[ " ${installed[*]} " == *" $package "* ]] || missing+=("$package")
done
((${#missing[@]})) || exit 0

echo "==> installing Debian packages: ${missing[*]}"
as_root=()
if ((EUID != 0)); then
  command -v sudo >/dev/null || { echo "not root and no sudo: install these packages first" >&2; exit 1; }
  as_root=(sudo)
fi
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
