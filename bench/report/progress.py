"""How far a run is, on the terminal, and how long each step took."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn


class Bar:
    """One line per step, with its time."""

    def __init__(self, console: Console, progress: Progress) -> None:
        self._console = console
        self._progress = progress
        self._task = progress.add_task("", total=None, visible=False)
        self.begin()

    def begin(self) -> None:
        """Forget the steps so far: another section begins."""
        self._steps: list[tuple[str, float]] = []
        self._began: tuple[str, float] | None = None

    def start(self, what: str, total: int | None = None) -> None:
        """Begin a step, which ends the one before."""
        self._finish()
        self._began = (what, time.perf_counter())
        self._task = self._progress.add_task(what, total=total)
        if not self._console.is_terminal:
            self._console.print(what, highlight=False)

    def tick(self) -> None:
        """Show that one part of the step is done."""
        self._progress.advance(self._task)

    def reach(self, count: int, total: int) -> None:
        """Show that the step is at `count` of `total`."""
        self._progress.update(self._task, total=total, completed=count)

    def ended(self) -> list[tuple[str, float]]:
        """End the last step; return the steps since `begin`, with the seconds that each took."""
        self._finish()
        return self._steps

    def _finish(self) -> None:
        if self._began is None:
            return
        what, began = self._began
        self._steps.append((what, time.perf_counter() - began))
        self._began = None
        task = next(task for task in self._progress.tasks if task.id == self._task)
        self._progress.update(self._task, total=task.total or 1, completed=task.total or 1)


@contextmanager
def progress(console: Console) -> Generator[Bar, None, None]:
    """Show a bar while the block runs."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as shown:
        yield Bar(console, shown)
