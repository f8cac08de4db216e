"""`safety agent`: the kill switch."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from safety_core.cli.edge_socket import ask_edge, socket_option
from safety_core.errors import InputError
from safety_core.wire.halts import EVERY
from safety_core.wire.reader import BODY_LIMIT, Reader

_every: Final = click.option("--all", "every", is_flag=True, help="Every agent.")


@click.group(short_help="Halt an agent, let it go on, list them.")
def agent() -> None:
    """Halt an agent at once: no tool call of it runs, no model answers it, and no turn begins, until it is resumed.

    What is running already comes to its end. The switch outlasts the edge.
    """


@agent.command()
@click.argument("name", required=False)
@_every
@click.option("--reason", default="", help="Why; the agent and the status tell it.")
@socket_option
def halt(name: str | None, every: bool, reason: str, path: Path) -> None:
    """Halt the agent NAME, or every agent.

    A name that the edge does not know is halted, too, before it ever comes; but you are told, for it may be mistyped.
    """
    who = _who(name, every=every)
    ask_edge(path, "POST", "/v1/halt", {"agent": who, "halt": True, "reason": reason})
    click.echo(f"{_told(who)} halted")
    known = {entry.text("agent") for entry in Reader(ask_edge(path, "GET", "/v1/status"), "status").objects("plugins")}
    if who != EVERY and who.strip().lower() not in known:
        others = f" (it knows {', '.join(sorted(known))})" if known else ""
        click.echo(f"note: the edge knows no plugin of an agent {who}{others}: is the name right?", err=True)


@agent.command()
@click.argument("name", required=False)
@_every
@socket_option
def resume(name: str | None, every: bool, path: Path) -> int:
    """Let the agent NAME go on, or all of them.

    Exit status 1 if it stays halted all the same, because every agent is.
    """
    who = _who(name, every=every)
    ask_edge(path, "POST", "/v1/halt", {"agent": who, "halt": False, "reason": ""})
    halted = [entry.text("agent") for entry in Reader(ask_edge(path, "GET", "/v1/status"), "status").objects("halted")]
    if who != EVERY and EVERY in halted:
        click.echo(f"{who} stays halted, for every agent is; see `safety agent resume --all`")
        return 1
    left = f"; still halted: {', '.join(halted)}" if halted else ""
    click.echo(f"{_told(who)} resumed{left}")
    return 0


@agent.command(name="list")
@socket_option
def list_(path: Path) -> None:
    """List the agents that the edge knows or misses, and those halted."""
    body = Reader(ask_edge(path, "GET", "/v1/status"), "status")
    table = Table("agent", "plugin", "halted")
    plugins: dict[str, str] = {}
    for plugin in body.objects("plugins"):
        name, state = plugin.text("agent"), plugin.text("state")
        plugins[name] = state if plugins.get(name) != "present" else "present"
    halted = {entry.text("agent"): entry.text("reason", limit=BODY_LIMIT) for entry in body.objects("halted")}
    for name in sorted({*plugins, *halted} - {EVERY}):
        reason = halted.get(name, halted.get(EVERY))
        table.add_row(Text(name), plugins.get(name, "-"), Text("no" if reason is None else f"yes: {reason or '-'}"))
    if EVERY in halted:
        table.add_row("(every agent)", "-", Text(f"yes: {halted[EVERY] or '-'}"))
    Console().print(table)


def _who(name: str | None, *, every: bool) -> str:
    if every == bool(name):
        raise InputError("agent", "must be one name, or --all")
    return EVERY if every else name or ""


def _told(who: str) -> str:
    return "every agent" if who == EVERY else who
