"""`safety policy prices`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from safety_core.bundle.document import read_document
from safety_core.bundle.prices import parse_prices
from safety_core.canonical import Json, JsonObject
from safety_core.cli.policy.price_source import USUAL, package, tables
from safety_core.edge.files import replace_file
from safety_core.wire.reader import Reader

HEADER: Final = """\
# What models cost, in US dollars for a million tokens, so that the edge can tell what was spent and hold agents to
# their budgets. Made by `safety policy prices`; docs/policy.md says what each field means. Prices of your own are
# written the same way: the table that bears a provider's name in the edge's settings counts before that of its API.
"""


def _listed(_: click.Context, __: click.Parameter, value: str | None) -> tuple[str, ...]:
    return tuple(filter(None, (part.strip().lower() for part in (value or "").split(","))))


@click.command(short_help="The prices of models, as a file of the policy.")
@click.option(
    "--providers", callback=_listed, metavar="NAMES", help=f"Whose models, with commas; by default {', '.join(USUAL)}."
)
@click.option(
    "--models", callback=_listed, metavar="PATTERNS", help="Only these, with commas; a star at either end is any text."
)
@click.option("--all", "everything", is_flag=True, help="The models of every provider that there are prices of.")
@click.option(
    "--at",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The day (UTC) whose prices are written; by default today.",
)
@click.option("-o", "--out", type=click.Path(path_type=Path, dir_okay=False), help="Write to this file.")
def prices(
    providers: tuple[str, ...], models: tuple[str, ...], at: datetime | None, out: Path | None, *, everything: bool
) -> None:
    """Write prices.yaml out of the package genai-prices: offline data that comes with it, and no more than is needed.

    \b
    safety policy prices -o policies/prices.yaml
    safety policy prices --providers anthropic,openrouter --models '*claude*'
    safety policy diff policies-of-last-week policies

    Without --out it is printed. The package is an extra: pip install 'safety-gateway[prices]'. A newer version of it
    brings newer prices; they hold at the edges once the policy is published, like all of it.
    """
    source, version = package()
    day = (at or datetime.now(UTC)).replace(hour=12, minute=0, second=0, microsecond=0, tzinfo=UTC)
    wanted = () if everything and not providers else providers or USUAL
    found = tables(source, wanted, models, day)
    text = HEADER + "\n".join(_lines(f"genai-prices {version}, {day:%Y-%m-%d}", found.tables)) + "\n"
    parse_prices(Reader(read_document("prices.yaml", text.encode()).mapping(), "prices"))
    for name in found.left_out:
        click.echo(f"left out: {name}, whose names no pattern can say", err=True)
    if out is None:
        click.echo(text, nl=False)
        return
    replace_file(out, text.encode())
    count = sum(len(_objects(table, "models")) for table in found.tables.values())
    click.echo(f"{out}: {count} models of {len(found.tables)} providers, genai-prices {version}, {day:%Y-%m-%d}")


def _lines(source: str, found: JsonObject) -> Iterator[str]:
    yield f"source: {source}"
    yield "providers:" if found else "providers: {}"
    for name, table in found.items():
        yield f"  {name}:" if table else f"  {name}: {{}}"
        if isinstance(table, dict) and table.get("also"):
            yield f"    also: {_flow(table['also'])}"
        for number, model in enumerate(_objects(table, "models")):
            if not number:
                yield "    models:"
            for place, (key, value) in enumerate(model.items()):
                lead = "      - " if not place else "        "
                if key == "when":
                    yield f"{lead}when:"
                    yield from (f"          - {_flow(case)}" for case in _objects(model, "when"))
                else:
                    yield f"{lead}{key}: {_flow(value)}"


def _objects(value: Json, key: str) -> list[JsonObject]:
    listed = value.get(key) if isinstance(value, dict) else None
    return [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []


def _flow(value: Json) -> str:
    """Return a value on one line: JSON is YAML, but for the quotes around names."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(item)}" for key, item in value.items()) + "}"
    return json.dumps(value)
