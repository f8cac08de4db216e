"""`python -m proxy` is `safety edge`."""

import sys

from safety_core.cli.main import run

if __name__ == "__main__":
    sys.exit(run(["edge", *sys.argv[1:]]))
