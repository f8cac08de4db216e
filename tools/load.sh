#!/bin/sh
# Makes sure that there is what the benchmarks of the egress ask with and compare with: wrk and nginx, from Debian's packages. Without
# them, their figures are left out.
missing=""
command -v wrk >/dev/null || missing="$missing wrk"
command -v nginx >/dev/null || [ -x /usr/sbin/nginx ] || missing="$missing nginx-light"
[ -z "$missing" ] && exit 0
root=""
[ "$(id -u)" = 0 ] || root="sudo -n"
export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1  # no service is started
# shellcheck disable=SC2086
if ! { $root apt-get -qq update && $root apt-get -qq -y install --no-install-recommends $missing; } >/dev/null 2>&1; then
  echo "not measured, because they could not be installed:$missing. Fix: apt-get install$missing" >&2
fi
