#!/bin/sh
# The tests of containment make network namespaces and load firewall rules in them. Installs what they need.
set -eu
missing=""
command -v nft >/dev/null || [ -x /usr/sbin/nft ] || missing="$missing nftables"
command -v ip >/dev/null || [ -x /usr/sbin/ip ] || [ -x /sbin/ip ] || missing="$missing iproute2"
[ -z "$missing" ] && exit 0
root=""
[ "$(id -u)" = 0 ] || root="sudo -n"
echo "installing$missing for the tests (once)"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
# shellcheck disable=SC2086
if ! { $root apt-get -qq update && $root apt-get -qq -y install --no-install-recommends $missing; } >"$log" 2>&1; then
  tail -5 "$log" >&2
  echo "nftables or iproute2 is missing and could not be installed. Fix: apt-get install nftables iproute2" >&2
  exit 2
fi
rm -f "$log"
