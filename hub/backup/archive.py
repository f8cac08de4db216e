"""The file of a backup: a tar whose last member says what the others are, with the sha256 of each.

    tables/<name>.jsonl         one row on each line, as a list in the order of the columns; bytes as {"base64": ...}
    repositories/<tenant>/...   as they lie in the hub's folder
    keys/<name>                 only where they were asked for
    manifest.json               {"format", "made", "revision", "columns": {table: [names]}, "sha256": {member: digest},
                                "digest": sha256 of the RFC 8785 form of the rest}

Everything is verified before anything is restored: that each member is there once, is named in the manifest, and has
the digest that it says. A backup is not signed: it is as trustworthy as the place where it was kept.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from safety_core.canonical import JsonObject, canonical_bytes
from safety_core.errors import InputError
from safety_core.wire.reader import Reader, parse_json

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"

TABLE: Final = re.compile(r"tables/([a-z_]{1,63})\.jsonl")
REPOSITORY: Final = re.compile(r"repositories/[a-z0-9][a-z0-9_-]{0,62}(/[A-Za-z0-9][A-Za-z0-9._-]{0,127}){1,3}")
KEY: Final = re.compile(r"keys/[a-z]{1,20}\.key")

_MANIFEST_BYTES: Final = 64 * 1024 * 1024
_FIX: Final = "take another backup"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself, once it was verified.

    Attributes:
        made: seconds since the epoch.
        revision: of the schema from which it was made.
        columns: of each table, in the order of its rows.
        digests: of each member, sha256.
    """

    made: float
    revision: str
    columns: dict[str, tuple[str, ...]]
    digests: dict[str, str]

    def to_json(self) -> JsonObject:
        """Return its form in the file."""
        return {
            "format": FORMAT,
            "made": self.made,
            "revision": self.revision,
            "columns": {name: list(columns) for name, columns in self.columns.items()},
            "sha256": dict(self.digests),
        }


class Writer:
    """Writes members one after the other, and the manifest at the end."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self.digests: dict[str, str] = {}

    def add(self, name: str, content: IO[bytes], size: int) -> None:
        """Add a member from where `content` stands."""
        hashed = _Hashed(content)
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, 0o600
        self._tar.addfile(info, hashed)
        self.digests[name] = hashed.digest.hexdigest()

    def finish(self, made: float, revision: str, columns: dict[str, tuple[str, ...]]) -> Manifest:
        """Write the manifest."""
        manifest = Manifest(made, revision, columns, dict(self.digests))
        told = manifest.to_json()
        raw = canonical_bytes({**told, "digest": _digest_of(told)})
        self.add(MANIFEST, io.BytesIO(raw), len(raw))
        return manifest


class _Hashed(io.RawIOBase):
    """Reads from another file and hashes what comes by."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        part = self._source.read(size)
        self.digest.update(part)
        return part


def verified(file: Path) -> Manifest:
    """Return the manifest of a backup of which every byte is as it was made, or raise InputError."""
    found: dict[str, str] = {}
    raw = b""
    try:
        with tarfile.open(file, "r:") as tar:
            for member in tar:
                if not member.isreg() or member.name in found or not _known(member.name):
                    raise InputError(str(file), "has a member that no backup has", _FIX)
                content = tar.extractfile(member) or io.BytesIO()
                if member.name == MANIFEST:
                    raw = content.read(_MANIFEST_BYTES)
                found[member.name] = _digest(content)
    except (OSError, tarfile.TarError, EOFError) as error:
        raise InputError(str(file), f"cannot be read as a backup ({type(error).__name__})", _FIX) from error
    found.pop(MANIFEST, None)
    manifest = _manifest(raw, file)
    if found != manifest.digests:
        raise InputError(str(file), "is damaged: a member is not what the manifest says", _FIX)
    return manifest


def _digest(content: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while part := content.read(1 << 20):
        digest.update(part)
    return digest.hexdigest()


def _digest_of(told: JsonObject) -> str:
    return hashlib.sha256(canonical_bytes(told)).hexdigest()


def _known(name: str) -> bool:
    shaped = any(shape.fullmatch(name) for shape in (TABLE, REPOSITORY, KEY))
    return name == MANIFEST or (shaped and ".." not in name)


def _manifest(raw: bytes, file: Path) -> Manifest:
    if not raw:
        raise InputError(str(file), "has no manifest: it was not finished, or is no backup", _FIX)
    told = parse_json(raw, "manifest")
    said = told.pop("digest", None) if isinstance(told, dict) else None
    body = Reader(told, "manifest")
    if said != _digest_of(body.whole()):
        raise InputError(str(file), "is damaged: its manifest is not as it was written", _FIX)
    if body.integer("format") != FORMAT:
        raise InputError(str(file), "was made by a newer hub", "install that version, or a later one")
    columns, digests = body.object("columns"), body.object("sha256")
    return Manifest(
        body.number("made"),
        body.text("revision", limit=100),
        {name: columns.texts(name) for name in columns.keys()},  # noqa: SIM118 - a reader's, whose values are read so
        {name: digests.text(name, limit=64) for name in digests.keys()},  # noqa: SIM118
    )


def line_of(row: Sequence[Any]) -> bytes:
    """Return a row as it is written."""
    told = [{"base64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value for value in row]
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def rows_in(content: IO[bytes]) -> Iterator[list[Any]]:
    """Yield the rows that were written."""
    for line in content:
        yield [base64.b64decode(value["base64"]) if isinstance(value, dict) else value for value in json.loads(line)]


def key_files(keys: Path) -> Iterator[Path]:
    """Yield the files of the hub's keys."""
    yield from sorted(path for path in keys.glob("*.key") if KEY.fullmatch(f"keys/{path.name}"))
