#!/bin/sh
# Installs the pinned axe-core with which the console's pages are looked over, unless it is there already.
set -eu
cd "$(dirname "$0")/.."
lock=tests/hub/browser/axe target=.cache/axe
wanted=$(sha256sum <$lock/package-lock.json)
[ "$(cat $target/installed 2>/dev/null)" = "$wanted" ] && exit 0
mkdir -p $target
exec 9>$target/lock
flock 9
cp $lock/package.json $lock/package-lock.json $target/
if ! (cd $target && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) >$target/log 2>&1; then
  tail -20 $target/log >&2
  echo "axe-core: npm could not install it. Fix: check the way to the npm registry and run this again" >&2
  exit 1
fi
echo "$wanted" >$target/installed
