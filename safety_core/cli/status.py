"""`safety status`: asks the running edge what is in force, and shows it."""

from __future__ import annotations

import json
import socket
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from safety_core.canonical import JsonObject
from safety_core.edge import clock
from safety_core.edge.home import Home
from safety_core.errors import InputError, UnavailableError
from safety_core.wire.reader import BODY_LIMIT, Reader

SECONDS: Final = 10.0
"""How long the edge may take; it answers from memory and its own disk."""

GOOD: Final = {"in force", "on", "ok"}


@click.command(short_help="Show what is in force at this machine's edge.")
@click.option(
    "--socket",
    "path",
    type=click.Path(path_type=Path),
    help="The edge's control socket.  [default: edge.sock in $SAFETY_HOME or ~/.safety]",
)
@click.option("--json", "as_json", is_flag=True, help="Print the edge's answer as one JSON object.")
def status(path: Path | None, as_json: bool) -> int:
    """Show what is in force: policy, the four layers, approvals, hub and audit log.

    Exit status 0 if a trusted policy is in force, 1 if every call is refused or the edge does not run.
    """
    return tell(ask(path or Home.default().socket), as_json=as_json)


def tell(answer: JsonObject, *, as_json: bool) -> int:
    """Print what the edge says is in force; return 0 if a trusted policy is, else 1."""
    if as_json:
        click.echo(json.dumps(answer))
    else:
        show(answer, Console())
    return 0 if Reader(answer, "status").object("policy").text("state") == "in force" else 1


def ask(path: Path) -> JsonObject:
    """Return what the edge at this socket answers.

    Raises:
        UnavailableError: nobody answers there, or not with a status.
    """
    with closing(_Connection(path)) as connection:
        try:
            connection.request("GET", "/v1/status")
            response = connection.getresponse()
            status, raw = response.status, response.read(BODY_LIMIT)
        except (OSError, HTTPException) as error:
            gone = isinstance(error, FileNotFoundError | ConnectionRefusedError)
            reason = "is not running" if gone else f"did not answer ({type(error).__name__})"
            raise UnavailableError(f"edge at {path}", reason, "start it with `safety edge`") from error
    if status != 200:
        raise UnavailableError(f"edge at {path}", f"answered {status}", "see the edge's log")
    try:
        return Reader.parse(raw, "status").whole()
    except InputError as error:
        raise UnavailableError(f"edge at {path}", "gave an answer that cannot be read") from error


class _Connection(HTTPConnection):
    """HTTP over a Unix socket. (httpx2 leaves its socket open where nobody listens.)"""

    def __init__(self, path: Path) -> None:
        super().__init__("edge", timeout=SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def show(answer: JsonObject, console: Console) -> None:
    """Print the answer as tables."""
    body = Reader(answer, "status")
    policy, approvals, hub = body.object("policy"), body.object("approvals"), body.object("hub")
    facts = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    facts.add_row("tenant", Text(body.text("tenant")))
    facts.add_row("policy", _state(policy.text("state"), policy.text("detail", limit=BODY_LIMIT)))
    facts.add_row(
        "approvals", f"{approvals.integer('pending')} pending, {approvals.integer('unsent')} not yet at the hub"
    )
    facts.add_row("audit", f"{body.object('audit').integer('entries')} entries")
    facts.add_row("secrets", f"{body.integer('secrets')} known")
    facts.add_row("hub", Text(hub.text("url") or "none"))
    for task in body.objects("tasks"):
        done = _ago(task.number("last_done")) if task.has("last_done") else "never yet"
        facts.add_row(
            "  " + task.text("task"),
            _state("ok" if task.flag("ok") else "fails", task.text("trouble", "") or f"last done {done}"),
        )
    for plugin in body.objects("plugins"):
        facts.add_row("plugin", Text(f"{plugin.text('plugin')} {plugin.text('version')} guards {plugin.text('agent')}"))
    console.print(facts)
    layers = Table("layer", "state", "in detail")
    for layer in body.objects("layers"):
        layers.add_row(
            layer.text("layer"), _state(layer.text("state"), ""), Text(layer.text("detail", limit=BODY_LIMIT))
        )
    console.print(layers)


def _state(state: str, detail: str) -> Text:
    colour = "green" if state in GOOD else "yellow" if state == "unknown" else "red"
    return Text.assemble((state, colour), f"  {detail}" if detail else "")


def _ago(at: float) -> str:
    seconds = max(0.0, clock.now() - at)
    return f"{seconds:.0f} s ago" if seconds < 120 else f"{seconds / 60:.0f} min ago"
