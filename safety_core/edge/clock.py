"""The two things that no two moments share: the time, and a fresh id."""

from __future__ import annotations

import secrets
import time


def now() -> float:
    """Return seconds since the epoch."""
    return time.time()


def new_id() -> str:
    """Return 32 fresh hexadecimal digits (128 bits from the operating system)."""
    return secrets.token_hex(16)
