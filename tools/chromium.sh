#!/bin/sh
# The console's tests run in a real Chromium. Installs Debian's package where there is none.
set -eu
command -v chromium >/dev/null || exec sh "$(dirname "$0")/apt.sh" chromium
