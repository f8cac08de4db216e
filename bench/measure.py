"""Several pieces of work, turn by turn, so that a slow moment of the machine meets all of them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

Sample = Callable[[], float]
"""Does its work and returns the CPU seconds of one call."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How long a run measures: rounds, and the CPU seconds that one sample takes at least."""

    rounds: int
    sample: float


FULL = Effort(rounds=15, sample=0.02)
QUICK = Effort(rounds=5, sample=0.002)


@dataclass(frozen=True, slots=True)
class Timing:
    """CPU seconds of one call: the median of all rounds, and the quartiles around it."""

    median: float
    low: float
    high: float

    @property
    def us(self) -> float:
        """Return the median in microseconds."""
        return self.median * 1e6


def seconds(work: Callable[[], object], repeat: int) -> float:
    """Return the CPU seconds of one call of `work`, all threads of this process together."""
    started = time.process_time()
    for _ in range(repeat):
        work()
    return (time.process_time() - started) / repeat


def cpu_seconds(pid: int) -> float:
    """Return the CPU seconds of a running process, all its threads together; 0 if it is not there.

    Read off the process's own clock (clock_getcpuclockid(3)), to the nanosecond; /proc counts in hundredths.
    """
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return 0.0


def family(pid: int) -> list[int]:
    """Return a process and its children's children, as far as they are still there."""
    found = [pid]
    with suppress(OSError):
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            found += family(int(child))
    return found


def repeats(once: float, effort: Effort) -> int:
    """Return how many calls make a sample long enough to be read off the clock."""
    return max(1, min(100_000, round(effort.sample / max(once, 1e-9))))


def interleaved(samples: Mapping[str, Sample], rounds: int, tick: Callable[[], None]) -> dict[str, Timing]:
    """Return the timing of each, all measured once per round."""
    taken: dict[str, list[float]] = {name: [] for name in samples}
    for _ in range(rounds):
        for name, sample in samples.items():
            taken[name].append(sample())
        tick()
    return {name: timing(values) for name, values in taken.items()}


def timing(values: list[float]) -> Timing:
    """Return median and quartiles."""
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return Timing(median, low, high)
