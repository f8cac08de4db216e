"""`safety secret rekey`: other keys for the vault, while the edge goes on."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Final

import click

from safety_core.cli.home import home_option, record
from safety_core.cli.secret.opening import opened
from safety_core.edge.home import Home
from safety_core.edge.key_file import read_key_file, write_key_file
from safety_core.edge.vault import Vault, change_key, exchange_key_file, finish_key, reseal
from safety_core.edge.vault_key import Passphrase, RawKey, VaultKey, from_credential
from safety_core.errors import InputError, SecretError
from safety_core.model.record import Event
from safety_core.model.secret import SecretValue

SHORTEST: Final = 16
"""Characters of a passphrase: with fewer, whoever has the file may try them all."""


@click.command()
@click.option("--key", "key_file", type=click.Path(path_type=Path), help="A new key: a file (0600) of 64 hex digits.")
@click.option("--passphrase", is_flag=True, help="A new passphrase, from standard input or a hidden prompt.")
@click.option("--finish", is_flag=True, help="Take away every key but the one in use.")
@click.option("--values-only", is_flag=True, help="Leave the key from outside as it is.")
@click.option(
    "--keep-old", type=click.Path(path_type=Path), help="Write the old key file here (0600), for old backups."
)
@home_option
def rekey(
    key_file: Path | None, passphrase: bool, finish: bool, values_only: bool, keep_old: Path | None, home: Home
) -> None:
    """Exchange the vault's keys. Both: the one from outside that opens it, and the one inside that seals every value.

    The edge goes on meanwhile, and what is stopped at any point (kill -9, a power cut) is gone on with by the same
    command. Backups that were made until now open with the old key only.

    \b
    safety secret rekey              a new file in place of keys/vault.key
    safety secret rekey --key FILE   a key of yours (0600): openssl rand -hex 32
    safety secret rekey --passphrase

    With --key or --passphrase both keys open the vault, until you have put the new one in its place (a systemd
    credential, say), started the edge anew, and run `safety secret rekey --finish` with it.
    """
    if sum((key_file is not None, passphrase, finish, values_only)) > 1:
        raise InputError("safety secret rekey", "is given two ways at once", "give one of the options")
    with opened(home) as vault:
        asyncio.run(record(home, Event.SECRET, "vault", "rekey"))
        if finish:
            click.echo(f"{finish_key(vault)} other keys open it no more")
            return
        if key_file is not None or passphrase:
            change_key(vault, RawKey.of(read_key_file(key_file)) if key_file else _read_passphrase())
            click.echo("the new key opens the vault, and the old one still does: put the new one in its place, then")
            click.echo("safety secret rekey --finish")
        elif not values_only:
            _exchange(home, vault, keep_old)
        click.echo(f"{reseal(vault)} values are sealed anew")


def _exchange(home: Home, vault: Vault, keep_old: Path | None) -> None:
    if from_credential():
        fix = "give --key or --passphrase, then change the credential"
        raise SecretError("vault key", "comes from a systemd credential, which is not ours to change", fix)
    if keep_old is not None:
        write_key_file(keep_old, read_key_file(home.vault_key))
    exchange_key_file(vault, home.vault_key)
    click.echo(f"{home.vault_key} is new; the backups until now need the old one: safety backup make")


def _read_passphrase() -> VaultKey:
    if sys.stdin.isatty():
        text = click.prompt("Passphrase", hide_input=True, confirmation_prompt=True)
    else:
        text = sys.stdin.readline().strip()
    if len(text) < SHORTEST:
        raise InputError("passphrase", f"is shorter than {SHORTEST} characters", "take some five words by chance")
    return Passphrase(SecretValue(text))
