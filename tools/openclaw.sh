#!/bin/sh
# Installs the pinned OpenClaw that the end-to-end tests run against, unless it is there already.
set -eu
exec "$(dirname "$0")/../plugins/openclaw/runtime/install.sh" >/dev/null
