"""The audit log on disk: entries, the hashes of their Merkle tree, and a signed head, in one SQLite file.

An entry, what it completes in the tree and the new signed head become durable in one transaction, before `append`
answers: there is no entry that the head does not cover, so that even the last one cannot be cut off unnoticed. What
only somebody outside can notice is the whole file replaced by an older copy; hence `checkpoint`, whose text goes to the
hub and into a file beside the log.

Appending costs O(log n); entries that come at the same time share a transaction and one signature. A log that
contradicts its head is not opened: no audit, no execution. Opening looks at the head and the hashes right below it,
however long the log is; that older entries are what they were, only `read_through` finds.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Awaitable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from nacl.signing import SigningKey

from safety_core.audit import checkpoint as notes
from safety_core.audit.checkpoint import Checkpoint
from safety_core.audit.tree import Hash, Place, ReadHash, completed_by, consistency_proof, leaf_hash, root_of
from safety_core.canonical import canonical_bytes
from safety_core.edge import clock
from safety_core.edge.audit_rows import SCHEMA, checkpoint_file, kept_hash
from safety_core.edge.database import Database
from safety_core.edge.files import replace_file
from safety_core.errors import AuditError, UnavailableError
from safety_core.model.record import AuditEntry

ORIGIN: Final = "safety-gateway/edge"
"""The name of a log that was given none."""
BATCH: Final = 1000
"""Entries that are read at a time."""
NEAR: Final = 256
"""Hashes that are kept in memory: an entry needs one for each bit of the log's size."""
REPAIR: Final = "run `safety audit verify`, keep the file as evidence, and restore the log from a backup"

FOUND: Final = 10
"""Contradictions at which reading a log through stops: one is enough for an alarm."""

BREATH: Final = 0.01
"""Seconds between some milliseconds of reading through, for what else the process does."""


@dataclass(frozen=True, slots=True)
class ReadThrough:
    """How the whole log was found to be. `at`: when, seconds since the epoch; `damage`: what does not hold, in words;
    empty for nothing, and no more than `FOUND`."""

    at: float
    damage: tuple[str, ...] = ()


class AuditLog:
    """One log. Several processes may append to the same file, in turns.

    Attributes:
        last_read: how it was found to be when it was read through last; None: it was not yet.
    """

    def __init__(self, path: Path, key: SigningKey, origin: str | None) -> None:
        self._path = path
        self._database = Database(path, SCHEMA, ledger=self)
        self._key = key
        self._origin = origin or ORIGIN
        self._whatever_origin = origin is None
        self._head: _Head | None = None
        self.last_read: ReadThrough | None = None

    @classmethod
    async def open(cls, path: Path, key: SigningKey, origin: str | None = None) -> AuditLog:
        """Open or make the log, signed by `key` under the name `origin` (no spaces, no "+"; None: the one it has).

        Raises:
            AuditError: the log contradicts its signed head, or was signed by another key.
        """
        log = cls(path, key, origin)
        try:
            await log._database.write(log._begin)
        except BaseException as error:
            await log.aclose()
            if isinstance(error, AuditError) and error.thing != str(path):  # the operator has to know which file
                raise AuditError(str(path), f"does not hold: {error.thing} {error.reason}", REPAIR) from error
            raise
        return log

    async def aclose(self) -> None:
        """Close the file."""
        await self._database.aclose()

    def append(self, entry: AuditEntry) -> Awaitable[int]:
        """Write an entry; return its index once it is durable."""
        body = canonical_bytes(entry.to_json())
        return self._database.write(partial(self._append, body))

    async def checkpoint(self) -> str:
        """Return the signed head, after keeping it in the log's history and in `<log>.checkpoint` beside it."""
        note = await self._database.write(_remember)
        await asyncio.to_thread(replace_file, checkpoint_file(self._path), note.encode())
        return note

    async def consistency(self, old: int, new: int) -> tuple[Hash, ...]:
        """Return the proof that the log of `new` entries only adds to the log of `old`; a witness asks for it."""
        return await self._database.read(lambda db: consistency_proof(old, new, partial(_hash, db)))

    async def size(self) -> int:
        """Return the number of entries."""
        return await self._database.read(_size)

    async def entries(self, start: int = 0) -> AsyncIterator[tuple[int, bytes]]:
        """Yield (index, canonical JSON) from entry `start` on, up to the last one there is when asked."""
        rows: Sequence[tuple[int, bytes]] = ((start - 1, b""),)
        while rows:
            after = rows[-1][0]
            rows = await self._database.read(partial(_batch, after))
            for row in rows:
                yield row

    async def read_through(self) -> None:
        """Recompute the whole log beside all else, and keep what was found as `last_read`.

        It takes some 30 s for a million entries, most of them at rest; cancelling ends it.

        Raises:
            UnavailableError: the file cannot be read.
        """
        from safety_core.edge.audit_verify import verify  # late: most who open a log never read it through

        ended = threading.Event()

        def breathe() -> None:
            if ended.wait(BREATH):
                raise UnavailableError(str(self._path), "was not read to its end", "it is read again")

        try:
            public = self._key.verify_key
            report = await asyncio.to_thread(verify, self._path, public, most=FOUND, pause=breathe)
        finally:
            ended.set()
        damage = tuple(f"entry {one.index}: {one.reason}" for one in report.contradictions)
        self.last_read = ReadThrough(clock.now(), damage)

    def seal(self, connection: sqlite3.Connection) -> None:
        """Sign the head that covers what this transaction has appended."""
        head = self._head
        if head is not None and head.unsigned:
            self._sign_head(connection, head.size, head.read)
            head.unsigned = False

    def undone(self) -> None:
        """Look at the file anew before the next entry."""
        self._head = None

    def _begin(self, db: sqlite3.Connection) -> None:
        if _size(db) == 0 and db.execute("SELECT note FROM head").fetchone() is None:
            self._sign_head(db, 0, partial(_hash, db))
        self._unchanged(db)

    def _append(self, body: bytes, db: sqlite3.Connection) -> int:
        head = self._unchanged(db)
        completed = tuple(completed_by(head.size, leaf_hash(body), head.read))
        db.execute("INSERT INTO entry VALUES (?, ?)", (head.size, body))
        db.executemany("INSERT INTO hash VALUES (?, ?, ?)", ((*place, value) for place, value in completed))
        head.add(completed)
        return head.size - 1

    def _unchanged(self, db: sqlite3.Connection) -> _Head:
        """Return what the log holds if it is what was signed last: what somebody changed on disk must not be signed
        anew by the next entry. Nobody but this connection has written since the last look: then nothing is read."""
        version = int(db.execute("PRAGMA data_version").fetchone()[0])
        if self._head is None or self._head.version != version:
            self._head = _Head(version, self._verified(db), partial(_hash, db))
        return self._head

    def _verified(self, db: sqlite3.Connection) -> int:
        """Return the number of entries if their tree is the one that was signed last."""
        row, size = db.execute("SELECT note FROM head").fetchone(), _size(db)
        if row is None:
            raise AuditError(str(self._path), "has entries, but no signed head", REPAIR)
        head = notes.verified(row[0], self._key.verify_key)
        self._origin = head.origin if self._whatever_origin else self._origin
        if (head.origin, head.size) != (self._origin, size) or root_of(size, partial(_hash, db)) != head.root:
            raise AuditError(str(self._path), f"contradicts its signed head of {head.size} entries", REPAIR)
        return size

    def _sign_head(self, db: sqlite3.Connection, size: int, read: ReadHash) -> None:
        note = notes.sign(Checkpoint(self._origin, size, root_of(size, read)), self._key)
        db.execute("INSERT OR REPLACE INTO head VALUES (1, ?, ?)", (size, note))


class _Head:
    """What the log holds, as last seen by its one connection, and the hashes that the next entries need.

    Attributes:
        version: SQLite's count of what others have changed in the file.
        unsigned: entries have been appended in the transaction at hand.
    """

    def __init__(self, version: int, size: int, kept: ReadHash) -> None:
        self.version = version
        self.size = size
        self.unsigned = False
        self._kept = kept
        self._near: dict[Place, Hash] = {}

    def read(self, place: Place) -> Hash:
        """Return the hash for a place."""
        value = self._near.get(place)
        if value is None:
            value = self._near[place] = self._kept(place)
        return value

    def add(self, completed: Sequence[tuple[Place, Hash]]) -> None:
        """Take up an entry that has been written. It cannot fail: a job that is undone has not come so far."""
        self.size += 1
        self.unsigned = True
        if len(self._near) > NEAR:
            self._near.clear()
        self._near.update(completed)


def _remember(db: sqlite3.Connection) -> str:
    size, note = db.execute("SELECT size, note FROM head").fetchone()
    db.execute("INSERT OR REPLACE INTO checkpoint VALUES (?, ?)", (size, note))
    return str(note)


def _size(db: sqlite3.Connection) -> int:
    return int(db.execute("SELECT coalesce(max(number) + 1, 0) FROM entry").fetchone()[0])


def _batch(after: int, db: sqlite3.Connection) -> list[tuple[int, bytes]]:
    rows = "SELECT number, body FROM entry WHERE number > ? ORDER BY number LIMIT ?"
    return db.execute(rows, (after, BATCH)).fetchall()


def _hash(db: sqlite3.Connection, place: Place) -> Hash:
    value = kept_hash(db, place)
    if value is None:
        raise AuditError(f"audit hash {place.level}/{place.number}", "is missing from the log", REPAIR)
    return value
