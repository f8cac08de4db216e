"""Whether a release does harm: what its tenants report, beside what they reported before and what others report. Pure.

A release is halted where, at the tenants that have it,

1. an edge refuses the policy (it keeps the one before, and says that it does);
2. edges that reported until then are silent since;
3. the share of calls that are denied, or that fail, is more than twice what it was before *and* more than twice what it
   is at the tenants that do not have it, by more than MARGIN, and by more than chance gives for so many calls.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

LEAST_CALLS: Final = 20
"""Fewer say nothing."""

FACTOR: Final = 2.0
MARGIN: Final = 0.05
DEVIATIONS: Final = 3.0
"""Standard deviations beyond which a share is no chance (one-sided, 1 in 700)."""

UNKNOWN: Final = 0.25
"""Taken for the share before where nobody knows it: a halt then needs more than every second call."""

SILENT_SECONDS: Final = 900.0
"""How long an edge is silent before that counts: fifteen heartbeats, by default."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Calls, and those of them that were denied and that failed."""

    calls: int = 0
    denied: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Health:
    """How a release goes.

    Attributes:
        after: at the tenants that have it, under it.
        before: at the same tenants, under what they had, since a day before the release started.
        others: at the tenants that do not have it, since it started.
        placed, running: tenants that have it, and those whose edge says so.
        alive: those that have it and reported within a day.
        troubled, silent: those whose edge refuses it, and that fell silent.
    """

    after: Counts = Counts()
    before: Counts = Counts()
    others: Counts = Counts()
    placed: int = 0
    running: int = 0
    alive: int = 0
    troubled: int = 0
    silent: int = 0


def harm(health: Health) -> str:
    """Return in words why the release must be halted; empty if nothing speaks for it."""
    if health.troubled:
        return f"{_tenants(health.troubled)} that got it refused it, and kept the policy before"
    if health.silent > max(1, health.placed // 10) or 0 < health.silent == health.placed:
        return f"{_tenants(health.silent)} that got it fell silent"
    return _jump(health, "denied") or _jump(health, "failed")


def taken_up(health: Health) -> bool:
    """Tell whether enough of those that report have it in force: nothing is learned by waiting for nobody."""
    return health.running > 0 and 2 * health.running >= health.alive


def _jump(health: Health, what: str) -> str:
    calls, count = health.after.calls, _of(health.after, what)
    if calls < LEAST_CALLS:
        return ""
    known = [
        _of(counts, what) / counts.calls for counts in (health.before, health.others) if counts.calls >= LEAST_CALLS
    ]
    base, share = max(known, default=UNKNOWN), count / calls
    chance = math.sqrt(max(base, 0.01) * (1 - min(base, 0.99)) / calls)
    if share <= max(FACTOR * base, base + MARGIN) or share <= base + DEVIATIONS * chance:
        return ""
    beside = f"{base:.0%} before or elsewhere" if known else "nothing to hold it against"
    return f"{share:.0%} of {calls:,} calls {what}, {beside}"


def _of(counts: Counts, what: str) -> int:
    return counts.denied if what == "denied" else counts.failed


def _tenants(count: int) -> str:
    return f"{count} tenant{'s' if count != 1 else ''}"
