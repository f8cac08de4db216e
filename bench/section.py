"""What a section of a run is, and what it collects."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from bench.figure import Figure


class Tell(Protocol):
    """Shows how far a section is; `start` also notes how long the step before took."""

    def start(self, what: str, total: int | None = None) -> None: ...

    def tick(self) -> None: ...

    def reach(self, count: int, total: int) -> None: ...


@dataclass(slots=True)
class Collected:
    """What a section has measured so far: it is kept if the section errs later.

    Attributes:
        kept: parts of the results beside the figures, by name: what the page's tables and plots are made of.
    """

    figures: list[Figure] = field(default_factory=list)
    kept: dict[str, Any] = field(default_factory=dict)

    def take(self, figures: Iterable[Figure]) -> None:
        """Take figures one by one."""
        for figure in figures:
            self.figures.append(figure)


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a run that can be measured by itself, by its name on the command line."""

    name: str
    what: str
    measure: Callable[[Collected, Tell], None]
