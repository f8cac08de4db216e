#!/bin/sh
# The tests of connected databases run on a real MariaDB too. Installs Debian's server package where it is missing.
set -eu
command -v mariadbd >/dev/null 2>&1 || [ -x /usr/sbin/mariadbd ] || exec sh "$(dirname "$0")/apt.sh" mariadb-server
