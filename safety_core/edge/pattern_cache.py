"""Compiled patterns kept on disk: compiling hundreds costs seconds of processor time, taking them up milliseconds.

Hyperscan believes the database that it is handed. So a file is handed on only if it is whole (SHA-256 over recipe and
database), was made from exactly these expressions on such a machine (its name and digest hold the recipe), and nobody
but this user could have written it. Anything else is as if it were not there: the patterns are compiled, and kept if
the disk takes them.
"""

from __future__ import annotations

import hashlib
import os
import platform
import stat
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from safety_core.edge.files import replace_file
from safety_core.errors import UnavailableError
from safety_core.match.patterns import PatternSet, recipe
from safety_core.model.policy import Pattern

SUFFIX: Final = ".patterns"

_LIMIT: Final = 64 << 20
"""Bytes of a file that is read. 450 patterns take about 3 MiB."""

_KEPT: Final = 4
"""Files that stay: the policy in force, the one before it, the shipped one, and one to spare."""

_DIGEST: Final = hashlib.sha256().digest_size


def load_patterns(patterns: Sequence[Pattern], folder: Path) -> PatternSet:
    """Return the compiled `patterns`, taken from `folder` where they were kept there, else compiled and kept.

    Raises:
        PolicyError: naming the pattern which is wrong. Trouble with the disk raises nothing.
    """
    made_of = b"\0".join([platform.system().encode(), platform.machine().encode(), recipe(patterns)])
    path = folder / (hashlib.sha256(made_of).hexdigest() + SUFFIX)
    stored = _read(path, made_of)
    found = PatternSet(patterns, stored)
    compiled = found.dump()
    if compiled != stored:
        with suppress(UnavailableError, OSError):
            replace_file(path, _digest(made_of, compiled) + compiled)
            _thin_out(folder)
    return found


def _digest(made_of: bytes, compiled: bytes) -> bytes:
    return hashlib.sha256(hashlib.sha256(made_of).digest() + compiled).digest()


def _read(path: Path, made_of: bytes) -> bytes:
    """Return the database in a file, or nothing where it is missing, damaged or not this user's own."""
    try:
        with open(path, "rb", opener=_plain_opener) as file:
            raw = file.read(_LIMIT) if _own(os.fstat(file.fileno())) else b""
    except OSError:
        return b""
    compiled = raw[_DIGEST:]
    return compiled if raw[:_DIGEST] == _digest(made_of, compiled) else b""


def _plain_opener(path: str, flags: int) -> int:
    """Follow no link, and do not wait for a pipe's other end."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)


def _own(status: os.stat_result) -> bool:
    return (
        stat.S_ISREG(status.st_mode)
        and status.st_uid == os.geteuid()
        and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    )


def _thin_out(folder: Path) -> None:
    """Remove all but the newest files."""
    kept = sorted(folder.glob(f"*{SUFFIX}"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    for path in kept[_KEPT:]:
        path.unlink(missing_ok=True)
