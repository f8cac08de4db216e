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
# The lock names everything: with --no-deps pip takes it as it stands, where its resolver, for a requirement with an extra
# (`coverage[toml]`), would look at a newer release that has no hash here, and give up.
.venv/bin/python -m pip install -qq --disable-pip-version-check --no-deps --require-hashes -r requirements/dev.lock
.venv/bin/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
.venv/bin/python -m pip check -qq --disable-pip-version-check
.venv/bin/python -c 'import safety_core._native._c' 2>/dev/null ||
  echo "no C compiler or no Python headers: scanning works all the same, in Python. Faster: apt-get install gcc python3-dev, then rm .venv/ready and make again" >&2
touch .venv/ready
