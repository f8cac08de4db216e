#!/bin/sh
# The hub's tests run on a real PostgreSQL too. Installs Debian's server package where it is missing.
set -eu
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 && exit 0
root=""
[ "$(id -u)" = 0 ] || root="sudo -n"
echo "installing PostgreSQL for the tests (once)"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
if ! { $root apt-get -qq update && $root apt-get -qq -y install --no-install-recommends postgresql; } >"$log" 2>&1; then
  tail -5 "$log" >&2
  echo "PostgreSQL is missing and could not be installed. Fix: apt-get install postgresql" >&2
  exit 2
fi
rm -f "$log"
