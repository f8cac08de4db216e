"""What was freed goes back to the operating system: a small server runs other things beside the edge."""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress


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
