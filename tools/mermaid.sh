#!/bin/sh
# Brings the two scripts that the documentation's site needs, pinned by their hashes, unless they are there already:
# mermaid draws its diagrams, iframe-worker lets its search work from a folder. The site asks nobody for them later.
set -eu
cd "$(dirname "$0")/.."
target=.cache/docs
wanted="57a2b70bc101744b0f1595d228c25eea9a50384371b87011afd1af1d7e21878ee501b84c443f6a7f8a042bb2e869143150b31af34feab798073bbdda0a578106  mermaid-11.17.2.tgz
ae879a688f8b8352c935f8290a3a117bff96cc48f2f7e674f0ba04beef393023db063c26faa5f3f00839534e651dae95d42cac6721b313448e900b52500e6aed  iframe-worker-1.0.4.tgz"
[ "$(cat $target/installed 2>/dev/null)" = "$wanted" ] && exit 0
mkdir -p $target
exec 9>$target/lock
flock 9
[ "$(cat $target/installed 2>/dev/null)" = "$wanted" ] && exit 0
if ! (cd $target && npm pack --silent mermaid@11.17.2 iframe-worker@1.0.4 && echo "$wanted" | sha512sum --check --quiet) >$target/log 2>&1; then
  tail -20 $target/log >&2
  echo "mermaid: npm could not bring it. Fix: check the way to the npm registry and run this again" >&2
  exit 1
fi
tar -xzOf $target/mermaid-11.17.2.tgz package/dist/mermaid.min.js >$target/mermaid.min.js
tar -xzOf $target/iframe-worker-1.0.4.tgz package/shim/index.js >$target/iframe-worker.js
rm -f $target/*.tgz
echo "$wanted" >$target/installed
