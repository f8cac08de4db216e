#!/bin/sh
# The tests of containment make network namespaces and load firewall rules in them. Installs what they need.
set -eu
missing=""
command -v nft >/dev/null || [ -x /usr/sbin/nft ] || missing="$missing nftables"
command -v ip >/dev/null || [ -x /usr/sbin/ip ] || [ -x /sbin/ip ] || missing="$missing iproute2"
[ -z "$missing" ] && exit 0
# shellcheck disable=SC2086
exec sh "$(dirname "$0")/apt.sh" $missing
