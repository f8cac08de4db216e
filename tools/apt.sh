#!/bin/sh
# Installs Debian packages for the tests, as root or with sudo: sh tools/apt.sh PACKAGE...
set -eu
root=""
[ "$(id -u)" = 0 ] || root="sudo -n"
echo "installing $* for the tests (once)"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
if ! { $root apt-get -qq update && $root apt-get -qq -y install --no-install-recommends "$@"; } >"$log" 2>&1; then
  tail -5 "$log" >&2
  echo "$* is missing and could not be installed. Fix: apt-get install $*" >&2
  exit 2
fi
rm -f "$log"
