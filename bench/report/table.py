"""The figures on the terminal."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.figure import Figure, shown, wanted

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


def show_bodies(console: Console, bodies: dict[str, Any]) -> None:
    """Print what the bodies are made of."""
    for name, body in bodies.items():
        kinds = ", ".join(f"{kind} {share:.0%}" for kind, share in body.items() if kind not in {"bytes", "ascii"})
        console.print(f"body {name}: {body['bytes']:,} bytes, {body['ascii']:.0%} ASCII; {kinds}", highlight=False)
