#!/bin/sh
# Installs Debian packages for the tests, as root or with sudo: sh tools/apt.sh PACKAGE...
# Services among them are not started: the tests start their own, on loopback (policy-rc.d, as invoke-rc.d(8) has it).
set -eu
root=""
[ "$(id -u)" = 0 ] || root="sudo -n"
echo "installing $* for the tests (once)"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
  trap '$root rm -f $policy' EXIT INT TERM
  printf '#!/bin/sh\nexit 101\n' | $root tee $policy >/dev/null || true
  $root chmod 755 $policy || true
fi
if ! { $root apt-get -qq update && $root apt-get -qq -y install --no-install-recommends "$@"; } >"$log" 2>&1; then
  tail -5 "$log" >&2
  echo "$* is missing and could not be installed. Fix: apt-get install $*" >&2
  exit 2
fi
rm -f "$log"
