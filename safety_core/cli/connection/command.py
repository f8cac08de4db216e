"""`safety connection`: the group, and its commands."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

import click

from safety_core.canonical import JsonObject
from safety_core.cli.chosen_policy import chosen_policy
from safety_core.cli.connection.hostile import shown, suspicions
from safety_core.cli.connection.listed import listed_tools, told
from safety_core.cli.connection.pinning import Findings, findings_of
from safety_core.cli.connection.settings import connected, settings_option
from safety_core.cli.connection.trying import tried
from safety_core.cli.edge_socket import ask_edge
from safety_core.cli.home import record
from safety_core.edge.connections import keep_pins, with_pins
from safety_core.edge.home import Home
from safety_core.errors import InputError, SafetyError
from safety_core.model.connection import Connection, Operation
from safety_core.model.record import Event
from safety_core.resolve.manifests import DESCRIBE_THEMSELVES

WORDS: Final = 300
"""Characters of what an operation says of itself that `pin` shows; `show NAME OPERATION` shows them all."""


@click.group(short_help="Look after the services that agents may use.")
def connection() -> None:
    """Look after the services that agents may use: [connections.NAME] in the edge's settings.

    Services that describe themselves (OpenAPI, MCP) are pinned first: agents get the operations that a person
    has looked at, as long as they are the same.
    """


@connection.command("list")
@settings_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def list_(config: Path | None, home: Path | None, as_json: bool) -> None:
    """Show what is connected, and how many operations are pinned."""
    here = connected(config, home)
    for each in here.connections.values():
        found, trouble = _pinned(here.home, each)
        pins = len(found.operations) if each.adapter in DESCRIBE_THEMSELVES else None
        if as_json:
            facts: JsonObject = {"name": each.name, "adapter": each.adapter, "target": each.target, "pinned": pins}
            click.echo(json.dumps({**facts, "secrets": {**each.secrets}, "private": each.private, "trouble": trouble}))
            continue
        state = "" if pins is None else f", {pins} operations pinned"
        secrets = f", with {', '.join(each.secrets.values())}" if each.secrets else ""
        click.echo(
            f"{each.name}: {each.adapter}, {shown(each.target, 200)}{secrets}{state}{trouble and '; ' + trouble}"
        )
    if not here.connections and not as_json:
        click.echo("no service is connected: write [connections.NAME] in the edge's settings", err=True)


@connection.command()
@click.argument("names", nargs=-1)
@settings_option
def check(names: tuple[str, ...], config: Path | None, home: Path | None) -> int:
    """Try connections NAMES, or all of them. Connects, shows the secret, and does nothing.

    Exit status 1 if one does not work; it says why, and what to do.
    """
    here = connected(config, home)
    failed = 0
    for name in names or tuple(here.connections):
        each, trouble = _pinned(here.home, here.named(name))
        try:
            click.echo(f"{name}: works: {shown(tried(each, here.home), WORDS)}")
        except SafetyError as error:
            failed = 1
            click.echo(f"{name}: does not work: {shown(str(error), 1000)}", err=True)
        if trouble:
            failed = 1
            click.echo(f"{name}: {trouble}", err=True)
    return failed


@connection.command()
@click.argument("name")
@click.argument("operation", required=False)
@settings_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def show(name: str, operation: str | None, config: Path | None, home: Path | None, as_json: bool) -> None:
    """Show what agents can call of NAME, with arguments. Lists its operations, or tells all about one OPERATION.

    Of a service that describes itself, it is what is pinned; of others, what the policy that is shipped lists.
    """
    here = connected(config, home)
    if here.named(name).adapter not in DESCRIBE_THEMSELVES:
        _show_listed(here.named(name), operation, as_json)
        return
    found = with_pins(here.home, here.named(name))
    if operation is not None and operation not in found.operations:
        raise InputError(f"{name}.{operation[:80]}", "is not pinned", f"safety connection pin {name}")
    for each in [found.operations[operation]] if operation else found.operations.values():
        if as_json:
            facts: JsonObject = {"tool": f"{name}.{each.name}", "words": each.words, "parameters": each.parameters}
            click.echo(json.dumps({**facts, "hints": [*sorted(each.hints)], "fingerprint": each.fingerprint}))
        else:
            _tell(name, each, "pinned", 10_000 if operation else WORDS)
            if operation:
                click.echo(shown(json.dumps(each.parameters), 100_000))
                click.echo(f"fingerprint {each.fingerprint}")
    if not found.operations and not as_json:
        click.echo(f"nothing is pinned of {name}: safety connection pin {name}", err=True)


@connection.command()
@click.argument("name")
@click.option("--description", "place", default="", metavar="FILE|URL", help="The OpenAPI description.")
@click.option("--only", multiple=True, metavar="OPERATION", help="Pin this one and no other; may be given again.")
@click.option(
    "--suspicious",
    type=click.Choice(["refuse", "leave-out", "accept"]),
    default="refuse",
    help="What becomes of operations that speak to the model or hide something.  [default: refuse]",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@settings_option
def pin(
    name: str, place: str, only: tuple[str, ...], suspicious: str, yes: bool, config: Path | None, home: Path | None
) -> int:
    """Look at what NAME describes, and let agents call it as it is now.

    What changes later is refused until it is looked at and pinned again. Words of services are shown so that a
    terminal obeys none of them.
    """
    here = connected(config, home)
    each = here.named(name)
    found = findings_of(each, place, here.home)
    kept = _chosen(found, only, name)
    doubted = {one.name: why for one in kept.values() if (why := suspicions(one))}
    _show_all(name, found, kept)
    if doubted and suspicious == "refuse":
        asyncio.run(record(here.home, Event.CONNECTION, name, "suspicious"))
        click.echo(f"{len(doubted)} of them are suspicious; nothing is pinned. --suspicious=leave-out pins the others")
        return 1
    if suspicious == "leave-out":
        kept = {one: operation for one, operation in kept.items() if one not in doubted}
    if not kept:
        click.echo("there is nothing to pin")
        return 1
    if not yes and not click.confirm(f"Let agents call these {len(kept)}?"):
        return 1
    keep_pins(here.home, replace(each, operations=kept))
    asyncio.run(record(here.home, Event.CONNECTION, name, "pinned"))
    with suppress(SafetyError):  # an edge that does not run reads them when it starts
        ask_edge(here.home.socket, "POST", "/v1/reload", {})
    click.echo(f"{len(kept)} pinned; agents call them by these names, such as {name}.{next(iter(kept))}")
    return 0


def _show_listed(each: Connection, operation: str | None, as_json: bool) -> None:
    tools = [*listed_tools(chosen_policy(None, None)[0].policy.catalogue, each.adapter)]
    chosen = [tool for tool in tools if operation in {None, tool["tool"]}]
    if not chosen:
        known = ", ".join(str(tool["tool"]) for tool in tools) or "none"
        raise InputError(f"tool {operation or each.adapter}", f"is not one of connection {each.name}", f"name: {known}")
    for tool in chosen:
        click.echo(json.dumps(tool) if as_json else told(tool))


def _chosen(found: Findings, only: tuple[str, ...], name: str) -> dict[str, Operation]:
    missing = [one for one in only if one not in found.now]
    if missing:
        raise InputError(f"{name}.{missing[0][:80]}", "is not among what the service describes")
    return {one: operation for one, operation in found.now.items() if not only or one in only}


def _show_all(name: str, found: Findings, kept: dict[str, Operation]) -> None:
    for one in (*kept, *(gone for gone in found.before if gone not in found.now)):
        _tell(name, found.now.get(one) or found.before[one], found.change(one), WORDS)
    for one, why in found.left_out.items():
        click.echo(f"left out: {shown(one, 100)}: {shown(why, WORDS)}")


def _tell(name: str, operation: Operation, state: str, limit: int) -> None:
    """Print one operation: how it stands, what it says of itself, what makes it graver, what is suspicious."""
    graver = f"  ({', '.join(sorted(operation.hints))})" if operation.hints else ""
    click.echo(f"{state:8} {name}.{shown(operation.name, 100)}{graver}")
    if operation.words:
        click.echo(f"         {shown(operation.words, limit)}")
    for why in suspicions(operation):
        click.echo(click.style(f"         suspicious: {why}", fg="red"))


def _pinned(home: Home, each: Connection) -> tuple[Connection, str]:
    """Return a connection with its pins, and what is wrong with them."""
    try:
        return with_pins(home, each), ""
    except InputError as error:
        return each, str(error)
