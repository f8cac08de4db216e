"""Secrets that are planted in an agent's world, all spellings in which they could come out again, and a search.

The spellings are those that the redaction names: as it is, base64 at its three offsets, base64url, hexadecimal in both
cases, percent-encoded, and JSON's escapes.
"""

from __future__ import annotations

import base64
import gzip
import json
import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Final
from urllib.parse import quote

from tests.simulators.files import contents_of

LETTERS: Final = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
MARKS: Final = "/+=%\"\\&<'$"
"""What an encoding has to do something about."""


def plant(count: int) -> dict[str, str]:
    """Return secrets by name: letters and digits, and in every second one some characters that encodings change."""
    return {f"PLANTED_{number:02}": _value(marked=number % 2 == 1) for number in range(count)}


def _value(*, marked: bool) -> str:
    drawn = [secrets.choice(LETTERS) for _ in range(28)]
    if marked:
        for place in range(6, 24, 6):
            drawn[place] = secrets.choice(MARKS)
    return "".join(drawn)


def spellings(value: str) -> dict[str, bytes]:
    """Return name -> the bytes of `value` in each spelling, reduced to what does not depend on its surroundings."""
    raw = value.encode()
    escaped = json.dumps(value)[1:-1]
    found = {
        "plain": raw,
        "as a search term": raw.lower(),
        "base64": _aligned(raw, 0),
        "base64, one byte in": _aligned(raw, 1),
        "base64, two bytes in": _aligned(raw, 2),
        "hex": raw.hex().encode(),
        "HEX": raw.hex().upper().encode(),
        "percent": quote(value, safe="").encode(),
        "every byte percent": "".join(f"%{byte:02X}" for byte in raw).encode(),
        "every byte percent, lower": "".join(f"%{byte:02x}" for byte in raw).encode(),
        "JSON": escaped.encode(),
        "JSON twice": json.dumps(escaped)[1:-1].encode(),
        "JSON with slashes": escaped.replace("/", "\\/").encode(),
        "every character JSON": "".join(f"\\u{ord(char):04x}" for char in value).encode(),
    }
    urlsafe = {name: text.translate(bytes.maketrans(b"+/", b"-_")) for name, text in found.items() if "base64" in name}
    return {**found, **{f"{name}, for URLs": text for name, text in urlsafe.items()}}


def _aligned(raw: bytes, shift: int) -> bytes:
    """Return the base64 characters of `raw` that are its own alone when it begins `shift` bytes into a group."""
    coded = base64.b64encode(bytes(shift) + raw)
    return coded[-(-shift * 8 // 6) : (shift + len(raw)) * 8 // 6]


def leaks(values: Mapping[str, str], texts: Iterable[tuple[str, bytes]]) -> list[str]:
    """Return where a secret stands, and how it is written there; never the secret."""
    needles = {spelling: (name, how) for name, value in values.items() for how, spelling in spellings(value).items()}
    return sorted(
        f"{values_name}, {how}: {place} at {at}"
        for place, content in texts
        for needle, (values_name, how) in needles.items()
        if (at := content.find(needle)) >= 0
    )


def kept(folder: Path, *, leaving_out: Iterable[Path] = ()) -> Iterator[tuple[str, bytes]]:
    """Yield (place, content) of every file below `folder`, and of each table and index of its SQLite databases."""
    skipped = tuple(leaving_out)
    for path, content in contents_of(folder):
        if not any(path.is_relative_to(part) for part in skipped):
            place = str(path.relative_to(folder))
            yield place, gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content
            if content.startswith(b"SQLite format 3\0"):
                yield from _cells(path, place)


def _cells(path: Path, place: str) -> Iterator[tuple[str, bytes]]:
    """A row that is longer than a page is cut in the file, and a search index keeps terms without their beginnings."""
    with closing(sqlite3.connect(":memory:")) as database:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=60)) as live:
            live.backup(database)
        database.text_factory = bytes
        tables = database.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall()
        for table, sql in ((_str(table), _str(sql)) for table, sql in tables):
            yield f"{place}, table {table}", _table(database, table, sql)


def _table(database: sqlite3.Connection, table: str, sql: str) -> bytes:
    if "using fts5" in sql.lower():
        database.execute(f'CREATE VIRTUAL TABLE temp."{table} terms" USING fts5vocab("main", "{table}", "row")')
        table = f"{table} terms"
    try:
        rows = database.execute(f'SELECT * FROM "{table}"').fetchall()
    except sqlite3.OperationalError:  # made by an extension that is not there; its own tables are read too
        return b""
    return b"\n".join(_bytes(cell) for row in rows for cell in row)


def _bytes(cell: object) -> bytes:
    return cell if isinstance(cell, bytes) else str(cell).encode()


def _str(text: bytes | None) -> str:
    return (text or b"").decode("utf-8", "replace")
