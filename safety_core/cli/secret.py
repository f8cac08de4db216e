"""`safety secret`: what the vault holds. Values come from standard input or a hidden prompt, never as an argument."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import BinaryIO

import click

from safety_core.cli.home import home_option, record
from safety_core.cli.secret_file import read_secrets
from safety_core.edge import clock
from safety_core.edge.home import Home
from safety_core.edge.vault import Vault
from safety_core.edge.vault_key import find_vault_key
from safety_core.errors import InputError, UnknownSecretError
from safety_core.match.common_value import check_value
from safety_core.model.record import Event
from safety_core.model.secret import SecretName, SecretValue, reference, secret_name

space_option = click.option(
    "--keep-space", is_flag=True, help="Keep white space around the value; one line end is always left out."
)


@click.group()
def secret() -> None:
    """Keep secrets that no model and no log may see.

    A model sees and writes SECRET_REF(name); the value exists only inside of the command or request that needs it.
    """


def _opened(home: Home) -> Vault:
    return Vault.open(home.vault, find_vault_key(home))


@secret.command("set")
@click.argument("name")
@space_option
@home_option
def set_(name: str, keep_space: bool, home: Home) -> None:
    """Keep a value under NAME; replaces the one that is there.

    A value that stands in ordinary text (a word, a public header, the name of a model) is refused,
    and so is a whole line NAME=value. A value of several lines is one secret: where a line is a secret of its own,
    keep it under a name of its own, too.

    \b
    safety secret set openai_key                  asks for it, hidden
    pass show openai | safety secret set openai_key
    """
    checked = secret_name(name)
    value = _read_value(checked, keep_space=keep_space)
    with _opened(home) as vault:
        asyncio.run(record(home, Event.SECRET, checked, "set"))
        vault.put(checked, value, now=clock.now())
    click.echo(f"kept; refer to it as {reference(checked)}")


@secret.command()
@click.argument("name")
@space_option
@home_option
def rotate(name: str, keep_space: bool, home: Home) -> None:
    """Replace the value of NAME, which must be there."""
    checked = secret_name(name)
    with _opened(home) as vault:
        if checked not in vault.names():
            raise UnknownSecretError(f"secret {checked}", "is not in the vault", f"safety secret set {checked}")
        value = _read_value(checked, keep_space=keep_space)
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
@click.option("--skip-refused", is_flag=True, help="Keep the others when some are refused.")
@home_option
def import_(file: BinaryIO, skip_refused: bool, home: Home) -> int:
    """Keep every secret in FILE ("-" for standard input): a JSON object of names and values, or NAME=value lines.

    All are checked first: when one is refused, none is kept. A name without a value is left out.
    """
    secrets = read_secrets(file.read(), "standard input" if file is sys.stdin.buffer else file.name)
    for entry in secrets.empty:
        click.echo(f"note: {entry} has no value and is left out", err=True)
    for error in secrets.refused:
        click.echo(f"{'left out' if skip_refused else 'error'}: {error}", err=True)
    kept = {} if secrets.refused and not skip_refused else secrets.found
    if kept:
        with _opened(home) as vault:
            for name, value in kept.items():
                asyncio.run(record(home, Event.SECRET, name, "import"))
                vault.put(name, value, now=clock.now())
    hint = " (--skip-refused keeps the others)" if secrets.found and not kept else ""
    click.echo(f"{len(kept)} kept{hint}")
    if kept:
        return 0
    return 2 if any(isinstance(error, InputError) for error in secrets.refused) else 1


def _read_value(name: SecretName, *, keep_space: bool) -> SecretValue:
    if sys.stdin.isatty():
        text = click.prompt("Value", hide_input=True, confirmation_prompt=True)
    else:
        try:
            text = sys.stdin.buffer.read().decode("utf-8").removesuffix("\n").removesuffix("\r")
        except UnicodeDecodeError as error:
            raise InputError("value", "is not UTF-8 text") from error
    if not keep_space and text != text.strip():
        text = text.strip()
        click.echo("note: the white space around the value is left out; --keep-space keeps it", err=True)
    value = SecretValue(text)
    check_value(value, f"secret {name}")
    return value
