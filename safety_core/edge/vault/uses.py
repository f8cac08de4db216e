"""Who was given which secret for what, and how often a canary was seen: told to people, never a value.

It is no evidence: who may write the file may change it. What calls did is in the audit log, and a canary's sightings
too.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from safety_core.edge.vault.told import Sighting, UseEntry
from safety_core.model.secret import SecretName, Use

KEPT_USES: Final = 500
"""Uses of one secret that are kept: the newest."""

_LONGEST: Final = 200
"""Characters of a name that is kept."""

_OLD: Final = (
    "DELETE FROM use WHERE name = ?1 AND number <="
    " (SELECT number FROM use WHERE name = ?1 ORDER BY number DESC LIMIT 1 OFFSET ?2)"
)


@contextmanager
def unhurried(db: sqlite3.Connection) -> Iterator[None]:
    """Do not wait for the disk within the block: what a power cut takes of the use log is in the audit log."""
    db.execute("PRAGMA synchronous = NORMAL")
    try:
        yield
    finally:
        db.execute("PRAGMA synchronous = FULL")


def note_use(db: sqlite3.Connection, name: SecretName, version: int, use: Use, now: float) -> None:
    """Write one use, and forget the oldest beyond `KEPT_USES`."""
    who = (use.agent[:_LONGEST], use.tool[:_LONGEST], use.call[:_LONGEST])
    db.execute(
        "INSERT INTO use (at, name, version, agent, tool, call) VALUES (?, ?, ?, ?, ?, ?)", (now, name, version, *who)
    )
    db.execute(_OLD, (name, KEPT_USES))


def uses_of(db: sqlite3.Connection, name: SecretName, last: int) -> tuple[UseEntry, ...]:
    """Return the newest uses of a secret, the oldest of them first."""
    rows = db.execute(
        "SELECT at, name, version, agent, tool, call FROM use WHERE name = ? ORDER BY number DESC LIMIT ?", (name, last)
    ).fetchall()
    return tuple(UseEntry(at, SecretName(secret), *rest) for at, secret, *rest in reversed(rows))


def note_sighting(db: sqlite3.Connection, name: SecretName, times: int, now: float) -> None:
    """Count that a canary was seen."""
    db.execute(
        "INSERT INTO sighting VALUES (?1, ?2, ?3) ON CONFLICT (name) DO UPDATE SET times = times + ?2, last = ?3",
        (name, times, now),
    )


def sightings(db: sqlite3.Connection) -> tuple[Sighting, ...]:
    """Return what was seen of canaries, by name."""
    rows = db.execute("SELECT name, times, last FROM sighting ORDER BY name").fetchall()
    return tuple(Sighting(SecretName(name), times, last) for name, times, last in rows)
