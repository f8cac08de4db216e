"""Calls of Linux that Python has no name for.

A child is waited for while it imports this. So neither `typing` nor `dataclasses` nor `json`: each costs more than all
that is done here.
"""

from __future__ import annotations

import ctypes
import os
import sys

_LIBC = ctypes.CDLL(None, use_errno=True)

LANDLOCK_CREATE_RULESET = 444
LANDLOCK_ADD_RULE = 445
LANDLOCK_RESTRICT_SELF = 446
"""Numbers of system calls, the same on every architecture (include/uapi/asm-generic/unistd.h)."""


def call(name: str, *arguments: int | bytes | None) -> int:
    """Call a function of the C library. Raises OSError where it says that it failed."""
    result: int = getattr(_LIBC, name)(*arguments)
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def prctl(option: int, value: int = 0) -> int:
    """Ask for a property of this process (prctl(2))."""
    return call("prctl", option, value, 0, 0, 0)


def mount(source: str, target: str, kind: str = "", flags: int = 0, options: str = "") -> None:
    """Mount something (mount(2))."""
    call("mount", source.encode(), os.fsencode(target), kind.encode() or None, flags, options.encode() or None)


def packed(value: int, size: int) -> bytes:
    """Return a number as the kernel's structures hold it: `size` bytes in this machine's order."""
    return value.to_bytes(size, sys.byteorder)
