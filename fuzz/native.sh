#!/bin/sh
# Builds the C extension with sanitizers, beside the usual one, and feeds it mutated input: sh fuzz/native.sh [SECONDS] [SEED]
set -eu
cd "$(dirname "$0")/.."
python=.venv/bin/python
build=.cache/fuzz
mkdir -p "$build"
include=$($python -c 'import sysconfig; print(sysconfig.get_paths()["include"])')
suffix=$($python -c 'import sysconfig; print(sysconfig.get_config_var("EXT_SUFFIX"))')
command -v gcc >/dev/null || { echo "gcc: not found. Fix: apt-get install gcc" >&2; exit 2; }
gcc -O1 -g -std=c11 -shared -fPIC -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined \
  -I"$include" safety_core/_native/*.c -o "$build/_c$suffix"
# Python's own allocator would hide reads beyond a buffer; what Python itself leaks at exit is not ours.
LD_PRELOAD="$(gcc -print-file-name=libasan.so)" ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1 \
  PYTHONMALLOC=malloc exec $python -m fuzz.native --extension "$build/_c$suffix" --seconds "${1:-600}" --seed "${2:-0}"
