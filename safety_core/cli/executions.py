"""`safety executions`: what the edge carried out, what was cut off, and the way back."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from safety_core.canonical import JsonObject
from safety_core.cli.edge_socket import ask_edge, socket_option
from safety_core.errors import InputError
from safety_core.wire.names import plain
from safety_core.wire.reader import Reader

SECONDS: Final = 300.0
"""How long a way back may take: a slow service, and its time limit."""

WIDTH: Final = 60
"""Characters of a name or a key in a list."""


@click.group(short_help="See what was carried out, and take it back.")
def executions() -> None:
    """See what the edge carried out for agents, and take it back where that can be done.

    "unknown" is what was cut off in the middle: nobody knows whether it came about, so look at the service itself.
    """


@executions.command("list")
@socket_option
@click.option("--unknown", is_flag=True, help="Only those of which nobody knows whether they came about.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def list_(path: Path, unknown: bool, as_json: bool) -> None:
    """List the last 200, the newest first."""
    found = [entry for entry in _all(path) if not unknown or entry.text("state") == "unknown"]
    for entry in found:
        click.echo(json.dumps(entry.whole()) if as_json else _line(entry))
    if not found and not as_json:
        click.echo("none", err=True)


@executions.command()
@click.argument("id")
@click.option("--done/--not-done", default=None, required=True, help="Whether it came about, as you found it.")
@socket_option
def settle(id: str, done: bool, path: Path) -> None:
    """Say what became of execution ID, which was cut off. Look at the service itself first.

    Who asks for it again with its key is told that it is done, or tries it as if it had never been.
    """
    ask_edge(path, "POST", "/v1/executions/settle", {"id": id, "done": done})
    click.echo("written down")


@executions.command()
@click.argument("id")
@socket_option
def undo(id: str, path: Path) -> int:
    """Take back what execution ID did, where the service has a way back.

    The call that takes it back is one like any other, in the name of the same agent: judged, asked about where policy
    asks, and on record. Exit status 0 if it was taken back, 1 if a person is asked or policy refuses.
    """
    found = told_execution(path, id)
    if found is None:
        raise InputError(f"execution {id}", "is not one that the edge remembers", "see `safety executions list`")
    way_back = found.whole()["undo"]
    if not isinstance(way_back, dict):
        raise InputError(f"execution {id}", "has no way back", "look at the service itself")
    call: JsonObject = {"id": f"undo-{id}", "agent": found.text("agent"), "session": "undo", **way_back}
    answer = ask_edge(path, "POST", "/v1/run", {"call": call, "wait": 0, "key": f"undo:{id}"}, seconds=SECONDS)
    status = answer["status"]
    told = answer.get("output") if status == "executed" else answer.get("reason")
    click.echo(f"{status}: {plain(str(told), 400)}")
    if status == "pending":
        click.echo(f"when it is answered (safety approvals list): safety executions undo {found.text('id')}", err=True)
    return 0 if status == "executed" else 1


def told_execution(path: Path, id: str) -> Reader | None:
    """Return what the edge tells of one execution, None where it knows none of this id."""
    body = ask_edge(path, "POST", "/v1/executions", {"id": id})
    return next(iter(Reader(body, "executions").objects("executions")), None)


def _all(path: Path) -> tuple[Reader, ...]:
    return tuple(Reader(ask_edge(path, "GET", "/v1/executions"), "executions").objects("executions"))


def _line(entry: Reader) -> str:
    at = datetime.fromtimestamp(entry.number("at"), UTC).strftime("%Y-%m-%d %H:%M:%S")
    way_back = "  can be undone" if entry.whole()["undo"] else ""
    key = plain(entry.text("key", ""), WIDTH)
    return (
        f"{entry.text('id')}  {at}  {entry.text('state'):<8} {plain(entry.text('tool'), WIDTH)}  "
        f"by {plain(entry.text('agent'), WIDTH)}{f'  key {key}' if key else ''}{way_back}"
    )
