"""`python -m bench`: every figure in one run, as a table, as JSON and on docs/benchmarks.md."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from bench import borrowed, edge_memory, executing, openclaw, redact, registry
from bench.corpus import LARGEST
from bench.egress import section as egress
from bench.figure import Figure
from bench.hub import section as hub
from bench.judging import section as judging
from bench.measure import FULL, QUICK, Effort
from bench.peers.install import PYTHON, install
from bench.report import page, results, table
from bench.report.machine import machine
from bench.worker import ROOT, WorkerError

SECTIONS: dict[str, Callable[[Callable[[str], None], bool], Iterable[Figure]]] = {
    "edge": lambda tell, quick: edge_memory.figures(),
    "executing": lambda tell, quick: executing.figures(quick=quick),
    "hub": lambda tell, quick: hub.figures(tell, quick=quick),
}
"""What can be measured by itself, by its name on the command line."""

CONSOLE = Console(width=None if sys.stdout.isatty() else 160)


@click.command()
@click.option("--quick", is_flag=True, help="Few rounds, no large registry; the page stays as it is. For a look.")
@click.option("--no-peers", is_flag=True, help="Leave the peers out: nothing is installed.")
@click.option("--only", type=click.Choice([*SECTIONS]), help="Measure one section anew; other figures stay as stored.")
@click.option("--page-only", is_flag=True, help="Measure nothing: write docs/benchmarks.md from the stored results.")
def main(quick: bool, no_peers: bool, only: str | None, page_only: bool) -> None:
    """Measure, print, store; exit 1 if a figure is outside of its budget."""
    if page_only:
        written(results.loaded(results.LATEST))
        return
    if only:
        taken = with_section(results.loaded(results.LATEST), only, quick)
    else:
        taken = measured(QUICK if quick else FULL, quick, peers=not no_peers)
    path = results.QUICK if quick else results.LATEST
    results.stored(taken, path)
    taken = results.loaded(path)
    table.show_bodies(CONSOLE, taken["bodies"])
    table.show(CONSOLE, results.figures_of(taken))
    if not quick:
        written(taken)
    broken = [figure.broken for figure in results.figures_of(taken) if figure.broken]
    for line in broken:
        CONSOLE.print(f"[red]over budget[/red]  {line}")
    sys.exit(1 if broken else 0)


def measured(effort: Effort, quick: bool, *, peers: bool) -> dict[str, Any]:
    """Return all that a run has to say."""
    with progress() as bar:
        done = redact.run(effort, steps(bar, effort), peers)
        bar.start("building registries in fresh processes")
        done.figures += registry.figures(quick)
        bar.start("false alarms, streams")
        done.figures += borrowed.figures(quick, bar.tick)
        judged = judging.run(effort, bar, peers=peers)
        done.figures += judged.figures
        bar.start("a running edge")
        done.figures += edge_memory.figures()
        done.figures += egress.figures(done.raw["4k"], done.raw["1m"], bar.start, quick=quick)
        done.figures += hub.figures(bar.start, quick=quick)
        bar.start("what executes")
        done.figures += executing.figures(quick=quick)
        bar.start("OpenClaw, with the plugin and without")
        done.figures += openclaw.figures(quick)
    return {
        "when": datetime.now(UTC).date().isoformat(),
        "machine": machine(),
        "rounds": effort.rounds,
        "bodies": done.bodies,
        "facts": done.facts,
        "timings": {name: asdict(timed) for name, timed in done.timings.items()},
        "judging": judged.to_json(),
        "figures": results.packed(by_section(done.figures)),
    }


def with_section(stored: dict[str, Any], name: str, quick: bool) -> dict[str, Any]:
    """Return stored results with one section measured now."""
    with progress() as bar:
        fresh = [*SECTIONS[name](bar.start, quick)]
    others = [figure for figure in results.figures_of(stored) if figure.section not in {new.section for new in fresh}]
    return {**stored, "figures": results.packed(by_section([*others, *fresh]))}


def by_section(figures: list[Figure]) -> list[Figure]:
    """Return the figures with those of one section together, sections in the order of their first."""
    order = list(dict.fromkeys(figure.section for figure in figures))
    return sorted(figures, key=lambda figure: order.index(figure.section))


class Bar:
    """One line per step, with its time."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=None, visible=False)

    def start(self, what: str, total: int | None = None) -> None:
        self._finish()
        self._task = self._progress.add_task(what, total=total)
        if not CONSOLE.is_terminal:
            CONSOLE.print(what, highlight=False)

    def tick(self) -> None:
        self._progress.advance(self._task)

    def reach(self, count: int) -> None:
        self._progress.update(self._task, total=LARGEST, completed=count)

    def _finish(self) -> None:
        task = self._progress.tasks[-1]
        self._progress.update(
            self._task, total=task.total or 1, completed=task.total or 1, visible=bool(task.description)
        )


@contextmanager
def progress() -> Iterator[Bar]:
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=CONSOLE, disable=not CONSOLE.is_terminal) as shown:
        yield Bar(shown)


def steps(bar: Bar, effort: Effort) -> redact.Progress:
    def tell(what: str) -> None:
        bar.start(what, effort.rounds if what.startswith("measuring") else None)

    return redact.Progress(tell, bar.reach, bar.tick)


def written(taken: dict[str, Any]) -> None:
    """Draw the plots, where matplotlib can be installed, and write the page."""
    folder = page.PAGE.parent / "benchmarks"
    if reason := install("plots"):
        CONSOLE.print(f"no plots: {reason}")
    else:
        order = [str(PYTHON), "-m", "bench.report.plots", str(results.LATEST), str(folder)]
        subprocess.run(order, cwd=ROOT, check=True)
    page.write(taken, sorted(folder.glob("*.svg")))


if __name__ == "__main__":
    try:
        main()
    except WorkerError as error:
        sys.exit(f"bench: {error}")
