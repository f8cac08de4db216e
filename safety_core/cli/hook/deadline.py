"""The end of a hook, before its host gives up: for Claude Code and Codex a late hook has nothing against the call.

Twice, because a signal is only heard between two steps of Python: first with a word of explanation, then without.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
from typing import Final

BLOCKED: Final = 2
"""The one exit status that makes both hosts block. With any other but 0 they say so, and go on."""

GRACE: Final = 2.0
"""Seconds from the first end to the second, which leaves with 1: the installed command makes 2 of that."""


def end_after(seconds: float) -> None:
    """Leave this process with a block once `seconds` are over, whatever it is doing."""

    def late(_: int, __: object) -> None:
        os.write(2, b"Safety Gateway: blocked, for judging it took too long\n")
        os._exit(BLOCKED)

    signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    # Its traceback would be shown to the model: it goes nowhere. The file stays open as long as the process.
    faulthandler.dump_traceback_later(seconds + GRACE, exit=True, file=open(os.devnull, "w"))  # noqa: PTH123, SIM115
    sys.unraisablehook = lambda _: None


def no_end() -> None:
    """Take the end back."""
    signal.setitimer(signal.ITIMER_REAL, 0)
    faulthandler.cancel_dump_traceback_later()
