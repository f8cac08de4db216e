"""What came of one try, as far as who tried can see it."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

_AT_ONCE: Final = 16
"""Tries of one check at the same time."""


class Seen(IntEnum):
    """From the most harmless to the worst: of several tries of one check, the worst counts.

    UNTRIED   there was nothing to try, or it could not be
    REFUSED   this machine refused at once: no permission, no way there
    SILENT    it was sent, or may have been, and nothing came back
    RESET     somebody refused the connection: the host outside, or a firewall that pretends to be it
    ANSWERED  it got through
    """

    UNTRIED = 0
    REFUSED = 1
    SILENT = 2
    RESET = 3
    ANSWERED = 4


@dataclass(frozen=True, slots=True)
class Trial:
    """`detail`: what was tried or reached, for people; names and addresses, never what stands in a file."""

    seen: Seen
    detail: str = ""


_REFUSED: Final = frozenset(
    {
        errno.EPERM,
        errno.EACCES,
        errno.EHOSTUNREACH,
        errno.ENETUNREACH,
        errno.ENETDOWN,
        errno.EADDRNOTAVAIL,
        errno.EAFNOSUPPORT,
        errno.EPROTONOSUPPORT,
        errno.EINVAL,
        errno.ENOPROTOOPT,
    }
)
"""A packet that a rule rejects comes back as EPERM (it was not sent) or EHOSTUNREACH (the ICMP error)."""


def failed(error: OSError, detail: str) -> Trial:
    """Return what an error of the operating system says of a try."""
    if isinstance(error, TimeoutError):
        return Trial(Seen.SILENT, detail)
    if error.errno in {errno.ECONNREFUSED, errno.ECONNRESET, errno.EPIPE}:
        return Trial(Seen.RESET, detail)
    if error.errno in _REFUSED:
        return Trial(Seen.REFUSED, f"{detail}: {error.strerror}")
    return Trial(Seen.UNTRIED, f"{detail}: {error.strerror or type(error).__name__}")


def together(tries: Iterable[Callable[[], Trial]]) -> Trial:
    """Make several tries of one check at the same time, and return the one that counts."""
    waiting = list(tries)
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        return worst(ended.result() for ended in [pool.submit(attempt) for attempt in waiting])


def worst(trials: Iterable[Trial]) -> Trial:
    """Return the trial that counts; details of all that are as bad as it."""
    tried = list(trials)
    if not tried:
        return Trial(Seen.UNTRIED, "there is nothing to try")
    seen = max(trial.seen for trial in tried)
    details = dict.fromkeys(trial.detail for trial in tried if trial.seen is seen and trial.detail)
    return Trial(seen, ", ".join(details))
