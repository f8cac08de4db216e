"""What another process of the same user sees of one that keeps its memory private."""

from __future__ import annotations

import os
import subprocess
import sys

USER = 65534

BECOME = (
    f"import ctypes, os, sys\nos.setgroups([])\nos.setgid({USER})\nos.setuid({USER})\n" if os.geteuid() == 0 else ""
)
KEEPER = (
    "import safety_core.edge.private_memory as private, ctypes, sys\n"
    f"{BECOME}"
    "ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)\n"  # as any program is once it was executed
    "if sys.argv[1] == 'private':\n    private.keep_memory_private()\n"
    "print('ready', flush=True)\n"
    "sys.stdin.read()\n"
)
READER = (
    f"import sys\n{BECOME}"
    "try:\n    print(len(open(f'/proc/{sys.argv[1]}/environ', 'rb').read()))\n"
    "except PermissionError:\n    print('refused')\n"
)


def seen(how: str) -> str:
    """Return what one process reads of the environment of another one of its user."""
    with subprocess.Popen(
        [sys.executable, "-c", KEEPER, how], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as keeper:
        assert keeper.stdout is not None
        assert keeper.stdout.readline() == "ready\n"
        order = [sys.executable, "-c", READER, str(keeper.pid)]
        found = subprocess.run(order, capture_output=True, text=True, check=True).stdout.strip()
        keeper.kill()
    return found


def test_another_program_of_the_same_user_cannot_read_it() -> None:
    assert seen("private") == "refused"
    assert int(seen("open")) > 0
