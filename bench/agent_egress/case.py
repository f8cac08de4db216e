"""One case, read and checked."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

CASE_BYTES: Final = 4 * 1024 * 1024
MOST: Final = 10_000
"""Cases of one run."""

VERDICTS: Final = frozenset({"block", "allow"})


class CaseError(Exception):
    """A file that should be a case is none."""


@dataclass(frozen=True, slots=True)
class Case:
    """One case.

    Attributes:
        kind: its `input_type`: what the payload is.
        expected: "block" or "allow".
        tags: capabilities that it tries.
        requires: what a gateway must be able to do for it to say anything.
        payload: by `kind`.
    """

    id: str
    category: str
    kind: str
    transport: str
    expected: str
    tags: frozenset[str]
    requires: frozenset[str]
    payload: dict[str, Any] = field(repr=False)

    @property
    def messages(self) -> list[dict[str, Any]]:
        """Messages of JSON-RPC, in order."""
        listed = self.payload.get("jsonrpc_messages")
        return [message for message in listed if isinstance(message, dict)] if isinstance(listed, list) else []

    @property
    def url(self) -> str:
        """Where it goes; cases of agents that talk to each other name no host."""
        return str(self.payload.get("url") or "https://agent.example.com/a2a")

    @property
    def host(self) -> str:
        """The host that it goes to, in lower case; empty where that is none."""
        try:
            return urlsplit(self.url).hostname or ""
        except ValueError:
            return ""


def read_cases(place: Path) -> list[Case]:
    """Return the cases of a folder or of an archive, by their id.

    Raises:
        CaseError: there are none, or one is none.
    """
    found: dict[str, Case] = {}
    for name, raw in _files(place):
        case = case_of(name, raw)
        if case.id in found:
            raise CaseError(f"{name}: {case.id} stands there twice")
        found[case.id] = case
        if len(found) > MOST:
            raise CaseError(f"{place}: holds more than {MOST} cases")
    if not found:
        raise CaseError(f"{place}: holds no case: name the folder with the JSON files, or a .tar.gz of it")
    return [found[one] for one in sorted(found)]


def case_of(name: str, raw: bytes) -> Case:
    """Return one case. Raises CaseError that names the file and the field."""
    try:
        read = json.loads(raw)
    except ValueError as error:
        raise CaseError(f"{name}: is no JSON") from error
    if not isinstance(read, dict) or read.get("schema_version") != 1:
        raise CaseError(f"{name}: is no case of version 1")
    word, category, kind, transport, expected = (
        _text(name, read, one) for one in ("id", "category", "input_type", "transport", "expected_verdict")
    )
    payload = read.get("payload")
    if not isinstance(payload, dict) or expected not in VERDICTS:
        raise CaseError(f"{name}: has no payload, or expects something else than block or allow")
    tags, requires = _list(name, read, "capability_tags"), _list(name, read, "requires")
    return Case(word, category, kind, transport, expected, tags, requires, payload)


def _text(name: str, read: dict[str, Any], key: str) -> str:
    value = read.get(key)
    if not isinstance(value, str) or not value:
        raise CaseError(f"{name}: has no {key}")
    return value


def _list(name: str, read: dict[str, Any], key: str) -> frozenset[str]:
    value = read.get(key)
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise CaseError(f"{name}: {key} is no list of words")
    return frozenset(value)


def _files(place: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the files that may be cases: schemas lie beside them."""
    if place.is_dir():
        for path in sorted(place.rglob("*.json")):
            if "schemas" not in path.relative_to(place).parts:
                yield path.name, path.read_bytes()[: CASE_BYTES + 1]
        return
    try:
        with tarfile.open(place) as archive:
            for member in archive:
                inside = Path(member.name)
                if member.isfile() and inside.suffix == ".json" and "schemas" not in inside.parts:
                    file = archive.extractfile(member) or io.BytesIO()
                    yield inside.name, file.read(CASE_BYTES + 1)
    except (OSError, tarfile.TarError) as error:
        raise CaseError(f"{place}: is neither a folder nor an archive that can be read") from error
