"""What several commands need of the edge's folder: where it is, and its audit log."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from safety_core.edge import clock
from safety_core.edge.audit_log import AuditLog
from safety_core.edge.home import Home
from safety_core.edge.key_file import edge_key
from safety_core.errors import InputError
from safety_core.model.record import AuditEntry, Event

F = TypeVar("F", bound=Callable[..., Any])


def home_option(command: F) -> F:
    """Add `--home`, which becomes a `Home` that has been created."""
    return _option(command, Home.create)


def there_option(command: F) -> F:
    """Add `--home`, which becomes a `Home` that is there: whoever looks makes none by a wrong name."""
    return _option(command, _demand)


def named_option(command: F) -> F:
    """Add `--home`, which becomes a `Home` as it is named: neither made nor looked for."""
    return _option(command, lambda home: home)


def _option(command: F, taken: Callable[[Home], Home]) -> F:
    def found(_: click.Context, __: click.Parameter, value: Path | None) -> Home:
        return taken(Home(value.absolute()) if value else Home.default())

    kind = click.Path(file_okay=False, path_type=Path)
    text = "The edge's folder. [default: $SAFETY_HOME or ~/.safety]"
    return click.option("--home", type=kind, callback=found, help=text)(command)


def _demand(home: Home) -> Home:
    if not home.path.is_dir():
        raise InputError(str(home.path), "is no edge's folder: it is not there", "name it with --home or SAFETY_HOME")
    return home.create()


async def record(home: Home, event: Event, subject: str, action: str) -> None:
    """Write one entry about something a person did on the command line."""
    log = await AuditLog.open(home.audit, edge_key(home))
    try:
        await log.append(AuditEntry(clock.now(), event, "command line", subject, rules=(action,)))
    finally:
        await log.aclose()
