#!/bin/sh
# The console's tests run in a real Chromium. Installs Debian's package where there is none.
set -eu
command -v chromium >/dev/null && exit 0
root=""
[ "$(id -u)" = 0 ] || root="sudo -n"
echo "installing Chromium for the tests (once)"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
if ! { $root apt-get -qq update && $root apt-get -qq -y install --no-install-recommends chromium; } >"$log" 2>&1; then
  tail -5 "$log" >&2
  echo "Chromium is missing and could not be installed. Fix: apt-get install chromium" >&2
  exit 2
fi
rm -f "$log"
