"""What is new in a vault since a generation: which names, and their rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

from safety_core.edge.vault.schema import LOGGED
from safety_core.model.secret import SecretName


def rows_of(
    db: sqlite3.Connection, find: str, names: set[SecretName] | None, limits: str, values: tuple[float, ...]
) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of these names, or all, that a further condition holds for."""
    if names is None:
        yield from db.execute(f"{find} WHERE {limits or 1}", values).fetchall()
        return
    for name in names:
        yield from db.execute(f"{find} WHERE {limits or 1} AND name = ?", (*values, name)).fetchall()


def note_change(db: sqlite3.Connection, name: SecretName | None) -> None:
    """Count a change of this secret, or of something else, and log it."""
    (number,) = db.execute("UPDATE vault SET generation = generation + 1 RETURNING generation").fetchone()
    db.execute("DELETE FROM change WHERE generation <= ? OR generation >= ?", (number - LOGGED, number))
    db.execute("INSERT INTO change VALUES (?, ?)", (number, name))


def logged(db: sqlite3.Connection, since: int, until: int) -> set[SecretName] | None:
    """Return the names that changed after `since`, or None where the log does not hold every change."""
    rows = db.execute("SELECT generation, name FROM change WHERE generation > ?", (since,)).fetchall()
    if since > until or [number for number, _ in rows] != [*range(since + 1, until + 1)]:
        return None
    return {SecretName(name) for _, name in rows if name is not None}
