"""The steps of installing: read, plan, show, ask; then keep the old, write the new, and let OpenClaw judge it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import click
from ada_url import URL

from safety_core.cli.home import record
from safety_core.cli.openclaw.changes import changes, undone
from safety_core.cli.openclaw.config import ConfigFile, copies, locate, read_config, render, replace_config
from safety_core.cli.openclaw.host import Host
from safety_core.cli.openclaw.manifests import ask_agents, egress_of
from safety_core.cli.openclaw.place import Place, Record, sha256
from safety_core.cli.openclaw.plan import planned
from safety_core.cli.openclaw.plugin import copy_plugin, install_gate, plugin_hash, shipped_plugin
from safety_core.cli.openclaw.providers import copies_with_keys
from safety_core.cli.openclaw.shown import Mask, diff
from safety_core.cli.openclaw.snippet import snippet
from safety_core.cli.openclaw.wish import Manifest, Plan, Wish, agents_of
from safety_core.cli.status import ask
from safety_core.edge import clock
from safety_core.edge.home import Home
from safety_core.edge.vault import Vault
from safety_core.edge.vault_key import find_vault_key
from safety_core.errors import InputError, UnavailableError
from safety_core.match.common_value import check_value
from safety_core.model.record import Event
from safety_core.model.secret import SecretName, SecretValue

EGRESS: Final = "http://127.0.0.1:8100"
"""Where the edge's egress is, unless its settings say otherwise."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line says. None: look for it."""

    home: Home
    config: Path | None = None
    socket: Path | None = None
    egress: str | None = None
    program: Path | None = None
    link: bool = False
    without: tuple[str, ...] = ()
    yes: bool = False


@dataclass(frozen=True, slots=True)
class Scene:
    """What was found before anything is planned. `agents`: of the configuration; `manifests`: of the edge."""

    file: ConfigFile
    place: Place
    old: Record | None
    agents: tuple[str, ...]
    manifests: Mapping[str, Manifest] | None
    wish: Wish


def look(asked: Asked) -> Scene:
    """Read the configuration, what an earlier install noted, and what the edge says."""
    file = own_config(asked.config)
    place = Place.of(asked.home, file.path)
    old, agents = place.record(), agents_of(file.tree)
    socket = (asked.socket or asked.home.socket).absolute()
    manifests, egress = _edge(socket)
    shipped = shipped_plugin()
    plugin = shipped if asked.link else place.plugin
    wish = Wish(
        plugin=str(plugin),
        socket=str(socket),
        egress=_address(asked.egress) if asked.egress else egress or EGRESS,
        tokens={agent: str(place.token_file(agent)) for agent in agents},
        manifests=manifests or {},
        upstreams=old.upstreams if old else {},
        without=frozenset(asked.without),
        gate=install_gate(plugin, shipped, agents[0], socket),
        former=frozenset({str(shipped), str(place.plugin)} - {str(plugin)}),
    )
    return Scene(file, place, old, agents, manifests, wish)


def own_config(named: Path | None) -> ConfigFile:
    """Return the configuration, which must belong to whoever runs this: OpenClaw has to read what install keeps.

    Raises:
        InputError: it belongs to somebody else.
    """
    file = read_config(locate(named, os.environ))
    if file.owner != os.geteuid():
        reason = "belongs to another user, who could not read the tokens"
        raise InputError(str(file.path), reason, "run this, and the edge, as the user whose OpenClaw it is")
    return file


def _address(given: str) -> str:
    """Return the address of an egress, or refuse what is none."""
    try:
        url = URL(given)
        plain = (
            url.protocol in {"http:", "https:"} and url.pathname == "/" and not (url.username or url.search or url.hash)
        )
    except ValueError:
        plain = False
    if not plain:
        raise InputError("--egress", "must be an address and a port", "write http://127.0.0.1:8100")
    return given.rstrip("/")


def _edge(socket: Path) -> tuple[Mapping[str, Manifest] | None, str | None]:
    try:
        egress = egress_of(ask(socket))
    except UnavailableError:
        return None, None
    try:
        return ask_agents(socket), egress
    except UnavailableError:
        return None, egress


def install(asked: Asked) -> None:
    """Put the gateway into the OpenClaw that `asked` names."""
    scene = look(asked)
    plan = planned(scene.file.tree, scene.wish)
    for note in (*plan.notes, *_gaps(scene)):
        click.echo(f"note: {note}", err=True)
    todo = changes(scene.file.tree, plan.tree)
    copied = _copy_due(asked, scene)
    if not todo and not copied and _has_tokens(scene):
        click.echo("nothing to do: everything is installed")
    else:
        if todo:
            click.echo(diff(scene.file.tree, plan.tree, str(scene.file.path)))
        for key in plan.keys:
            click.echo(f"a provider's key goes into the vault as {key}, and out of this file")
        if copied:
            click.echo(f"the plugin is copied to {scene.wish.plugin}")
        confirm(asked.yes, "Change it so?")
        _carry_out(asked, scene, plan)
    digests = {agent: scene.place.draw_token(agent) for agent in scene.agents}
    click.echo("\n# the edge's settings must say this (`safety edge --help`):")
    click.echo(snippet(scene.agents, plan.upstreams, digests), nl=False)


def _gaps(scene: Scene) -> list[str]:
    """Return what install cannot do by itself."""
    gaps = [
        f"{name} beside the file still holds a provider's key: restart OpenClaw's gateway, then remove what has one"
        for name in copies_with_keys(copies(scene.file.path))
    ]
    if scene.manifests is None:
        told = (
            "the edge does not run, or does not say what policy asks of the agents: their tools and sandboxes stay as"
        )
        return [*gaps, f"{told} they are. Run this again once it does"]
    unknown = [agent for agent in scene.agents if agent not in scene.manifests]
    return gaps + [f"policy names no agent {agent}: its tools and sandbox stay as they are" for agent in unknown]


def _copy_due(asked: Asked, scene: Scene) -> bool:
    target = Path(scene.wish.plugin)
    return not asked.link and (not target.is_dir() or plugin_hash(target) != plugin_hash(shipped_plugin()))


def _has_tokens(scene: Scene) -> bool:
    return all(scene.place.token_file(agent).is_file() for agent in scene.agents)


def confirm(yes: bool, question: str) -> None:
    """Ask a person, unless they have said yes already. Where nobody can be asked, nothing is done."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise InputError(
            "this change", "was not confirmed: nobody can be asked without a terminal", "look at it, then add --yes"
        )
    click.confirm(question, abort=True, err=True)


def _carry_out(asked: Asked, scene: Scene, plan: Plan) -> None:
    _into_vault(asked.home, plan.keys)
    for agent in scene.agents:
        scene.place.draw_token(agent)
    if _copy_due(asked, scene):
        copy_plugin(shipped_plugin(), Path(scene.wish.plugin))
    new = render(plan.tree)
    if not changes(scene.file.tree, plan.tree):
        return
    noted, backup = _noted(scene, plan, new)
    scene.place.note(noted, scene.file.path)
    replace_config(scene.file, new)
    judge(asked, replace(scene.file, raw=new, tree=plan.tree), scene.file.raw, lambda: _unnote(scene))
    click.echo(f"changed; the file as it was: {backup}")
    click.echo("restart OpenClaw's gateway, then look at `safety openclaw status`")


def _into_vault(home: Home, keys: Mapping[SecretName, SecretValue]) -> None:
    """Keep the keys that stood in the configuration; a name that the vault has already is left as it is."""
    if not keys:
        return
    for name, value in keys.items():
        check_value(value, f"secret {name}")
    home.create()
    with Vault.open(home.vault, find_vault_key(home)) as vault:
        known = vault.names()
        for name, value in keys.items():
            if name in known:
                click.echo(f"note: the vault has a secret {name} already; it is left as it is", err=True)
            else:
                asyncio.run(record(home, Event.SECRET, name, "set"))
                vault.put(name, value, now=clock.now())


def _noted(scene: Scene, plan: Plan, new: bytes) -> tuple[Record, Path]:
    """Keep the file as it is, and return what to note: all changes since before the first install."""
    backup = scene.place.keep(scene.file.raw, clock.now())
    old, origin, first = scene.old, scene.file.tree, backup
    if old is not None:
        origin, _ = undone(scene.file.tree, old.changes)
        untouched = sha256(scene.file.raw) == old.after and scene.place.backup_of(old).is_file()
        first = scene.place.backup_of(old) if untouched else scene.place.keep(render(origin), clock.now())
    upstreams = {**(old.upstreams if old else {}), **plan.upstreams}
    return Record(first.name, sha256(new), changes(origin, plan.tree), upstreams), backup


def _unnote(scene: Scene) -> None:
    if scene.old is not None:
        scene.place.note(scene.old, scene.file.path)
    else:
        (scene.place.path / "record.json").unlink(missing_ok=True)


def judge(asked: Asked, written: ConfigFile, before: bytes, undo: Callable[[], None]) -> None:
    """Let OpenClaw judge what was written; put back what was there, and `undo` the rest, if it refuses it.

    Raises:
        InputError: it was refused.
    """
    host = Host.find(asked.program, written.path)
    if host is None:
        click.echo("note: not validated, for there is no `openclaw` on the PATH; --openclaw FILE names it", err=True)
        return
    try:
        objections = host.objections()
    except UnavailableError:
        replace_config(written, before)
        undo()
        raise
    if objections:
        replace_config(written, before)
        undo()
        mask = Mask()
        mask.hide(written.tree)
        shown = mask.strike("; ".join(objections))[:1000]
        raise InputError(
            f"the new {written.path}",
            f"is refused by OpenClaw ({shown})",
            "the old one is back; mend what it names, then run this again",
        )
