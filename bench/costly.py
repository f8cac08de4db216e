"""Which messages cost most to scan, each by itself: `python -m bench.costly [--number N] [--clean]`.

A mean hides the one message that takes a hundred times as long as its neighbours; this shows it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

import click
from rich.console import Console
from rich.table import Table

from bench.corpus import Piece, pieces, sources
from bench.invented import registered
from bench.measure import seconds
from bench.peers.install import folder
from bench.scanners.ours import Scanner


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU microseconds of one message alone (the least of three), and whether something was found."""

    us: float
    piece: Piece
    found: bool


def costs(scanner: Scanner, chosen: Iterable[Piece]) -> list[Cost]:
    """Return what each message costs, the costliest first."""
    measured = []
    for piece in chosen:
        raw = json.dumps([{"role": "user", "content": piece.text}], ensure_ascii=False).encode()
        found = scanner.cleaned(raw) != raw.decode()
        least = min(seconds(lambda raw=raw: scanner.scan(raw), 1) for _ in range(3))  # type: ignore[misc]
        measured.append(Cost(least * 1e6, piece, found))
    return sorted(measured, key=lambda cost: -cost.us)


@click.command()
@click.option("--number", default=600, show_default=True, help="Messages to measure.")
@click.option("--show", default=25, show_default=True, help="Messages to show.")
@click.option("--clean", is_flag=True, help="Leave out those in which something is found.")
def main(number: int, show: int, clean: bool) -> None:
    """Show the costliest messages."""
    scanner = Scanner(registered(1000))
    found = costs(scanner, islice(pieces(sources(folder())), number))
    found = [cost for cost in found if not (clean and cost.found)]
    total = sum(cost.us for cost in found)
    table = Table(title=f"{len(found)} messages, {total / len(found):.0f} µs each; the costliest:")
    for column in ("µs", "of all", "kind", "found", "begins"):
        table.add_column(column)
    for cost in found[:show]:
        begins = " ".join(cost.piece.text[:90].split())
        table.add_row(f"{cost.us:.0f}", f"{cost.us / total:.1%}", cost.piece.kind, "yes" if cost.found else "", begins)
    Console(width=150).print(table, markup=False)


if __name__ == "__main__":
    main()
