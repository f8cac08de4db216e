"""The tables of the audit log, and what lies beside its file: for whoever writes it, and for whoever examines it."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

from safety_core.audit.tree import Hash, Place

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS entry (number INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS hash (
    level INTEGER NOT NULL, number INTEGER NOT NULL, value BLOB NOT NULL, PRIMARY KEY (level, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS head (
    one INTEGER PRIMARY KEY CHECK (one = 1), size INTEGER NOT NULL, note TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS checkpoint (size INTEGER PRIMARY KEY, note TEXT NOT NULL) STRICT
"""


def checkpoint_file(path: Path) -> Path:
    """Return where the last checkpoint of the log at `path` is kept beside it."""
    return path.with_suffix(".checkpoint")


def kept_hash(db: sqlite3.Connection, place: Place) -> Hash | None:
    """Return the hash that the log keeps for a place, or None."""
    row = db.execute("SELECT value FROM hash WHERE level = ? AND number = ?", place).fetchone()
    return Hash(row[0]) if row else None
