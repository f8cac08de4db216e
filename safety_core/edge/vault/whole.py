"""That no row was put back, or taken away: a sum over all rows, sealed.

A seal binds a row to its place and not to its time: who has an old copy of the file could put back a row as it was
before its list was narrowed, or take a canary away. So the vault keeps the sum of a keyed hash of each row, sealed, and
every change adds and subtracts what it changes. A row that came or went by another hand stays a difference for ever,
also over changes of ours. It is looked for when the file is opened, and when another connection has written (SQLite's
`data_version`), which takes some 5 ms with 1,000 secrets.

What it cannot show is the whole file put back.
"""

from __future__ import annotations

import sqlite3
from hashlib import blake2b
from typing import Final

from safety_core.edge.vault.keyring import NAMES, Keyring
from safety_core.edge.vault.seals import FormerRow, Row, opened, sealed
from safety_core.errors import BrokenSealError

_STATE: Final = "state"
_BYTES: Final = 32
_ALL: Final = 1 << (8 * _BYTES)


def sealed_sum(total: int, key: bytes, tenant: str, key_id: str) -> bytes:
    """Return the sum as it stands in the file."""
    return sealed((total % _ALL).to_bytes(_BYTES, "big"), key, [_STATE, tenant, key_id])


def weight(row: Row | FormerRow, key: bytes) -> int:
    """Return what a row adds to the sum. The nonce in its seal makes that another number for each time it is sealed."""
    kind = "secret" if isinstance(row, Row) else "former"
    return _weight(kind, row.name, row.version, row.sealed, key)


def _weight(kind: str, name: str, version: int, box: bytes, key: bytes) -> int:
    told = f"{kind}\0{name}\0{version}\0".encode() + box
    return int.from_bytes(blake2b(told, key=key, digest_size=_BYTES, person=b"safety whole").digest(), "big")


class Whole:
    """Keeps the sum of one open file. `added` and `removed` count until `settle`, within one transaction."""

    def __init__(self, keys: Keyring) -> None:
        self._keys = keys
        self._names: bytes | None = None
        self._more = 0
        self._seen: int | None = None

    def begin(self) -> None:
        """Forget what a transaction that came to nothing has changed."""
        self._more = 0

    def added(self, db: sqlite3.Connection, row: Row | FormerRow) -> None:
        """Count a row that is there now."""
        self._more += weight(row, self.names_key(db))

    def removed(self, db: sqlite3.Connection, row: Row | FormerRow) -> None:
        """Count a row that is no longer there."""
        self._more -= weight(row, self.names_key(db))

    def settle(self, db: sqlite3.Connection) -> None:
        """Write the sum, under the key that is in force."""
        (key_id,) = db.execute("SELECT key_id FROM vault").fetchone()
        box = sealed_sum(self._stored(db) + self._more, self._keys.key(db, key_id), self._keys.tenant, key_id)
        db.execute("UPDATE vault SET state_key_id = ?, state = ?", (key_id, box))
        self._more = 0

    def verify(self, db: sqlite3.Connection) -> None:
        """Return if the rows are those that were written with the key. Raises BrokenSealError."""
        (version,) = db.execute("PRAGMA data_version").fetchone()
        if version == self._seen:
            return
        if self._there(db) != self._stored(db):
            reason = "lacks a row, or has one that was put back or changed, by somebody without its key"
            fix = "restore it from a backup; or see what is in it: safety secret list --accept"
            raise BrokenSealError(f"vault {self._keys.path}", reason, fix)
        self._seen = version

    def accept(self, db: sqlite3.Connection) -> None:
        """Take the rows as they are."""
        self._more = self._there(db) - self._stored(db)
        self.settle(db)

    def _there(self, db: sqlite3.Connection) -> int:
        key = self.names_key(db)
        total = 0
        for kind in ("secret", "former"):
            rows = db.execute(f"SELECT name, version, sealed FROM {kind}")  # noqa: S608 - two words
            total += sum(_weight(kind, name, version, box, key) for name, version, box in rows)
        return total % _ALL

    def names_key(self, db: sqlite3.Connection) -> bytes:
        """Return the 32 bytes that name discoveries, the same as long as the vault exists. Raises BrokenSealError."""
        if self._names is None:
            key_id, box = db.execute("SELECT names_key_id, names FROM vault").fetchone()
            place = [NAMES, self._keys.tenant, key_id]
            self._names = opened(box, self._keys.key(db, key_id), [*place], f"vault {self._keys.path}")
        return self._names

    def _stored(self, db: sqlite3.Connection) -> int:
        key_id, box = db.execute("SELECT state_key_id, state FROM vault").fetchone()
        place = [_STATE, self._keys.tenant, key_id]
        return int.from_bytes(opened(box, self._keys.key(db, key_id), [*place], f"vault {self._keys.path}"), "big")
