"""One input, tried under limits: what a parser may do with it, and what is a finding."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Final, TypeAlias

from safety_core.errors import SafetyError

Target: TypeAlias = Callable[[bytes], None]
"""Reads one input. It may raise our own errors; AssertionError says that an oracle disagrees."""

CPU_SECONDS: Final = 1.0
"""Of one input, on code as it is. Inputs have a few KiB: a parser has thousands of times as long as it needs."""

LONGEST: Final = 4096
"""Bytes of one input: what is wrong with a parser seldom needs more, and each costs time."""

MEMORY_MIB: Final = 64
"""By which one input may raise the process's peak, unless its target says otherwise."""


class Kind(StrEnum):
    """What was found."""

    CRASH = "crash"
    WRONG = "wrong"
    HANG = "hang"
    MEMORY = "memory"


class Finding(Exception):
    """An input that a parser does not stand."""

    def __init__(self, kind: Kind, words: str) -> None:
        super().__init__(kind, words)
        self.kind = kind
        self.words = words


class _TooLong(BaseException):
    """The time is over. No `except Exception` on the way takes it for an error of its own."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one input: seconds of CPU, MiB by which the peak of memory may rise."""

    cpu: float = CPU_SECONDS
    memory: int = MEMORY_MIB


@dataclass(frozen=True, slots=True)
class Loaded:
    """A target that is ready: see `fuzz.targets`."""

    read: Target
    made: Callable[[], Iterable[bytes]]
    limits: Limits
    longest: int


def loaded(module: str) -> Loaded:
    """Import a target, and whatever it tries, and start it."""
    found = import_module(module)
    limits = Limits(memory=getattr(found, "MEMORY", MEMORY_MIB))
    return Loaded(found.start(), getattr(found, "made", tuple), limits, getattr(found, "LONGEST", LONGEST))


@dataclass(frozen=True, slots=True)
class Cost:
    """What one input took: seconds of CPU, and MiB of memory at the most."""

    seconds: float
    peak_mib: int


def trial(target: Target, raw: bytes, limits: Limits) -> Cost:
    """Try one input; return what it took.

    Raises:
        Finding: it raised something else than our own errors, an oracle disagrees, or a limit was passed.
    """
    with suppress(OSError):
        _PEAK_AGAIN.write_bytes(b"5")  # proc(5): the peak is what there is now
    before, begun = _peak_mib(), time.process_time()
    try:
        with _timed(limits.cpu):
            target(raw)
    except SafetyError:
        pass
    except _TooLong:
        raise Finding(Kind.HANG, f"took more than {limits.cpu:g} s of CPU") from None
    except AssertionError as error:
        raise Finding(Kind.WRONG, f"{error}" or "an oracle disagrees") from error
    except Exception as error:
        raise Finding(Kind.CRASH, f"{type(error).__name__}: {error}") from error
    cost = Cost(time.process_time() - begun, _peak_mib())
    if (grown := cost.peak_mib - before) > limits.memory:
        raise Finding(Kind.MEMORY, f"raised the peak of memory by {grown} MiB")
    return cost


def _peak_mib() -> int:
    """Return the most memory that this process has had. (getrusage would tell that of whoever started it, too.)"""
    found = _PEAK.search(_STATUS.read_bytes())
    return int(found[1]) // 1024 if found else 0


_STATUS: Final = Path("/proc/self/status")
_PEAK_AGAIN: Final = Path("/proc/self/clear_refs")
_PEAK: Final = re.compile(rb"VmHWM:\s*([0-9]+) kB")


@contextmanager
def _timed(seconds: float) -> Iterator[None]:
    known = signal.signal(signal.SIGPROF, _ring)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, known)


def _ring(_number: int, _frame: FrameType | None) -> None:
    raise _TooLong
