#!/bin/sh
# The tests of connected container engines run real containers. Installs Debian's packages where they are missing.
set -eu
missing=""
command -v podman >/dev/null 2>&1 || missing="$missing podman"
command -v runc >/dev/null 2>&1 || missing="$missing runc"
command -v dockerd >/dev/null 2>&1 || missing="$missing docker.io"
[ -x /bin/busybox ] || missing="$missing busybox-static"
# shellcheck disable=SC2086
[ -z "$missing" ] || exec sh "$(dirname "$0")/apt.sh" $missing
