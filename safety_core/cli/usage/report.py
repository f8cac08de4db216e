"""`safety usage report`: what models consumed and cost, as a table and a small chart."""

from __future__ import annotations

import csv
import json
import sys
from datetime import UTC, datetime
from typing import Final, cast

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from safety_core.cli.usage.span import Span, span_options
from safety_core.edge import clock
from safety_core.edge.usage_report import filled
from safety_core.model.usage import dollars
from safety_core.wire.usage_report import Asked, By, Point, Report, Row, summed

CHOICES: Final = ("agent", "model", "provider", "day", "hour")
BARS: Final = "▁▂▃▄▅▆▇█"
WEEK: Final = 7 * 86400
UNBOUND: Final = 10_000
"""Columns of a terminal in which every table has room."""

WIDTH: Final = 72
"""Steps of the chart; of more, the last ones are shown."""


@click.command(short_help="Show what the edge has counted: tokens, cache, cost.")
@click.option("--by", type=click.Choice(CHOICES), default="model", show_default=True, help="What a row is.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object. Costs are in nano-US-dollars.")
@click.option("--csv", "as_csv", is_flag=True, help="Print a row for each line, and a header.")
@span_options
def report(by: str, as_json: bool, as_csv: bool, span: Span) -> None:
    """Show requests, tokens, the share that came from the provider's cache, and the cost: of the last seven days, where
    no --since says otherwise.

    "~": some requests came without counts of the provider's; these were estimated. "+": some have no price; the cost
    is that of the others. What the cache saved is at today's prices.
    """
    now = int(clock.now())
    since = now - WEEK if span.since is None else span.since
    found = span.report(Asked(since, now + 1 if span.until is None else span.until, cast("By", by)))
    if as_json:
        click.echo(json.dumps(found.to_json()))
    elif as_csv:
        _write_csv(found)
    else:
        show(found, Console())


def _write_csv(found: Report) -> None:
    lines = [row.to_json() for row in found.rows]
    writer = csv.DictWriter(sys.stdout, [*summed((), "").to_json()], lineterminator="\n")
    writer.writeheader()
    writer.writerows({**line, "key": _key(str(line["key"]), found.asked.by)} for line in lines)


def show(found: Report, console: Console) -> None:
    """Print the table, the chart, and what is to be said of the cache."""
    total = summed(found.rows, "total")
    table = _table(found, total, HEADS)
    if console.measure(table, options=console.options.update(width=UNBOUND)).maximum > console.width:
        table = _table(found, total, NARROW)
    console.print(table)
    if not found.rows:
        console.print("nothing was counted in this time")
        return
    for line in _chart(found):
        console.print(line, highlight=False)
    for line in _said(found, total):
        console.print(line, highlight=False)


def _table(found: Report, total: Row, heads: tuple[str, ...]) -> Table:
    """Return the rows with these columns; a name that is too long for its column goes on in the next line."""
    by = found.asked.by
    table = Table(by, *heads)
    table.columns[0].overflow = "fold"
    for column in table.columns[1:]:
        column.justify, column.no_wrap = "right", True
    rows = sorted(found.rows, key=lambda row: -row.cost or -row.totals.input_total) if by in _RANKED else found.rows
    for row in rows:
        table.add_row(Text(_key(row.key, by)), *_cells(row, heads))
    if len(found.rows) != 1:
        table.add_section()
        table.add_row("total", *_cells(total, heads), style="bold")
    return table


HEADS: Final = ("requests", "input", "output", "cache read", "cache write", "hit rate", "cost $", "saved $")
NARROW: Final = ("requests", "input", "output", "hit rate", "cost $")
"""What is shown where there is no room for all of it; of the rest, the sums stand below."""
_RANKED: Final = frozenset({"agent", "model", "provider"})


def _cells(row: Row, heads: tuple[str, ...]) -> list[str]:
    totals, rough = row.totals, "~" if row.estimated else ""
    rate = row.hit_rate
    cells = (
        f"{row.requests:,}",
        f"{rough}{totals.input_total + totals.tool_prompt:,}",
        f"{rough}{totals.output_total:,}",
        f"{totals.cache_read:,}",
        f"{totals.cache_write:,}",
        "-" if rate is None else f"{rate:.1%}",
        "no price" if row.unpriced and row.unpriced == row.requests else dollars(row.cost) + ("+" * bool(row.unpriced)),
        "-" if row.saved is None else dollars(row.saved),
    )
    return [cell for head, cell in zip(HEADS, cells, strict=True) if head in heads]


def _key(key: str, by: By) -> str:
    return when(int(key), 86400 if by == "day" else 3600) if by in {"day", "hour"} else key


def when(at: int, step: int) -> str:
    """Return the day, or the hour, that begins at `at`."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d" if step == 86400 else "%Y-%m-%d %H:%M")


def _chart(found: Report) -> list[str]:
    points = [*filled(found)][-WIDTH:]
    most = max(point.tokens for point in points)
    bars = "".join(_bar(point, most) for point in points)
    each = "day" if found.step == 86400 else "hour"
    first, last = when(points[0].at, found.step), when(points[-1].at, found.step)
    return ["", f"tokens by the {each}, at most {most:,}", bars, first if first == last else f"{first} to {last}"]


def _bar(point: Point, most: int) -> str:
    if not point.tokens:
        return " "
    return BARS[min(point.tokens * len(BARS) // max(most, 1), len(BARS) - 1)]


def _said(found: Report, total: Row) -> list[str]:
    totals, lines = total.totals, []
    if totals.cache_read or totals.cache_write:
        saved = "" if total.saved is None else f", which saved {dollars(total.saved)} dollars"
        lines.append(f"prompt cache: {totals.cache_read:,} tokens read, {totals.cache_write:,} written{saved}")
    if total.estimated:
        lines.append(f"~ {total.estimated:,} of {total.requests:,} requests came without counts and were estimated")
    if total.unpriced:
        lines.append(f"+ {total.unpriced:,} requests have no price: add one to prices.yaml of the policy")
    if found.breaks is not None:
        every, ours = found.breaks
        lines.append(f"prompt prefixes that broke since the edge began: {every:,}, by redaction: {ours:,}")
    return ["", *lines] if lines else []
