"""`python -m hub` is `safety hub`."""

import sys

from safety_core.cli.main import run

sys.exit(run(["hub", *sys.argv[1:]]))
