"""`python -m safety_core.cli`, the same as `safety`."""

from safety_core.cli.main import main

main()
