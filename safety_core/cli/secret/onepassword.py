"""1Password's export: 1pux (a zip file with export.data, JSON) and CSV.

Taken up: passwords, concealed fields, keys of one-time codes, private keys. Not: notes, user names, documents, earlier
passwords, and what is archived.
"""

from __future__ import annotations

import io
import lzma
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from typing import Any, Final

from safety_core.cli.secret.entries import Entries, rows_of, told
from safety_core.errors import InputError
from safety_core.wire.reader import parse_json

MAGIC: Final = b"PK\x03\x04"
DATA: Final = "export.data"
LIMIT: Final = 64 * 1024 * 1024
"""Bytes of export.data once unpacked: some 50,000 items."""

_CONCEALED: Final = ("concealed", "totp", "sshKey")


def read_1pux(entries: Entries, raw: bytes, file: str) -> None:
    """Take up a 1pux file. Raises InputError: it is none."""
    fix = "export as 1PUX or CSV"
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive, archive.open(DATA) as data:
            unpacked = data.read(LIMIT + 1)
    except (
        zipfile.BadZipFile,
        zlib.error,
        lzma.LZMAError,
        EOFError,
        LookupError,
        OSError,
        RuntimeError,
        ValueError,
    ) as error:
        raise InputError(file, f"is no export of 1Password ({type(error).__name__})", fix) from error
    if len(unpacked) > LIMIT:
        raise InputError(file, f"unpacks to more than {LIMIT} bytes", "export fewer vaults at once")
    body = parse_json(unpacked, f"{file}: {DATA}")
    number = 0
    for account in _objects(body, "accounts"):
        for vault in _objects(account, "vaults"):
            for item in _objects(vault, "items"):
                number += 1
                if item.get("state", "active") == "active":
                    _take(entries, f"{file}, item {number}", item)


def _take(entries: Entries, place: str, item: Mapping[str, Any]) -> None:
    overview = item.get("overview")
    name = told(overview, "title") if isinstance(overview, dict) else ""
    for title, text in _secrets(item.get("details")):
        entries.add_titled(place, (name, title), text)


def _secrets(details: object) -> Iterator[tuple[str, str]]:
    if not isinstance(details, dict):
        return
    if text := told(details, "password"):
        yield "", text
    for field in _objects(details, "loginFields"):
        if told(field, "designation") == "password" and told(field, "value"):
            yield "", told(field, "value")
    for section in _objects(details, "sections"):
        for field in _objects(section, "fields"):
            for text in _concealed(field.get("value")):
                yield told(field, "title") or told(field, "id"), text


def _concealed(value: object) -> Iterator[str]:
    """Yield what a field keeps hidden: {"concealed": text}, {"sshKey": {"privateKey": text}}."""
    for kind in _CONCEALED if isinstance(value, dict) else ():
        found = value.get(kind) if isinstance(value, dict) else None
        text = told(found, "privateKey") if isinstance(found, dict) else found
        if isinstance(text, str) and text:
            yield text


def read_1password_csv(entries: Entries, raw: bytes, file: str) -> None:
    """Take up a CSV export."""
    for number, row in rows_of(raw, file):
        fields = {name.lower(): text for name, text in row.items()}
        if fields.get("archived", "").lower() == "true":
            continue
        for column, title in (("password", ""), ("otpauth", "totp")):
            if text := fields.get(column, ""):
                entries.add_titled(f"{file}, line {number}", (fields.get("title", ""), title), text)


def _objects(value: object, name: str) -> Iterator[Mapping[str, Any]]:
    """Yield the objects in a list of somebody's JSON."""
    found = value.get(name) if isinstance(value, dict) else None
    yield from (item for item in found if isinstance(item, dict)) if isinstance(found, list) else ()
