"""What scanners found: kept so that its reference means something and the value is looked for, and no more of it than
is of use. Whoever makes texts chooses how much a scanner finds in them, so the oldest gives way to the newest.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from itertools import islice
from typing import TYPE_CHECKING, Final

from safety_core.edge.vault.changed import note_change
from safety_core.edge.vault.seals import CURRENT, Row
from safety_core.model.secret import DISCOVERED, SecretName, SecretValue
from safety_core.model.terms import Terms, terms_of

if TYPE_CHECKING:
    from safety_core.edge.vault.store import Vault

MOST: Final = 1000
"""Discoveries that are kept: some MiB of the edge's memory, and a tenth of a second when as many come at once."""


def keep_discoveries(vault: Vault, values: Mapping[SecretName, SecretValue], now: float, most: int = MOST) -> None:
    """Keep those of `values` whose names are not there yet, in one go. Of more than `most`, the first are kept.

    A secret that a person has registered or rotated is none of these, and never gives way.
    """
    with vault._writing(None) as db:
        fresh = ((name, value) for name, value in values.items() if vault._row(db, name) is None)
        kept = dict(islice(fresh, most))
        if not kept:
            return
        for row in _found(db)[: -(most - len(kept)) or None]:
            vault._whole.removed(db, row)
            db.execute("DELETE FROM secret WHERE name = ?", (row.name,))
            note_change(db, SecretName(row.name))
        for name, value in kept.items():
            vault._store(db, name, value, None, Terms(discovered=True), now)
            note_change(db, name)


def _found(db: sqlite3.Connection) -> list[Row]:
    """Return what is there of these, the oldest first."""
    rows = db.execute(f"{CURRENT} WHERE name GLOB ? ORDER BY changed, rowid", (f"{DISCOVERED}*",)).fetchall()
    return [row for row in (Row(*row) for row in rows) if terms_of(row.terms).discovered]
