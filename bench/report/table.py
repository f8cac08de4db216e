"""The figures on the terminal."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.figure import Figure, shown, wanted
from bench.section import Section

_MARKS = {True: Text("met", "green"), False: Text("missed", "yellow"), None: Text("")}


def show(console: Console, figures: list[Figure]) -> None:
    """Print every figure with its goal, section by section."""
    for section, rows in groupby(figures, lambda figure: figure.section):
        table = Table(title=section, title_justify="left", title_style="bold", expand=True, box=box.SIMPLE_HEAD)
        table.add_column("figure", ratio=5)
        table.add_column("measured", justify="right", no_wrap=True, style="bold")
        table.add_column("goal", justify="right", no_wrap=True)
        table.add_column("", no_wrap=True)
        table.add_column("note", ratio=6, style="dim")
        for figure in rows:
            table.add_row(
                figure.title, shown(figure.value, figure.unit), wanted(figure), _MARKS[figure.met], figure.note
            )
        console.print(table)


def show_sections(console: Console, sections: Iterable[Section]) -> None:
    """Print what can be measured alone."""
    for section in sections:
        console.print(f"{section.name:15} {section.what}", highlight=False)


def show_times(console: Console, records: dict[str, Any], names: list[str]) -> None:
    """Print how long each section took, and its longest steps."""
    table = Table(title="Where the time went", title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    for column in ("section", "seconds", "longest steps"):
        table.add_column(column, justify="right" if column == "seconds" else "left")
    for name in names:
        table.add_row(name, f"{records[name]['seconds']:.1f}", longest(records[name]["steps"]))
    table.add_row("together", f"{sum(records[name]['seconds'] for name in names):.1f}", "")
    console.print(table)


def longest(steps: list[dict[str, Any]]) -> str:
    """Return the three steps that took most, with their seconds."""
    most = sorted(steps, key=lambda step: -step["seconds"])[:3]
    return ", ".join(f"{step['what']} {step['seconds']:.1f}" for step in most)
