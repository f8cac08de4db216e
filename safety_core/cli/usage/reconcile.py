"""`safety usage reconcile`: what the edge has counted against what the provider says it has."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from safety_core.canonical import Json, JsonObject
from safety_core.cli.usage.export import Export, Key, plain_model, read_export
from safety_core.cli.usage.report import when
from safety_core.cli.usage.span import Span, span_options
from safety_core.errors import InputError
from safety_core.model.usage import NANO, dollars
from safety_core.wire.usage_report import Asked, Report

DAY: Final = 86400
SHOWN: Final = 1000
"""Differences that a table shows; --json has all."""

CENT: Final = NANO // 100
"""Exports round their costs: a difference of up to a cent a line is none."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One number on which the two sides do not agree; None: that side knows nothing of this time and model."""

    at: int
    model: str
    what: str
    ours: int | None
    theirs: int | None

    @property
    def more(self) -> int:
        """How much more we have counted."""
        return (self.ours or 0) - (self.theirs or 0)

    @property
    def percent(self) -> float | None:
        """The difference as a part of what they say, None where they say nothing."""
        return 100 * self.more / self.theirs if self.theirs else None


@click.command(short_help="Compare with a provider's own usage export.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--provider", help="Its name at the edge. [default: openai or anthropic, as the file's columns tell]")
@click.option("--column", "columns", multiple=True, metavar="FIELD=HEADER", help="Name a column; may be repeated.")
@click.option("--tolerance", type=click.FloatRange(0, 100), default=0.0, help="Percent that may differ. [default: 0]")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@span_options
def reconcile(
    file: Path, provider: str | None, columns: tuple[str, ...], tolerance: float, as_json: bool, span: Span
) -> int:
    """Compare what the edge has counted with FILE, a provider's usage export (CSV), by day or hour and by model.

    Known are the exports of OpenAI (usage, costs) and Anthropic (usage, cost). For another one, name its columns:
    --column time=Day --column model=Model --column input=Tokens. Fields: time, model, requests, input (with what came
    from the cache), input_uncached, cache_read, cache_write, cache_write_1h, output, cost (US dollars).

    Without --since and --until, the time of the export is compared. A model's name counts without its date. Exit status
    1 if there are differences beyond the tolerance.
    """
    export = read_export(file, dict(_named(column) for column in columns))
    name = provider or export.columns.maker
    if not name:
        raise InputError(
            f"usage export {file.name}", "does not tell whose it is", "add --provider NAME, as at the edge"
        )
    if not export.sums:
        raise InputError(f"usage export {file.name}", "has no usage in it")
    times = [at for at, _ in export.sums]
    since = min(times) if span.since is None else span.since
    until = max(times) + export.step if span.until is None else span.until
    theirs = {key: sums for key, sums in export.sums.items() if since <= key[0] < until}
    ours = _ours(span.report(Asked(since, until, "day,model" if export.step == DAY else "hour,model")), name)
    found = [*differences(ours, theirs, export.fields, tolerance)]
    if as_json:
        click.echo(json.dumps(_to_json(export, name, found)))
    else:
        show(export, name, found, Console())
    return 1 if found else 0


def _named(column: str) -> tuple[str, str]:
    name, given, header = column.partition("=")
    if not given:
        raise InputError(f"--column {column[:60]}", "names no header", "write --column input=HEADER")
    return name, header


def _ours(report: Report, provider: str) -> dict[Key, dict[str, int]]:
    """Return our sums by time and plain model: of two versions of one model both together, as an alias has them."""
    found: dict[Key, dict[str, int]] = {}
    for row in report.rows:
        at, _, key = row.key.partition(" ")
        name, _, model = key.partition("/")
        if name != provider:
            continue
        totals = row.totals
        counts = {
            "requests": row.requests,
            "input": totals.input_total,
            "cache_read": totals.cache_read,
            "cache_write": totals.cache_write,
            "output": totals.output_total,
            "cost": row.cost,
        }
        sums = found.setdefault((int(at), plain_model(model)), dict.fromkeys(counts, 0))
        for what, count in counts.items():
            sums[what] += count
    return found


def differences(
    ours: Mapping[Key, Mapping[str, int]],
    theirs: Mapping[Key, Mapping[str, int]],
    fields: tuple[str, ...],
    tolerance: float,
) -> Iterator[Difference]:
    """Yield every number that differs by more than `tolerance` percent of what they say, by time and model."""
    for key in sorted(ours.keys() | theirs.keys()):
        mine, their = ours.get(key), theirs.get(key)
        for what in fields:
            found = Difference(*key, what, mine[what] if mine else None, their[what] if their else None)
            slack = max(CENT if what == "cost" else 0, tolerance / 100 * (found.theirs or 0))
            if abs(found.more) > slack:
                yield found


def show(export: Export, provider: str, found: list[Difference], console: Console) -> None:
    """Print what was recognised, and each difference."""
    read = ", ".join(f"{field} = {header!r}" for field, header in export.columns.headers.items())
    console.print(f"{provider}: {export.rows:,} rows; read {read}", highlight=False, markup=False)
    if export.skipped:
        console.print(f"{export.skipped:,} rows hold no usage and were skipped", highlight=False)
    if not found:
        console.print(f"no difference in {', '.join(export.fields)} over {len(export.sums):,} lines", highlight=False)
        return
    table = Table("when (UTC)", "model", "what", "ours", "theirs", "difference", "%")
    table.columns[1].overflow = "fold"
    for column in table.columns[3:]:
        column.justify, column.no_wrap = "right", True
    for line in found[:SHOWN]:
        percent = "" if line.percent is None or line.ours is None else f"{line.percent:+.2f}"
        sides = (_amount(line, line.ours, "not here"), _amount(line, line.theirs, "not there"))
        table.add_row(
            when(line.at, export.step), Text(line.model), line.what, *sides, _amount(line, line.more), percent
        )
    console.print(table)
    left = f", the first {SHOWN:,} of them above" if len(found) > SHOWN else ""
    console.print(f"{len(found):,} difference{'s' * (len(found) != 1)}{left}", highlight=False)
    if all(line.ours is None for line in found):
        told = f"nothing of {provider!r} was counted here in this time: is that its name in the edge's settings?"
        console.print(told, highlight=False, markup=False)


def _amount(line: Difference, count: int | None, nothing: str = "") -> str:
    if count is None:
        return nothing
    return f"${dollars(count)}" if line.what == "cost" else f"{count:,}"


def _to_json(export: Export, provider: str, found: list[Difference]) -> JsonObject:
    lines: list[Json] = [
        {
            "at": line.at,
            "model": line.model,
            "what": line.what,
            "ours": line.ours,
            "theirs": line.theirs,
            "difference": line.more,
            "percent": line.percent,
        }
        for line in found
    ]
    return {
        "provider": provider,
        "rows": export.rows,
        "skipped": export.skipped,
        "columns": {**export.columns.headers},
        "step": export.step,
        "differences": lines,
    }
