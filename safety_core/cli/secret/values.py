"""Values: set, rotate, versions, rollback, list, remove."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Final

import click

from safety_core.canonical import Json, JsonObject
from safety_core.cli.home import home_option, record
from safety_core.cli.secret.duration import Duration
from safety_core.cli.secret.opening import entry_of, opened
from safety_core.edge import clock
from safety_core.edge.home import Home
from safety_core.edge.vault import Vault, VaultEntry
from safety_core.errors import InputError, SecretError
from safety_core.match.common_value import check_value
from safety_core.model.record import Event
from safety_core.model.secret import SecretName, SecretValue, new_secret_name, reference, secret_name
from safety_core.model.terms import day

OVERLAP: Final = "24h"
"""How long an old value counts unless something else is said: until everything that holds it has been given the new
one."""

space_option = click.option(
    "--keep-space", is_flag=True, help="Keep white space around the value; one line end is always left out."
)
expires_option = click.option(
    "--expires",
    type=Duration(),
    help="How long this value lasts, and each that follows: 90d. It is told two weeks before, and refused after.",
)
overlap_option = click.option(
    "--overlap",
    type=Duration(),
    default=OVERLAP,
    show_default=True,
    help="How long the old value is still looked for, and may be used as SECRET_REF(NAME.previous); 0 for no longer.",
)


@click.command("set")
@click.argument("name")
@space_option
@expires_option
@home_option
def set_(name: str, keep_space: bool, expires: float | None, home: Home) -> None:
    """Keep a value under NAME; replaces the one that is there.

    A value that stands in ordinary text (a word, a public header, the name of a model) is refused,
    and so is a whole line NAME=value. A value of several lines is one secret: where a line is a secret of its own,
    keep it under a name of its own, too.

    \b
    safety secret set openai_key                  asks for it, hidden
    pass show openai | safety secret set openai_key
    """
    checked = new_secret_name(name)
    value = _read_value(checked, keep_space=keep_space)
    with opened(home) as vault:
        _refuse_canary(vault, checked)
        asyncio.run(record(home, Event.SECRET, checked, "set"))
        now = clock.now()
        vault.put(checked, value, now=now)
        if expires is not None:
            vault.change_terms(checked, lambda terms: terms.lasting(expires, now))
    click.echo(f"kept; refer to it as {reference(checked)}")


@click.command()
@click.argument("name")
@space_option
@overlap_option
@expires_option
@home_option
def rotate(name: str, keep_space: bool, overlap: float, expires: float | None, home: Home) -> None:
    """Replace the value of NAME. It must be there; the old one counts for a while.

    During the overlap the old value is taken out of all text as the new one is, under the same name, and a call may
    still use it as SECRET_REF(NAME.previous). A secret that expires lasts as long again.
    """
    checked = secret_name(name)
    with opened(home) as vault:
        entry_of(vault, checked)
        _refuse_canary(vault, checked)
        value = _read_value(checked, keep_space=keep_space)
        asyncio.run(record(home, Event.SECRET, checked, "rotate"))
        now = clock.now()
        vault.rotate(checked, value, now=now, overlap=overlap)
        if expires is not None:
            vault.change_terms(checked, lambda terms: terms.lasting(expires, now))
    click.echo(f"replaced; the old value counts until {day(now + overlap)}" if overlap else "replaced")


@click.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@home_option
def versions(name: str, as_json: bool, home: Home) -> None:
    """Show the versions of NAME that are kept, never their values. `rollback` brings one back."""
    now = clock.now()
    with opened(home) as vault:
        for version in vault.versions(secret_name(name)):
            if as_json:
                told = {"version": version.number, "changed": version.changed, "current": version.current}
                click.echo(json.dumps({**told, "until": version.until}))
                continue
            state = "current" if version.current else "kept"
            if version.until > now:
                state = f"counts until {day(version.until)}"
            click.echo(f"version {version.number}  of {day(version.changed)}, {state}")


@click.command()
@click.argument("name")
@click.option("--version", "number", type=click.IntRange(min=1), help="Which version. [default: the last before]")
@overlap_option
@home_option
def rollback(name: str, number: int | None, overlap: float, home: Home) -> None:
    """Make an earlier value of NAME the current one, as a new version."""
    checked = secret_name(name)
    with opened(home) as vault:
        *formers, current = vault.versions(checked)
        if not formers:
            raise SecretError(f"secret {checked}", "has no earlier version", f"safety secret rotate {checked}")
        wanted = formers[-1].number if number is None else number
        asyncio.run(record(home, Event.SECRET, checked, "rollback"))
        vault.roll_back(checked, wanted, now=clock.now(), overlap=overlap)
    click.echo(f"version {current.number + 1} has the value of version {wanted}")


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option("--accept", is_flag=True, help="Take the rows as they are, after somebody has put some back.")
@home_option
def list_(as_json: bool, accept: bool, home: Home) -> None:
    """Show names and terms, never values.

    A vault in which somebody without its key has put rows back, or has taken some away, is refused by every command
    and by the edge. Where no backup is to be had, --accept makes what is there count: look it through.
    """
    now = clock.now()
    if accept:
        asyncio.run(record(home, Event.SECRET, "vault", "accept"))
    with opened(home, accept=accept) as vault:
        entries, seen = vault.entries(), {one.name: one for one in vault.sightings()}
        for entry in entries:
            if as_json:
                click.echo(json.dumps(_told(entry)))
                continue
            line = f"{entry.name}  version {entry.version}, {', '.join(_terms(entry, now))}"
            if entry.terms.canary and entry.name in seen:
                line += f", SEEN {seen[entry.name].times} times, last {day(seen[entry.name].last)}"
            click.echo(line)
    if not entries and not as_json:
        click.echo(f"no secret is kept in {home.path}", err=True)


@click.command()
@click.argument("name")
@home_option
def remove(name: str, home: Home) -> None:
    """Forget NAME with all its versions. What refers to it fails from now on, and its value is no longer looked for."""
    checked = secret_name(name)
    with opened(home) as vault:
        asyncio.run(record(home, Event.SECRET, checked, "remove"))
        vault.remove(checked)
    click.echo("removed")


def _told(entry: VaultEntry) -> JsonObject:
    terms = entry.terms
    lists: list[Json] = [None if names is None else [*sorted(names)] for names in (terms.agents, terms.tools)]
    return {
        "name": entry.name,
        "version": entry.version,
        "discovered": entry.discovered,
        "changed": entry.changed,
        "expires": terms.expires,
        "agents": lists[0],
        "tools": lists[1],
        "canary": terms.canary,
    }


def _terms(entry: VaultEntry, now: float) -> list[str]:
    terms = entry.terms
    if terms.canary:
        return [f"canary ({terms.canary})"]
    told = ["found by a scanner" if terms.discovered else "registered"]
    if terms.expires is not None:
        told.append(f"EXPIRED on {day(terms.expires)}" if now >= terms.expires else f"expires on {day(terms.expires)}")
    for word, names in (("agent", terms.agents), ("tool", terms.tools)):
        if names is not None:
            told.append(f"for {word} {', '.join(sorted(names))}" if names else f"for no {word}")
    return told


def _refuse_canary(vault: Vault, name: SecretName) -> None:
    if any(entry.name == name and entry.terms.canary for entry in vault.entries()):
        raise SecretError(f"secret {name}", "is a canary", f"remove it first: safety secret remove {name}")


def _read_value(name: SecretName, *, keep_space: bool) -> SecretValue:
    if sys.stdin.isatty():
        text = click.prompt("Value", hide_input=True, confirmation_prompt=True)
    else:
        try:
            text = sys.stdin.buffer.read().decode("utf-8").removesuffix("\n").removesuffix("\r")
        except UnicodeDecodeError as error:
            raise InputError(
                "value", "is not UTF-8 text", "a secret is text: encode it first, `base64 FILE`"
            ) from error
        if not text:
            raise InputError(
                "value", "is empty", "type it at a terminal, or pipe it in: COMMAND | safety secret set NAME"
            )
    if not keep_space and text != text.strip():
        text = text.strip()
        click.echo("note: the white space around the value is left out; --keep-space keeps it", err=True)
    value = SecretValue(text)
    check_value(value, f"secret {name}")
    return value
