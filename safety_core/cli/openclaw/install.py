"""The steps of installing: read, plan, show, ask; then keep the old, write the new, and let OpenClaw judge it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import click

from safety_core.cli.home import record
from safety_core.cli.openclaw.changes import changes
from safety_core.cli.openclaw.config import ConfigFile, copies, render, replace_config
from safety_core.cli.openclaw.host import Host
from safety_core.cli.openclaw.keys import copies_with_keys
from safety_core.cli.openclaw.place import Record, sha256
from safety_core.cli.openclaw.plan import planned
from safety_core.cli.openclaw.plugin import copy_plugin, plugin_hash, shipped_plugin
from safety_core.cli.openclaw.scene import Asked, Scene, look
from safety_core.cli.openclaw.shown import Mask, diff
from safety_core.cli.openclaw.snippet import snippet
from safety_core.cli.openclaw.wish import Plan
from safety_core.edge import clock
from safety_core.edge.files import read_input
from safety_core.edge.home import Home
from safety_core.edge.vault import Vault
from safety_core.edge.vault_key import find_vault_key
from safety_core.errors import InputError, UnavailableError
from safety_core.match.common_value import check_value
from safety_core.model.record import Event
from safety_core.model.secret import SecretName, SecretValue


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
    click.echo("\n# the edge's settings must say this; a [section] that is there already takes the lines in:")
    click.echo(snippet(scene.agents, plan.upstreams, digests), nl=False)
    if todo or copied:
        click.echo("# then restart the edge, then OpenClaw's gateway, and look at `safety openclaw status`")


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
    told = "its tools and sandbox stay as they are; to bound them, name it in the policy's agents.yaml"
    return gaps + [f"policy names no agent {agent}: {told}" for agent in unknown]


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


def _into_vault(home: Home, keys: Mapping[SecretName, SecretValue]) -> None:
    """Keep the keys that stood in the configuration; what the vault has already under a name is left as it is."""
    if not keys:
        return
    for name, value in keys.items():
        check_value(value, f"secret {name}")
    home.create()
    with Vault.open(home.vault, find_vault_key(home)) as vault:
        known = vault.names()
        for name, value in keys.items():
            if name in known and vault.get([name])[name] != value:
                told = f"the vault has another {name} than this file: it is the vault's that counts"
                click.echo(f"note: {told}. If it is the old one: safety secret set {name}", err=True)
            elif name not in known:
                asyncio.run(record(home, Event.SECRET, name, "set"))
                vault.put(name, value, now=clock.now())


def _noted(scene: Scene, plan: Plan, new: bytes) -> tuple[Record, Path]:
    """Keep the file as it is, and return what to note: all changes since before the first install."""
    backup = scene.place.keep(scene.file.raw, clock.now())
    old, origin, first = scene.old, scene.file.tree, backup
    if old is not None:
        raw, origin, _ = scene.place.before(old, scene.file)
        kept = scene.place.backup_of(old)
        first = kept if kept.is_file() and raw == read_input(kept) else scene.place.keep(raw, clock.now())
    upstreams = {**(old.upstreams if old else {}), **plan.upstreams}
    return Record(first.name, sha256(new), changes(origin, plan.tree), upstreams, scene.wish.egress), backup


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
