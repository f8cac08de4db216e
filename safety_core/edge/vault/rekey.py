"""Other keys for a vault, while other processes read and write it. What is stopped at any point leaves a vault that
opens with the key in its place, and is gone on with by doing it again.

From outside: the new key opens the vault beside the old one (`change_key`), takes its place, and the old one is taken
away (`finish_key`).

Inside: a fresh key is drawn and is in force for all that is written from then on; what is there is sealed anew in
batches (`reseal`); the old key goes once nothing is sealed by it any more. Readers open the key that a value names.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from safety_core.edge.files import sync_folder
from safety_core.edge.key_file import create_key_file
from safety_core.edge.vault.keyring import NAMES, add_wrap, slot_for
from safety_core.edge.vault.seals import CURRENT, FORMER, FormerRow, Row, opened, sealed
from safety_core.edge.vault_key import RawKey, VaultKey
from safety_core.errors import SecretError

if TYPE_CHECKING:
    from safety_core.edge.vault.store import Vault

BATCH: Final = 64
"""Values that are sealed anew in one transaction: some milliseconds in which nobody else writes."""

REST_SECONDS: Final = 0.02
"""Between two of them, in which whoever waits to write does."""


def change_key(vault: Vault, key: VaultKey) -> None:
    """Let another key from outside open the vault too. What an earlier change left behind opens it no more.

    Raises:
        SecretError: what opened it here was exchanged meanwhile. Nothing is changed then.
    """
    keys, slot = vault._keys, slot_for(key)
    with vault._writing(None) as db:
        _only(db, [*keys.slots])
        for (key_id,) in db.execute("SELECT DISTINCT key_id FROM wrap").fetchall():
            add_wrap(db, keys.tenant, (key_id, keys.key(db, key_id)), slot)
    keys.slots[slot.name] = slot
    keys.given = key


def finish_key(vault: Vault) -> int:
    """Let only the key that was given last open the vault; return how many others did.

    Raises:
        SecretError: that one was taken away meanwhile. Nothing is changed then.
    """
    keys = vault._keys
    newest = [*keys.slots][-1]
    with vault._writing(None) as db:
        gone = _only(db, [newest])
        keys.forget(db)
    return gone


def exchange_key_file(vault: Vault, path: Path) -> None:
    """Put a fresh key into the key file at `path`, which opens the vault now. Both open it while the one takes the
    other's place, so that the file that is there opens it at every moment. Raises SecretError or UnavailableError."""
    following = path.with_name(path.name + ".next")
    with _alone(path.parent):
        following.unlink(missing_ok=True)  # of one that was stopped: it is not in its place, so nothing needs it
        change_key(vault, RawKey.of(create_key_file(following)))
        following.replace(path)
        sync_folder(path.parent)
        finish_key(vault)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Wait until nobody else exchanges a key file in this folder: two would put each other's file into the place."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def reseal(vault: Vault) -> int:
    """Seal every value under a fresh key, or go on with what was stopped; return how many were sealed.

    Raises:
        SecretError: another key from outside opens the vault as well, which is not at hand.
    """
    _begin(vault)
    count = 0
    while moved := _batch(vault):
        count += moved
        time.sleep(REST_SECONDS)
    _end(vault)
    return count


def _begin(vault: Vault) -> None:
    """Draw a key, unless the last one is still being moved to, and put it in force."""
    keys = vault._keys
    with vault._writing(None) as db:
        there = db.execute("SELECT DISTINCT key_id FROM wrap").fetchall()
        slots = {slot for (slot,) in db.execute("SELECT DISTINCT slot FROM wrap")}
        if slots - keys.slots.keys():
            fix = "safety secret rekey --finish, once nothing is opened by the old key"
            raise SecretError("vault", "is opened by another key as well", fix)
        if len(there) > 1:
            return
        own = keys.draw()
        for slot in keys.slots.values():
            add_wrap(db, keys.tenant, own, slot)
        (old_id, box) = db.execute("SELECT names_key_id, names FROM vault").fetchone()
        names = opened(box, keys.key(db, old_id), [NAMES, keys.tenant, old_id], "vault")
        fresh = sealed(names, own[1], [NAMES, keys.tenant, own[0]])
        db.execute("UPDATE vault SET key_id = ?, names_key_id = ?, names = ?", (own[0], own[0], fresh))


def _batch(vault: Vault) -> int:
    """Seal some more values under the key in force; return how many."""
    with vault._writing(None) as db:
        (key_id,) = db.execute("SELECT key_id FROM vault").fetchone()
        rows: list[Row | FormerRow] = [Row(*row) for row in _under_others(db, CURRENT, key_id)]
        rows += [FormerRow(*row) for row in _under_others(db, FORMER, key_id)][: BATCH - len(rows)]
        for row in rows:
            _moved(vault, db, row, key_id)
        return len(rows)


def _moved(vault: Vault, db: sqlite3.Connection, row: Row | FormerRow, key_id: str) -> None:
    value = vault._value(db, row)
    moved = row._replace(key_id=key_id)
    box = sealed(value.reveal().encode(), vault._keys.key(db, key_id), moved.place(vault._keys.tenant))
    vault._whole.removed(db, row)
    vault._whole.added(db, moved._replace(sealed=box))
    table = "secret" if isinstance(row, Row) else "former"
    statement = f"UPDATE {table} SET key_id = ?, sealed = ? WHERE name = ? AND version = ?"  # noqa: S608 - two words
    db.execute(statement, (key_id, box, row.name, row.version))


def _under_others(db: sqlite3.Connection, find: str, key_id: str) -> list[tuple[Any, ...]]:
    return db.execute(f"{find} WHERE key_id != ? LIMIT ?", (key_id, BATCH)).fetchall()


def _end(vault: Vault) -> None:
    """Take the old key away, and what it sealed out of the write-ahead log too."""
    with vault._writing(None) as db:
        (key_id,) = db.execute("SELECT key_id FROM vault").fetchone()
        left = "SELECT key_id FROM secret UNION SELECT key_id FROM former UNION SELECT names_key_id FROM vault"
        db.execute(f"DELETE FROM wrap WHERE key_id != ? AND key_id NOT IN ({left})", (key_id,))  # noqa: S608 - ours
        vault._keys.forget(db)
    vault._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _only(db: sqlite3.Connection, slots: list[str]) -> int:
    """Take all other keys from outside away; return how many there were.

    Raises:
        SecretError: none of `slots` is there, so that no key would be left: another process has exchanged them.
    """
    there = {slot for (slot,) in db.execute("SELECT DISTINCT slot FROM wrap")}
    gone = there - set(slots)
    if gone == there:
        raise _overtaken()
    for slot in gone:
        db.execute("DELETE FROM wrap WHERE slot = ?", (slot,))
    return len(gone)


def _overtaken() -> SecretError:
    return SecretError("vault", "was given another key meanwhile, by another process", "safety secret rekey, once more")
