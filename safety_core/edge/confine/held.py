"""Bytes that a child reads once, kept where no swap device sees them."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from typing import Final

SMALLEST: Final = 4096
"""Bytes of the smallest pipe."""


def held(content: bytes) -> int:
    """Return a descriptor that gives `content`, and then its end. The caller closes it.

    A pipe's buffers are the kernel's own memory, which is never written to a swap device. What fits into no pipe (of
    1 MiB, unless the machine says otherwise) is in a file in memory, which may be swapped out as any process may.
    """
    reading, writing = os.pipe()
    with suppress(OSError), os.fdopen(writing, "wb", buffering=0) as end:
        fcntl.fcntl(end, fcntl.F_SETPIPE_SZ, max(len(content), SMALLEST))
        os.set_blocking(end.fileno(), False)
        if (end.write(content) or 0) == len(content):
            return reading
    os.close(reading)
    file = os.memfd_create("held")
    with os.fdopen(os.dup(file), "wb") as end:
        end.write(content)
    os.lseek(file, 0, os.SEEK_SET)
    return file
