"""The tables of a vault, and how a file of the first version becomes one of this.

    vault     one row: whose it is, which key new values are sealed under, how often it has changed
    wrap      the vault's own keys, each sealed by each key from outside that opens the vault (`slot`)
    secret    the current value of each secret, with its terms
    former    earlier values, `KEPT` of each secret
    change    which secret changed with which generation
    use       who was given what
    sighting  how often each canary was seen

A program of the first version that still runs finds none of the columns it knows, and refuses every call.
"""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
from typing import Final

from safety_core.edge.vault.keyring import NAMES, add_wrap, new_slot, slot_for
from safety_core.edge.vault.seals import Row, opened, sealed
from safety_core.edge.vault.whole import sealed_sum, weight
from safety_core.edge.vault_key import VaultKey, stretched
from safety_core.errors import BrokenSealError
from safety_core.model.terms import Terms

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS vault (
    one INTEGER PRIMARY KEY CHECK (one = 1), tenant TEXT NOT NULL, key_id TEXT NOT NULL, generation INTEGER NOT NULL,
    names_key_id TEXT NOT NULL, names BLOB NOT NULL, state_key_id TEXT NOT NULL, state BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS wrap (
    key_id TEXT NOT NULL, slot TEXT NOT NULL, salt BLOB NOT NULL, sealed BLOB NOT NULL, PRIMARY KEY (key_id, slot)
) STRICT;
CREATE TABLE IF NOT EXISTS secret (
    name TEXT PRIMARY KEY, version INTEGER NOT NULL, changed REAL NOT NULL, terms TEXT NOT NULL, key_id TEXT NOT NULL,
    sealed BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS former (
    name TEXT NOT NULL, version INTEGER NOT NULL, changed REAL NOT NULL, until REAL NOT NULL, key_id TEXT NOT NULL,
    sealed BLOB NOT NULL, PRIMARY KEY (name, version)
) STRICT;
CREATE TABLE IF NOT EXISTS change (generation INTEGER PRIMARY KEY, name TEXT) STRICT;
CREATE TABLE IF NOT EXISTS use (
    number INTEGER PRIMARY KEY, at REAL NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL, agent TEXT NOT NULL,
    tool TEXT NOT NULL, call TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS use_of ON use (name, number);
CREATE TABLE IF NOT EXISTS sighting (name TEXT PRIMARY KEY, times INTEGER NOT NULL, last REAL NOT NULL) STRICT
"""

LOGGED: Final = 1000
"""Changes that the log keeps. Who missed more than these reads all, which is then hardly slower."""


def is_first(db: sqlite3.Connection) -> bool:
    """Tell whether the file is one of the first version."""
    return "discovered" in {row[1] for row in db.execute("PRAGMA table_info(secret)")}


def upgrade(db: sqlite3.Connection, key: VaultKey, tenant: str | None) -> None:
    """Make a file of the first version one of this, as part of the transaction at hand: all of it or nothing.

    Raises:
        BrokenSealError: `key` or `tenant` is not that of the vault, or a value does not open. Nothing is changed then.
    """
    head = db.execute("SELECT tenant, key_id, salt, sealed_key, generation FROM vault").fetchone()
    rows = db.execute("SELECT name, version, discovered, changed, sealed FROM secret").fetchall()
    db.execute("DROP TABLE vault")
    db.execute("DROP TABLE secret")
    for statement in SCHEMA.split(";"):
        db.execute(statement)
    if head is None:
        return
    owner, key_id, salt, sealed_key, generation = head
    outer = stretched(key, salt)
    inner = opened(sealed_key, outer, [tenant or owner, key_id], "the vault")
    names = hashlib.blake2b(owner.encode(), key=inner, digest_size=32, person=b"safety names").digest()
    box = sealed(names, inner, [NAMES, owner, key_id])
    total = 0
    db.execute("INSERT OR REPLACE INTO change VALUES (?, NULL)", (generation + 1,))
    add_wrap(db, owner, (key_id, inner), new_slot(salt, outer))
    for name, version, discovered, changed, old in rows:
        if discovered not in {0, 1}:
            raise BrokenSealError(f"secret {name}", "was changed in the file", "restore it from a backup")
        plain = opened(old, inner, [owner, name, version, bool(discovered), key_id], f"secret {name}")
        row = Row(name, version, changed, Terms(discovered=bool(discovered)).to_text(), key_id, b"")
        row = row._replace(sealed=sealed(plain, inner, row.place(owner)))
        db.execute("INSERT INTO secret VALUES (?, ?, ?, ?, ?, ?)", row)
        total += weight(row, names)
    own = (key_id, box, key_id, sealed_sum(total, inner, owner, key_id))
    db.execute("INSERT INTO vault VALUES (1, ?, ?, ?, ?, ?, ?, ?)", (owner, key_id, generation + 1, *own))


def create(db: sqlite3.Connection, key: VaultKey, tenant: str) -> str:
    """Make a vault's keys; return whose it is."""
    key_id, inner = secrets.token_hex(8), secrets.token_bytes(32)
    box = sealed(secrets.token_bytes(32), inner, [NAMES, tenant, key_id])
    own = (key_id, box, key_id, sealed_sum(0, inner, tenant, key_id))
    db.execute("INSERT INTO vault VALUES (1, ?, ?, 1, ?, ?, ?, ?)", (tenant, key_id, *own))
    add_wrap(db, tenant, (key_id, inner), slot_for(key))
    return tenant
