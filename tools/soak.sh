#!/bin/sh
# Makes sure that there is what the soak needs of the machine: a C compiler, for the library that it preloads, and unshare and
# mount, which every Debian has.
set -eu
command -v cc >/dev/null || sh "$(dirname "$0")/apt.sh" gcc libc6-dev
