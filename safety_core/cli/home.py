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
from safety_core.model.record import AuditEntry, Event

F = TypeVar("F", bound=Callable[..., Any])


def home_option(command: F) -> F:
    """Add `--home`, which becomes a `Home` that has been created."""

    def made(_: click.Context, __: click.Parameter, value: Path | None) -> Home:
        return (Home(value.absolute()) if value else Home.default()).create()

    kind = click.Path(file_okay=False, path_type=Path)
    text = "The edge's folder. [default: $SAFETY_HOME or ~/.safety]"
    return click.option("--home", type=kind, callback=made, help=text)(command)


async def record(home: Home, event: Event, subject: str, action: str) -> None:
    """Write one entry about something a person did on the command line."""
    log = await AuditLog.open(home.audit, edge_key(home))
    try:
        await log.append(AuditEntry(clock.now(), event, "command line", subject, rules=(action,)))
    finally:
        await log.aclose()
