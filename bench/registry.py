"""Building a registry and holding it, each size in a fresh process."""

from __future__ import annotations

from collections.abc import Iterator

from bench.figure import Figure
from bench.memory import asked

SECTION = "The registry"


def figures() -> Iterator[Figure]:
    """Yield seconds and MiB for 1,000 secrets and for 100,000."""
    small = asked(1000, 120)
    yield Figure(SECTION, "memory_1000", "memory for 1,000 secrets", small.get("mib"), "MiB", 20, note=_why(small))
    large = asked(100_000, 150)
    title = "building a registry of 100,000 secrets"
    yield Figure(SECTION, "build_100000", title, large.get("seconds"), "s", 10, note=_why(large, "CPU time"))
    yield Figure(SECTION, "memory_100000", "memory for 100,000 secrets", large.get("mib"), "MiB", 800, note=_why(large))


def _why(answer: dict[str, float | str], otherwise: str = "growth of the resident set in a fresh process") -> str:
    return str(answer.get("error", otherwise))
