"""The steps of installing hooks, taking them out, and proving them."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Final

import click

from safety_core.canonical import JsonObject
from safety_core.cli.hook.asking import Options
from safety_core.cli.hook.behind import edges_behind
from safety_core.cli.hook.codex import has_terminals, untrusted
from safety_core.cli.hook.event import Kind
from safety_core.cli.hook.places import Wanted, is_as_written, settings_file
from safety_core.cli.hook.proof import trials
from safety_core.cli.hook.settings import our_commands, read_settings, with_hooks, without_hooks
from safety_core.cli.hook.spoken import Host
from safety_core.cli.openclaw.config import render
from safety_core.cli.openclaw.install import confirm
from safety_core.cli.openclaw.shown import diff
from safety_core.edge.files import replace_file

TRUST: Final = "start codex, enter /hooks, and trust each of ours"

CLOSED: Final = "in force, but no edge judges: every call is blocked until one does"

TYPED: Final = "Codex asks no hook about what is typed into a program that runs in a terminal"
NO_TERMINALS: Final = "write unified_exec_tty = false under [features] in its config.toml"


def install(host: Host, options: Options, *, project: bool, yes: bool) -> int:
    """Put our hooks into the host's settings."""
    path = settings_file(host, os.environ, project=project)
    kinds = (Kind.CALL,) if options.alone else tuple(Kind)
    before = read_settings(path)
    after = with_hooks(before, Wanted(host, options.words(), options.seconds, kinds), path)
    if before == after:
        click.echo("nothing to do: they are installed")
    else:
        _change(path, before, after, "Change it so?", yes=yes)
    if host is Host.CODEX:
        click.echo(f"note: Codex runs a hook only once you trust it: {TRUST}", err=True)
        if has_terminals(os.environ):
            click.echo(f"note: {TYPED}. {NO_TERMINALS}", err=True)
    where = " --project" if project else ""
    click.echo(f"a session that runs has to be begun anew; safety hook status {host.value}{where} proves it")
    return 0


def remove(host: Host, *, project: bool, yes: bool) -> int:
    """Take our hooks out of the host's settings."""
    path = settings_file(host, os.environ, project=project)
    before = read_settings(path)
    after = without_hooks(before, path)
    if before == after:
        click.echo("nothing to do: none of ours is there")
        return 0
    _change(path, before, after, "Take them out? Its calls are then unguarded.", yes=yes)
    return 0


def status(host: Host, *, project: bool) -> int:
    """Show whether our hooks block, and whether the edge behind them answers; return 0 if both is so."""
    path = settings_file(host, os.environ, project=project)
    tree = read_settings(path)
    commands = our_commands(tree, path)
    troubles = [*_missing(host, tree, path, commands)]
    for command in commands.get(Kind.CALL.value, []):
        if project and not is_as_written(command):  # whoever wrote the project would have us run what they like
            fix = f"safety hook install {host.value} --project"
            troubles.append(f"a command that this program has not written is not tried. Fix: {fix}")
            continue
        for what, blocked, told in trials(command):
            click.echo(f"{'blocked' if blocked else 'not blocked'}: {what} ({told})")
            troubles += [] if blocked else [f"{what} was not blocked"]
    for event in commands:
        click.echo(f"installed: {event}")
    edges = edges_behind(chain.from_iterable(commands.values()))
    for edge in edges:
        click.echo(f"edge: {edge.told}")
    for trouble in troubles:
        click.echo(f"not in force: {trouble}")
    judged = all(edge.judges for edge in edges)
    click.echo(f"{path}: {'not in force' if troubles else 'in force' if judged else CLOSED}")
    return 0 if judged and not troubles else 1


def _missing(host: Host, tree: JsonObject, path: Path, commands: Mapping[str, list[str]]) -> Iterator[str]:
    """Yield what keeps the host from running our hooks."""
    if Kind.CALL.value not in commands:
        yield f"nothing asks before a call. Fix: safety hook install {host.value}"
    for file in _heeded(host, path):
        if (tree if file == path else read_settings(file)).get("disableAllHooks"):
            yield f"disableAllHooks is set. Fix: take it out of {file}"
    if host is Host.CODEX and (events := untrusted(tree, path, os.environ)):
        yield f"Codex passes over {', '.join(events)}, for nobody has trusted it there. Fix: {TRUST}"
    if host is Host.CODEX and has_terminals(os.environ):
        yield f"{TYPED}. Fix: {NO_TERMINALS}"


def _heeded(host: Host, path: Path) -> Iterator[Path]:
    """Yield the files that may switch hooks off: for Claude Code also what comes with the project in this folder."""
    yield path
    if host is Host.CLAUDE_CODE:
        shared = settings_file(host, os.environ, project=True)
        yield from {shared, shared.with_name("settings.local.json"), settings_file(host, os.environ, project=False)} - {
            path
        }


def _change(path: Path, before: JsonObject, after: JsonObject, question: str, *, yes: bool) -> None:
    """Show the change, ask, and write it with the mode that the file has."""
    click.echo(diff(before, after, str(path)))
    confirm(yes, question)
    mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o600
    replace_file(path, render(after), lambda descriptor: os.fchmod(descriptor, mode))
    click.echo(f"changed: {path}")
