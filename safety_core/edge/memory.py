"""What was freed goes back to the operating system: a small server runs other things beside the edge."""

from __future__ import annotations

import ctypes
import gc
from contextlib import suppress


def give_back() -> None:
    """Collect garbage and hand free pages back (glibc's `malloc_trim`; elsewhere the allocator does as it likes).

    Reading a policy makes and drops many small values, after which glibc keeps their pages: some 30 MiB.
    """
    gc.collect()
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
