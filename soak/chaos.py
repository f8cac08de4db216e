"""Draws faults from a seed and makes them, one after the other, each with a moment of peace behind it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Final

from soak.faults import FAULTS, Target

PEACE: Final = (0.2, 1.2)
"""Seconds between two faults."""
WEIGHTS: Final = {"corrupt_edge": 0.3, "corrupt_hub": 0.3, "hub_away": 0.5}
"""What takes long comes less often; all others weigh 1."""


def drawn(target: Target) -> Iterator[str]:
    """Yield the faults' names without an end: first each once, in an order of its own, then whichever."""
    once = sorted(FAULTS)
    target.chance.shuffle(once)
    yield from once
    names = sorted(FAULTS)
    weights = [WEIGHTS.get(name, 1.0) for name in names]
    while True:
        yield target.chance.choices(names, weights)[0]


def make(target: Target, goes_on: Callable[[int], bool]) -> None:
    """Make faults for as long as `goes_on` says of their number so far."""
    for done, name in enumerate(drawn(target)):
        if not goes_on(done):
            break
        began = time.time()
        target.journal.note("begins", kind=name)
        made = FAULTS[name](target)
        target.journal.note("fault", kind=name, since=round(began, 3), until=round(time.time(), 3), **made)
        target.edge.await_ready()
        target.hub.await_ready()
        target.hold(*PEACE)
