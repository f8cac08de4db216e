"""What was freed goes back to the operating system: a small server runs other things beside the edge."""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Final

_ARENA_MAX: Final = -8
"""M_ARENA_MAX (malloc.h)."""


@contextmanager
def spared(*modules: str) -> Generator[None, None, None]:
    """Import what the block imports as if `modules` were not installed, unless they are there already.

    For what a library tries to import on the chance that somebody uses it: securesystemslib takes boto3 wherever that
    is installed, 6 MiB for keys in a cloud that the edge never asks.
    """
    hidden = [name for name in modules if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


def give_back() -> None:
    """Collect garbage and hand free pages back (glibc's `malloc_trim`; elsewhere the allocator does as it likes).

    Reading a policy makes and drops many small values, after which glibc keeps their pages: some 30 MiB. What is left
    stays as long as the policy: the collector does not go through it again and again while requests pass.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def share_one_heap() -> None:
    """Let all threads of this process take memory from one heap (glibc's M_ARENA_MAX); elsewhere: nothing.

    Each thread has one of its own otherwise, most of it empty: 7 MiB for the edge's, which wait for disks and hold no
    lock for long. To be called before threads are started.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_ARENA_MAX, 1)
