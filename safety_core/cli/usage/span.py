"""Since when, until when, and where the numbers are: at the running edge, or in the folder of one that does not run."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Final, TypeVar

import click

from safety_core.cli.edge_socket import ask_edge, socket_option
from safety_core.edge import clock
from safety_core.edge.home import Home
from safety_core.edge.usage_report import usage_report
from safety_core.edge.usage_store import UsageStore
from safety_core.errors import InputError
from safety_core.wire.usage_report import Asked, Report, report_from

R = TypeVar("R")

UNITS: Final = {"h": 3600, "d": 86400, "w": 7 * 86400}

_AGO: Final = re.compile(r"([0-9]{1,4})([hdw])")


@dataclass(frozen=True, slots=True)
class Span:
    """What a command is asked about.

    Attributes:
        since, until: seconds since the epoch, None where they are left out.
        home: of an edge that does not run, or that shall not be asked.
        path: of the socket of one that runs.
    """

    since: int | None
    until: int | None
    home: Path | None
    path: Path

    def report(self, asked: Asked) -> Report:
        """Return what the edge has counted.

        Raises:
            UnavailableError: it cannot be asked, or read.
            InputError: there is no usage in that folder.
        """
        if self.home is not None:
            return asyncio.run(_read(asked, Home(self.home.absolute())))
        query = f"since={asked.since}&until={asked.until}&by={asked.by}"
        return report_from(ask_edge(self.path, "GET", f"/v1/usage?{query}"))


def span_options(command: Callable[..., R]) -> Callable[..., R]:
    """Add `--since`, `--until`, `--home` and `--socket`, which together become a `Span` named `span`."""

    @wraps(command)
    def gathered(since: int | None, until: int | None, home: Path | None, path: Path, **rest: object) -> R:
        return command(span=Span(since, until, home, path), **rest)

    kind = click.Path(file_okay=False, exists=True, path_type=Path)
    ago = "How long ago (24h, 7d, 2w), or a date or time in UTC."
    text = "Read the folder of an edge that does not run."
    added = click.option("--until", callback=_seconds, help="The same. [default: now]")(gathered)
    added = click.option("--since", callback=_seconds, help=ago)(added)
    added = click.option("--home", type=kind, help=text)(added)
    return socket_option(added)


def _seconds(_: click.Context, option: click.Parameter, value: str | None) -> int | None:
    return None if value is None else moment(value, f"--{option.name}", clock.now())


def moment(text: str, what: str, now: float) -> int:
    """Return the seconds since the epoch that `text` names: "7d" is seven days before `now`.

    Raises:
        InputError: it is no such thing.
    """
    if match := _AGO.fullmatch(text.strip()):
        return int(now) - int(match[1]) * UNITS[match[2]]
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError as error:
        fix = "write 24h, 7d, 2w, 2026-11-26 or 2026-11-26T10:00"
        raise InputError(what, "is no time", fix) from error
    return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp())


async def _read(asked: Asked, home: Home) -> Report:
    if not home.edge_db.exists():
        raise InputError(f"folder {home.path}", "holds no usage", "name the folder of an edge that has run")
    store = UsageStore.open(home.edge_db)
    try:
        return await usage_report(store, asked)
    finally:
        await store.aclose()
