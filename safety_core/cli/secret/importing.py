"""`safety secret import`: the secrets that other programs keep."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Final

import click

from safety_core.cli.home import home_option, record
from safety_core.cli.secret import bitwarden, docker, hashicorp, onepassword
from safety_core.cli.secret.entries import Entries, line_of, read_lines, read_object
from safety_core.cli.secret.opening import opened
from safety_core.edge import clock
from safety_core.edge.files import read_input
from safety_core.edge.home import Home
from safety_core.errors import InputError, SecretError
from safety_core.model.record import Event
from safety_core.wire.reader import parse_json

LIMIT: Final = 64 * 1024 * 1024
"""Bytes of a file; exports have some hundred kilobytes."""


@click.command("import", short_help="Keep all secrets of a file or folder that another program keeps.")
@click.argument("file", type=click.Path(exists=True, allow_dash=True, path_type=Path))
@click.option("--skip-refused", is_flag=True, help="Keep the others when some are refused.")
@home_option
def import_(file: Path, skip_refused: bool, home: Home) -> int:
    """Keep every secret in FILE ("-" for standard input).

    What it is, is seen from it: NAME=value lines (.env); a JSON object of names and values; a folder of Docker secrets
    (/run/secrets); Bitwarden's export, JSON or CSV, not encrypted; 1Password's, 1pux or CSV; what HashiCorp Vault
    writes (vault kv get -format=json), and trees of that.

    All are checked first: when one is refused, none is kept. A name without a value is left out. Names are made of the
    titles: "GitHub (work)" becomes GitHub_work, a field of it GitHub_work.token. Delete the export afterwards.
    """
    found = _read(file)
    for entry in found.empty:
        click.echo(f"note: {line_of(entry)} has no value and is left out", err=True)
    for error in found.refused:
        click.echo(f"{'left out' if skip_refused else 'error'}: {line_of(error)}", err=True)
    kept = {} if found.refused and not skip_refused else found.found
    if kept:
        with opened(home) as vault:
            rings = {entry.name for entry in vault.entries() if entry.terms.canary}
            if taken := sorted(rings & kept.keys()):
                fix = f"remove it first: safety secret remove {taken[0]}"
                raise SecretError(f"secret {taken[0]}", "is a canary", fix)
            for name, value in kept.items():
                asyncio.run(record(home, Event.SECRET, name, "import"))
                vault.put(name, value, now=clock.now())
    hint = " (--skip-refused keeps the others)" if found.found and not kept else ""
    click.echo(f"{len(kept)} kept{hint}")
    if kept:
        if file.is_file():
            click.echo(f"{file} holds them in the clear: delete it", err=True)
        return 0
    return 2 if any(isinstance(error, InputError) for error in found.refused) else 1


def _read(file: Path) -> Entries:
    """Return what the file or folder says. Raises InputError: nobody knows what it is, or it holds no entry at all."""
    entries = Entries()
    if str(file) == "-":
        _read_bytes(entries, sys.stdin.buffer.read(LIMIT + 1), "standard input")
    elif file.is_dir():
        docker.read_docker(entries, file)
    else:
        _read_bytes(entries, read_input(file), str(file))
    if not (entries.found or entries.refused or entries.empty):
        name = "standard input" if str(file) == "-" else str(file)
        raise InputError(name, "holds no secret, so 0 are kept", "write lines NAME=value, or a JSON object")
    return entries


def _read_bytes(entries: Entries, raw: bytes, name: str) -> None:
    if len(raw) > LIMIT:
        raise InputError(name, f"is larger than {LIMIT} bytes", "import it in parts")
    head = raw.removeprefix(b"\xef\xbb\xbf").split(b"\n", 1)[0].decode("utf-8", "replace")
    columns = {column.strip().strip('"').lower() for column in head.split(",")}
    if raw.startswith(onepassword.MAGIC):
        onepassword.read_1pux(entries, raw, name)
    elif raw.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{"):
        _read_json(entries, raw.removeprefix(b"\xef\xbb\xbf"), name)
    elif bitwarden.HEADER in columns:
        bitwarden.read_bitwarden_csv(entries, raw, name)
    elif {"title", "password"} <= columns:
        onepassword.read_1password_csv(entries, raw, name)
    else:
        read_lines(entries, raw, name)


def _read_json(entries: Entries, raw: bytes, name: str) -> None:
    try:
        body = parse_json(raw, name)
    except InputError as error:
        raise InputError(error.thing, error.reason, "export it anew, or write lines NAME=value") from error
    if not isinstance(body, dict):
        raise InputError(name, "is no JSON object", 'write {"NAME": "value"}')
    if "encrypted" in body or isinstance(body.get("items"), list):
        bitwarden.read_bitwarden(entries, body, name)
    elif hashicorp.is_answer(body) or any(isinstance(value, dict) for value in body.values()):
        hashicorp.read_tree(entries, body, name)
    else:
        read_object(entries, raw, name)
