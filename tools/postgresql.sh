#!/bin/sh
# The hub's tests run on a real PostgreSQL too. Installs Debian's server package where it is missing.
set -eu
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || exec sh "$(dirname "$0")/apt.sh" postgresql
