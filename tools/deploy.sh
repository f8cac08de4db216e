#!/bin/sh
# The tests of deploy/ have systemd and nginx read the files that are for them. Installs Debian's packages where missing.
set -eu
missing=""
command -v systemd-analyze >/dev/null || missing="$missing systemd"
command -v nginx >/dev/null || [ -x /usr/sbin/nginx ] || missing="$missing nginx-light"
[ -z "$missing" ] && exit 0
# shellcheck disable=SC2086
exec sh "$(dirname "$0")/apt.sh" $missing
