"""`safety openclaw status`: what was found, gathered; the layers, printed."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import click
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from safety_core.canonical import JsonObject
from safety_core.cli.openclaw.config import copies, locate, read_config
from safety_core.cli.openclaw.findings import Check, Findings, State
from safety_core.cli.openclaw.guard import TRAJECTORY
from safety_core.cli.openclaw.host import Host
from safety_core.cli.openclaw.keys import copies_with_keys
from safety_core.cli.openclaw.layers import checks
from safety_core.cli.openclaw.manifests import ask_all
from safety_core.cli.openclaw.place import Place
from safety_core.cli.openclaw.plugin import MANIFEST, plugin_hash, plugin_version, shipped_plugin
from safety_core.cli.openclaw.scene import last_egress
from safety_core.cli.openclaw.tree import found, words
from safety_core.cli.openclaw.wish import PLUGIN_ID, agents_of
from safety_core.edge.home import Home
from safety_core.errors import SafetyError, UnavailableError

COLOURS = {State.IN_FORCE: "green", State.NOT_CHECKED: "yellow", State.NOT_IN_FORCE: "red"}


def status(home: Home, config: Path | None, socket: Path | None, program: Path | None, *, as_json: bool) -> int:
    """Print every layer; return 0 if none is out of force, else 1."""
    if sys.stderr.isatty():
        click.echo("looking; OpenClaw takes some seconds to answer", err=True)
    made = checks(gather(home, config, socket, program))
    good = all(check.state is not State.NOT_IN_FORCE for check in made)
    if as_json:
        click.echo(json.dumps({"in_force": good, "checks": [_json(check) for check in made]}))
    else:
        show(made, Console())
    return 0 if good else 1


def gather(home: Home, config: Path | None, socket: Path | None, program: Path | None) -> Findings:
    """Look at everything that there is to look at."""
    file = read_config(locate(config, os.environ))
    agents, place = agents_of(file.tree), Place.of(home, file.path)
    at = (socket or home.socket).absolute()
    told = ask_all(at)
    host = Host.find(program, file.path)
    return Findings(
        tree=file.tree,
        agents=agents,
        socket=str(at),
        egress=told.egress or last_egress(place.record()),
        edge=told.status,
        edge_trouble=told.trouble,
        manifests=told.manifests,
        version=host.version() if host else None,
        inspected=_inspected(host) if host else None,
        plugin=_folders(file.tree),
        plugin_version=plugin_version(shipped_plugin()),
        tokens=frozenset(agent for agent in agents if place.token_file(agent).is_file()),
        copies=copies_with_keys(copies(file.path)),
        sign_ins=_sign_ins(host, agents) if host else None,
        variable=os.environ.get(TRAJECTORY, ""),
    )


def _inspected(host: Host) -> JsonObject:
    try:
        return host.inspect()
    except SafetyError as error:
        return {"plugin": {"status": str(error)}}


def _sign_ins(host: Host, agents: tuple[str, ...]) -> dict[str, tuple[str, ...]] | None:
    try:
        return {agent: host.sign_ins(agent) for agent in agents}
    except UnavailableError:
        return None


def _folders(tree: JsonObject) -> dict[str, bool]:
    """Return each folder from which our plugin is loaded, and whether it is the plugin of this program."""
    shipped = plugin_hash(shipped_plugin())
    folders = [Path(path).expanduser() for path in words(found(tree, "plugins", "load", "paths"))]
    return {str(folder): plugin_hash(folder) == shipped for folder in folders if _is_ours(folder)}


def _is_ours(folder: Path) -> bool:
    try:
        return bool(json.loads((folder / MANIFEST).read_bytes())["id"] == PLUGIN_ID)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def show(made: tuple[Check, ...], console: Console) -> None:
    """Print the checks as a table."""
    table = Table("", "", Column("", overflow="fold"), show_header=False, box=None, padding=(0, 2, 0, 0))
    above = ""
    for check in made:
        if check.layer.value != above:
            table.add_row(Text(check.layer.value, "bold"))
            above = check.layer.value
        proof = Text.assemble(check.proof, (f"\nfix: {check.fix}" if check.fix else "", "bold"))
        table.add_row(Text(f"  {check.name}"), Text(check.state.value, COLOURS[check.state]), proof)
    console.print(table)


def _json(check: Check) -> JsonObject:
    return {
        "layer": check.layer.value,
        "name": check.name,
        "state": check.state.value,
        "proof": check.proof,
        "fix": check.fix,
    }
