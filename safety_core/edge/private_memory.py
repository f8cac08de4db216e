"""Only root reads this process: not its environment, not its memory, not by ptrace, not from a core dump.

The agent may run under the same user on a small machine. `/proc/PID/environ` and `/proc/PID/mem` then belong to root,
and ptrace is refused (ptrace(2), prctl(2): PR_SET_DUMPABLE).
"""

from __future__ import annotations

import ctypes
import os
import resource
import sys
from typing import Final

from safety_core.errors import UnavailableError

_DUMPABLE: Final = 4
"""PR_SET_DUMPABLE (linux/prctl.h)."""


def keep_memory_private() -> None:
    """Close this process to others of its user; what it executes is not covered. Elsewhere than on Linux: nothing.

    Raises:
        UnavailableError: the kernel refuses.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux" and ctypes.CDLL(None, use_errno=True).prctl(_DUMPABLE, 0, 0, 0, 0):
        raise UnavailableError("the edge's memory", f"cannot be closed to others ({os.strerror(ctypes.get_errno())})")
