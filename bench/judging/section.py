"""Everything about judging tool calls in one run: figures, and what the page and its plots draw."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from bench.figure import Figure
from bench.judging import comparison, latency, loading
from bench.measure import Effort


class Tell(Protocol):
    """Shows how far the run is."""

    def start(self, what: str, total: int | None = None) -> None: ...

    def tick(self) -> None: ...


@dataclass(slots=True)
class Judging:
    """`guards`: a row for each guard. `rules`: a point for each number of rules."""

    figures: list[Figure] = field(default_factory=list)
    guards: list[dict[str, Any]] = field(default_factory=list)
    rules: list[dict[str, Any]] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Return what is kept beside the figures."""
        return {"guards": self.guards, "rules": self.rules}


def run(effort: Effort, tell: Tell, *, peers: bool) -> Judging:
    """Measure latency, guards and the change of a policy."""
    done = Judging()
    tell.start("judging commands", effort.rounds)
    done.figures, done.rules = latency.run(effort.rounds, tell.tick)
    compared = comparison.compared(tell.start, peers=peers)
    done.figures += comparison.figures(compared)
    done.guards = comparison.table(compared)
    tell.start("a policy with many rules comes into force")
    done.figures += loading.figures()
    return done
