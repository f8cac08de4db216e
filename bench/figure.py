"""One figure: what was measured, what it should be, and what fails the run."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

BUDGETS: Final[dict[str, dict[str, Any]]] = tomllib.loads((Path(__file__).parent / "budgets.toml").read_text("utf-8"))


@dataclass(frozen=True, slots=True)
class Figure:
    """`value` is None where it could not be measured; `note` then says why.

    A unit of "x" is a ratio. `goal` is what we want, at most or at least by `more`; missing it fails nothing. What
    fails a run is the budget of the same `name` in budgets.toml.
    """

    section: str
    name: str
    title: str
    value: float | None
    unit: str
    goal: float | None = None
    more: bool = False
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Return whether the goal is reached, None where there is no goal or no value."""
        if self.value is None or self.goal is None:
            return None
        return self.value >= self.goal if self.more else self.value <= self.goal

    @property
    def broken(self) -> str:
        """Return in what way the figure is outside of its budget, or nothing."""
        budget = BUDGETS.get(self.name, {})
        if self.value is None:
            return ""
        if self.value > budget.get("at_most", self.value):
            return f"{self.name}: {shown(self.value, self.unit)} is over {budget['at_most']}: {budget['what']}"
        if self.value < budget.get("at_least", self.value):
            return f"{self.name}: {shown(self.value, self.unit)} is under {budget['at_least']}: {budget['what']}"
        return ""


def shown(value: float | None, unit: str) -> str:
    """Return a value with its unit, in three significant digits."""
    if value is None:
        return "not measured"
    digits = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{digits}{'' if unit in {'', 'x', '%'} else ' '}{unit}"


def wanted(figure: Figure) -> str:
    """Return the goal with its sign."""
    if figure.goal is None:
        return ""
    return f"{'≥' if figure.more else '≤'} {shown(figure.goal, figure.unit)}"
