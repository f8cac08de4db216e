"""`safety secret`: what the vault holds. Values come from standard input or a hidden prompt, never as an argument."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator, Mapping
from typing import BinaryIO

import click

from safety_core.cli.home import home_option, record
from safety_core.edge import clock
from safety_core.edge.home import Home
from safety_core.edge.vault import Vault
from safety_core.edge.vault_key import find_vault_key
from safety_core.errors import InputError, UnknownSecretError
from safety_core.match.common_value import check_value
from safety_core.model.record import Event
from safety_core.model.secret import SecretName, SecretValue, reference, secret_name
from safety_core.wire.reader import Reader


@click.group()
def secret() -> None:
    """Keep secrets that no model and no log may see.

    A model sees and writes SECRET_REF(name); the value exists only inside of the command or request that needs it.
    """


def _opened(home: Home) -> Vault:
    return Vault.open(home.vault, find_vault_key(home))


@secret.command("set")
@click.argument("name")
@home_option
def set_(name: str, home: Home) -> None:
    """Keep a value under NAME; replaces the one that is there.

    A value that stands in ordinary text (a word, a public header, the name of a model) is refused.

    \b
    safety secret set openai_key                  asks for it, hidden
    pass show openai | safety secret set openai_key
    """
    checked = secret_name(name)
    value = _read_value(checked)
    with _opened(home) as vault:
        asyncio.run(record(home, Event.SECRET, checked, "set"))
        vault.put(checked, value, now=clock.now())
    click.echo(f"kept; refer to it as {reference(checked)}")


@secret.command()
@click.argument("name")
@home_option
def rotate(name: str, home: Home) -> None:
    """Replace the value of NAME, which must be there."""
    checked = secret_name(name)
    with _opened(home) as vault:
        if checked not in vault.names():
            raise UnknownSecretError(f"secret {checked}", "is not in the vault", f"safety secret set {checked}")
        value = _read_value(checked)
        asyncio.run(record(home, Event.SECRET, checked, "rotate"))
        vault.rotate(checked, value, now=clock.now())
    click.echo("replaced")


@secret.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@home_option
def list_(as_json: bool, home: Home) -> None:
    """Show names, never values."""
    with _opened(home) as vault:
        entries = vault.entries()
        for entry in entries:
            origin = "found by a scanner" if entry.discovered else "registered"
            told = {"name": entry.name, "version": entry.version, "discovered": entry.discovered}
            click.echo(json.dumps(told) if as_json else f"{entry.name}  version {entry.version}, {origin}")
    if not entries and not as_json:
        click.echo(f"no secret is kept in {home.path}", err=True)


@secret.command()
@click.argument("name")
@home_option
def remove(name: str, home: Home) -> None:
    """Forget NAME. What refers to it fails from now on, and its value is no longer looked for."""
    checked = secret_name(name)
    with _opened(home) as vault:
        asyncio.run(record(home, Event.SECRET, checked, "remove"))
        vault.remove(checked)
    click.echo("removed")


@secret.command("import", short_help="Keep all secrets of a file: JSON, or NAME=value lines.")
@click.argument("file", type=click.File("rb"))
@home_option
def import_(file: BinaryIO, home: Home) -> None:
    """Keep every secret in FILE ("-" for standard input): a JSON object of names and values, or NAME=value lines.

    All are checked first: when one is refused, none is kept.
    """
    found = _parsed(file.read())
    with _opened(home) as vault:
        for name, value in found.items():
            asyncio.run(record(home, Event.SECRET, name, "import"))
            vault.put(name, value, now=clock.now())
    click.echo(f"{len(found)} kept")


def _read_value(name: SecretName) -> SecretValue:
    if sys.stdin.isatty():
        text = click.prompt("Value", hide_input=True, confirmation_prompt=True)
    else:
        try:
            text = sys.stdin.buffer.read().decode("utf-8").removesuffix("\n").removesuffix("\r")
        except UnicodeDecodeError as error:
            raise InputError("value", "is not UTF-8 text") from error
    value = SecretValue(text)
    check_value(value, f"secret {name}")
    return value


def _parsed(raw: bytes) -> Mapping[SecretName, SecretValue]:
    found: dict[SecretName, SecretValue] = {}
    for name, text in _pairs(raw):
        checked = secret_name(name)
        found[checked] = SecretValue(text)
        check_value(found[checked], f"secret {checked}")
    return found


def _pairs(raw: bytes) -> Iterator[tuple[str, str]]:
    if raw.lstrip().startswith(b"{"):
        body = Reader.parse(raw, "secrets")
        names = body.keys()
        for name in names:
            yield name, body.text(name, limit=1024 * 1024)
        return
    try:
        lines = raw.decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise InputError("secrets", "is not UTF-8 text") from error
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.lstrip().startswith("#"):
            name, sign, value = line.strip().removeprefix("export ").partition("=")
            if not sign:
                raise InputError(f"secrets, line {number}", "is not NAME=value", "begin a comment with #")
            yield name.strip(), _unquoted(value.strip())


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"" else value
