"""Everything about the hub, as figures: `python -m bench.hub.section [--quick] [--json]` for these alone."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict

from rich.console import Console

from bench.figure import Figure
from bench.hub import crowd, decisions, kill, page, questions, races, usage
from bench.report import table


def figures(tell: Callable[[str], None], *, quick: bool) -> Iterator[Figure]:
    """Start hubs, on SQLite and PostgreSQL, and yield every figure."""
    tell("the hub: a decision and the call that waits for it")
    yield from decisions.figures(quick)
    tell("ten thousand edges that listen")
    yield from crowd.figures(quick)
    tell("approvals and usage")
    yield from questions.figures(quick)
    yield from usage.figures(quick)
    tell("races")
    yield from races.figures(quick)
    tell("the console's first page")
    yield from page.figures(quick)
    tell("kill -9 under load")
    yield from kill.figures(quick)


def alone(*, quick: bool, as_json: bool) -> None:
    """Measure the hub alone and print it."""
    console = Console(width=160, stderr=as_json)
    taken = [*figures(console.print, quick=quick)]
    if as_json:
        print(json.dumps([{**asdict(figure), "met": figure.met} for figure in taken]))
    else:
        table.show(console, taken)


if __name__ == "__main__":
    alone(quick="--quick" in sys.argv, as_json="--json" in sys.argv)
