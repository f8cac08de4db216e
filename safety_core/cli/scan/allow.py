"""The allow-list: places that a person has looked at and found harmless.

    # one place a line: its fingerprint, the files it may be in (optional), and the reason
    3f2a91c07be0d411  tests/**  # the example key of the provider's own documentation

The reason is not optional: an entry without one helps nobody who reads it next year.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from safety_core.edge.files import read_input
from safety_core.errors import InputError
from safety_core.model.path_glob import matches

DEFAULT: Final = Path(".safety-allow")

_FINGERPRINT: Final = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the allow-list. `glob` is empty where it holds in every file."""

    fingerprint: str
    glob: str
    reason: str
    line: int

    def allows(self, path: str, fingerprint: str) -> bool:
        """Say whether it stands for this place."""
        return fingerprint == self.fingerprint and (not self.glob or matches(path, self.glob))


class AllowList:
    """The entries of one file."""

    def __init__(self, name: str, entries: Iterable[Entry] = ()) -> None:
        self.name = name
        self._entries: Mapping[str, Entry] = {entry.fingerprint: entry for entry in entries}

    def entry_for(self, path: str, fingerprint: str) -> Entry | None:
        """Return the entry that allows this place, if there is one."""
        entry = self._entries.get(fingerprint)
        return entry if entry and entry.allows(path, fingerprint) else None

    def unused(self, used: Iterable[Entry], paths: Iterable[str], *, complete: bool) -> tuple[Entry, ...]:
        """Return the entries that stand for nothing any more.

        Args:
            used: those that allowed something.
            paths: every file that was looked into: an entry for others may well be needed.
            complete: whole folders were scanned, so that an entry for any file can be judged.
        """
        spent, seen = set(used), tuple(paths)
        return tuple(
            entry
            for entry in self._entries.values()
            if entry not in spent and (any(matches(path, entry.glob) for path in seen) if entry.glob else complete)
        )


def read_allow_list(path: Path | None, default: Path = DEFAULT) -> AllowList:
    """Return the allow-list at `path`; without one, the one at `default`, where it may be missing.

    Raises:
        InputError: it cannot be read, or a line of it is wrong.
    """
    if path is None and not default.exists():
        return AllowList(str(default))
    name = str(path or default)
    try:
        text = read_input(path or default).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(name, "is not UTF-8 text", "write a line for each: FINGERPRINT [PATH]  # why") from error
    entries: dict[str, Entry] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            entry = _entry(line, f"{name}, line {number}", number)
            if entry.fingerprint in entries:
                raise InputError(f"{name}, line {number}", "says again what an earlier line says", "remove one of them")
            entries[entry.fingerprint] = entry
    return AllowList(name, entries.values())


def _entry(line: str, place: str, number: int) -> Entry:
    stated, _, reason = line.partition("#")
    words = stated.split(maxsplit=1)
    if not words or not _FINGERPRINT.fullmatch(words[0]):
        raise InputError(place, "does not begin with a fingerprint of 16 hexadecimal digits", "copy it from the report")
    if not reason.strip():
        raise InputError(place, "gives no reason", "write after a # why this is no secret")
    return Entry(words[0], words[1].strip() if len(words) > 1 else "", reason.strip(), number)
