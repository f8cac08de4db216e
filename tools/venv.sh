#!/bin/sh
# Makes .venv with exactly the locked, hash-checked dependencies and this checkout in it.
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
command -v "$python" >/dev/null || { echo "$python: not found. Fix: install Python 3.11 to 3.13, or make PYTHON=/path/to/python" >&2; exit 2; }
"$python" - <<'PY' || exit 2
import sys
if not (3, 11) <= sys.version_info[:2] <= (3, 13):
    sys.exit("Python %d.%d: not supported. Fix: make PYTHON=python3.11 (or 3.12, 3.13)" % sys.version_info[:2])
PY
[ -x .venv/bin/python ] || "$python" -m venv .venv || { rm -rf .venv; echo "cannot make a virtual environment. Fix: apt-get install python3-venv" >&2; exit 2; }
echo "installing the locked dependencies into .venv (once; takes minutes)"
.venv/bin/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements/dev.lock
.venv/bin/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
touch .venv/ready
