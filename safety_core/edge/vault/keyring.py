"""The vault's own keys: drawn at random, each kept sealed by every key from outside that opens the vault.

    key from outside, stretched with the salt of its slot  seals  the vault's own keys  seal  values

There is one of each, but while they are exchanged. A process that has the file open meets a value under a key that
was drawn after that: it opens that key then, with the key from outside that it has, or (that was exchanged too) with
the one that is in its place by now.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from safety_core.edge.vault.seals import opened, sealed
from safety_core.edge.vault_key import SALT_BYTES, VaultKey, stretched
from safety_core.errors import BrokenSealError

NAMES: Final = "names"
"""The place of the key that names discovered secrets."""


class Slot(NamedTuple):
    """One key from outside: its name in the file, its salt, and the 32 bytes that come of it."""

    name: str
    salt: bytes
    outer: bytes


def new_slot(salt: bytes, outer: bytes) -> Slot:
    """Return a slot under a name of its own."""
    return Slot(secrets.token_hex(8), salt, outer)


def slot_for(key: VaultKey) -> Slot:
    """Return a new slot for a key from outside."""
    salt = secrets.token_bytes(SALT_BYTES)
    return new_slot(salt, stretched(key, salt))


def add_wrap(db: sqlite3.Connection, tenant: str, own: tuple[str, bytes], slot: Slot) -> None:
    """Keep one of the vault's own keys (its id and its 32 bytes), sealed by a key from outside."""
    key_id, key = own
    box = sealed(key, slot.outer, [tenant, key_id, slot.name])
    db.execute("INSERT INTO wrap VALUES (?, ?, ?, ?)", (key_id, slot.name, slot.salt, box))


@dataclass(slots=True)
class Keyring:
    """The keys of one file that this process has opened.

    Attributes:
        fresh: returns the key from outside that is in its place now; None: there is only the one.
        slots: the keys from outside, by their names in the file.
    """

    path: Path
    tenant: str
    given: VaultKey
    fresh: Callable[[], VaultKey] | None = None
    slots: dict[str, Slot] = field(default_factory=dict)
    _own: dict[str, bytes] = field(default_factory=dict)

    def unlock(self, db: sqlite3.Connection) -> None:
        """Open what the key from outside opens. Raises BrokenSealError: that is nothing."""
        for name, salt in db.execute("SELECT DISTINCT slot, salt FROM wrap").fetchall():
            if name not in self.slots:
                self._try(db, Slot(name, salt, stretched(self.given, salt)))
        if not self.slots:
            raise BrokenSealError(f"vault {self.path}", "does not open with this key in this place", _FIX)

    def key(self, db: sqlite3.Connection, key_id: str) -> bytes:
        """Return one of the vault's own keys. Raises BrokenSealError: no key from outside that is at hand opens it."""
        if key_id not in self._own:
            self._look(db)
            if key_id not in self._own and self.fresh is not None and (given := self.fresh()) != self.given:
                self.given = given
                self.unlock(db)
                self._look(db)
        if key_id not in self._own:
            raise BrokenSealError(f"vault {self.path}", "holds values under a key that does not open", _FIX)
        return self._own[key_id]

    def draw(self) -> tuple[str, bytes]:
        """Return a fresh key of the vault's own, with its id."""
        return secrets.token_hex(8), secrets.token_bytes(32)

    def forget(self, db: sqlite3.Connection) -> None:
        """Keep only what is still in the file."""
        there = db.execute("SELECT key_id, slot FROM wrap").fetchall()
        self._own = {key_id: key for key_id, key in self._own.items() if key_id in {row[0] for row in there}}
        self.slots = {name: slot for name, slot in self.slots.items() if name in {row[1] for row in there}}

    def _look(self, db: sqlite3.Connection) -> None:
        for slot in tuple(self.slots.values()):
            self._try(db, slot)

    def _try(self, db: sqlite3.Connection, slot: Slot) -> None:
        rows = db.execute("SELECT key_id, sealed FROM wrap WHERE slot = ?", (slot.name,)).fetchall()
        for key_id, box in rows:
            try:
                self._own[key_id] = opened(box, slot.outer, [self.tenant, key_id, slot.name], "key")
            except BrokenSealError:
                return
            self.slots[slot.name] = slot


_FIX: Final = "restore it from a backup, or open it with the key and tenant it was made with"
