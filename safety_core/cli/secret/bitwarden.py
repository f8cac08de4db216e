"""Bitwarden's export, not encrypted: JSON (`items`) and CSV (`login_password`).

Taken up: passwords, keys of one-time codes, hidden fields, numbers and codes of cards, private keys. Not: notes, user
names, and what lies in the trash.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from safety_core.canonical import JsonObject
from safety_core.cli.secret.entries import Entries, rows_of, told
from safety_core.errors import InputError

HEADER: Final = "login_password"
"""A column that only this export has."""

_HIDDEN: Final = 1
"""`fields[].type` of a hidden one."""

_PARTS: Final = (
    ("login", (("password", ""), ("totp", "totp"))),
    ("card", (("number", "number"), ("code", "code"))),
    ("sshKey", (("privateKey", "private_key"),)),
)


def read_bitwarden(entries: Entries, body: JsonObject, file: str) -> None:
    """Take up a JSON export. Raises InputError: it is encrypted, or none."""
    if body.get("encrypted"):
        raise InputError(file, "is an encrypted export", "export as .json without a password, import, then delete it")
    items = body.get("items")
    if not isinstance(items, list):
        raise InputError(file, "is no export of Bitwarden", "export as .json or .csv")
    for number, item in enumerate(items, 1):
        place = f"{file}, item {number}"
        if not isinstance(item, dict):
            entries.refused.append(InputError(place, "is no object"))
        elif not item.get("deletedDate"):
            for title, text in _secrets(item):
                entries.add_titled(place, (told(item, "name"), title), text)


def _secrets(item: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for part, wanted in _PARTS:
        inner = item.get(part)
        if isinstance(inner, dict):
            yield from ((title, text) for key, title in wanted if (text := told(inner, key)))
    fields = item.get("fields")
    for field in fields if isinstance(fields, list) else ():
        if isinstance(field, dict) and field.get("type") == _HIDDEN and told(field, "value"):
            yield told(field, "name") or "field", told(field, "value")


def read_bitwarden_csv(entries: Entries, raw: bytes, file: str) -> None:
    """Take up a CSV export."""
    for number, row in rows_of(raw, file):
        place = f"{file}, line {number}"
        for column, title in (("login_password", ""), ("login_totp", "totp")):
            if text := row.get(column, ""):
                entries.add_titled(place, (row.get("name", ""), title), text)
