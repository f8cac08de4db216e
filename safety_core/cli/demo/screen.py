"""What the reader sees: one line per call as it happens, then what left, what it cost, and whether the log holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table

from safety_core.canonical import JsonObject
from safety_core.cli.demo.story import Outcome
from safety_core.model.usage import NANO
from safety_core.wire.reader import Reader

COLOURS: Final[Mapping[str, str]] = {
    "green": "green",
    "yellow": "yellow",
    "yellow_external": "dark_orange",
    "red": "red",
    "critical_red": "bold white on red",
}

SIGNS: Final[Mapping[str, str]] = {"executed": "ran", "pending": "asks", "refused": "refused"}


FLOOR: Final = "floor: "
NEVER: Final = "never, whatever anyone approves: "
"""How a floor's refusal reads."""


class Screen:
    """Prints the story as it goes; keeps count of what came out wrong."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.wrong: list[str] = []

    def chapter(self, title: str) -> None:
        """Begin a part of the story."""
        self._console.print()
        self._console.rule(f"[bold]{escape(title)}", align="left")

    def note(self, text: str) -> None:
        """Say one plain line."""
        self._console.print(f"[dim]{escape(text)}")

    def step(self, number: int, outcome: Outcome) -> None:
        """Show one call: what was proposed, how grave it is, what came of it, and why; below, what was looked at."""
        colour = COLOURS.get(outcome.level, "magenta")
        line = Table.grid(padding=(0, 1))
        for width in (1, 2, 27, 15, 7):
            line.add_column(width=width, no_wrap=True)
        line.add_column(overflow="fold")
        cells = (
            _sign(outcome.good),
            str(number),
            f"[bold]{escape(outcome.step.title)}",
            f"[{colour}]{outcome.level}",
            SIGNS.get(outcome.status, outcome.status),
            f"[dim]{escape(outcome.reason.replace(FLOOR, NEVER))}",
        )
        line.add_row(*cells)
        self._console.print(line)
        for text, passed in outcome.checks:
            self.check(text, passed, indent=5)

    def check(self, text: str, passed: bool, *, indent: int = 0) -> None:
        """Show one thing that was looked at, and remember it if it is not as it must be."""
        self._console.print(Padding(f"{_sign(passed)}[/] {escape(text)}", (0, 0, 0, indent)))
        if not passed:
            self.wrong.append(text)

    def beside(self, left: tuple[str, str], right: tuple[str, str]) -> None:
        """Show two texts next to each other."""
        table = Table(box=box.SIMPLE_HEAD, expand=True)
        table.add_column(left[0], ratio=1, overflow="fold")
        table.add_column(right[0], ratio=1, overflow="fold")
        table.add_row(escape(left[1]), escape(right[1]))
        self._console.print(table)

    def usage(self, buckets: Sequence[JsonObject]) -> None:
        """Show what the model calls consumed and cost."""
        table = Table("model", box=box.SIMPLE_HEAD)
        for name in ("requests", "input", "cached", "output", "dollars"):
            table.add_column(name, justify="right")
        for bucket in buckets:
            counts = (str(bucket[name]) for name in ("requests", "input_total", "cache_read", "output_total"))
            cost = Reader(bucket, "usage").integer("cost") / NANO
            table.add_row(escape(f"{bucket['provider']}/{bucket['model']}"), *counts, f"{cost:.4f}")
        self._console.print(table)

    def verdict(self, seconds: float) -> bool:
        """Show how it ended; True if everything came out as it must."""
        if self.wrong:
            text = "\n".join(f"✗ {escape(line)}" for line in self.wrong)
            self._console.print(Panel(text, title=f"{len(self.wrong)} things came out wrong", style="red"))
        else:
            self._console.print(Panel(f"Everything came out as it must, in {seconds:.0f} seconds.", style="green"))
        return not self.wrong


def _sign(passed: bool) -> str:
    return "[green]✓" if passed else "[bold red]✗"
