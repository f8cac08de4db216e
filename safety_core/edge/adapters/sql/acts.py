"""The table of finished acts: its row is written in the act's own transaction, so that the two are there or are not.

    act       sha256 of the idempotency key, hexadecimal
    at        when
    outcome   what came of it, as JSON; NULL for one that the server commits by itself and that nobody saw end

A second try that meets the row of the first does nothing. One that comes while the first is still under way waits for
it at the row, since the key is the table's primary key.
"""

from __future__ import annotations

import hashlib
from typing import Final

from safety_core.edge.adapters.sql.rows import Rows
from safety_core.edge.adapters.sql.session import FaultError, Session

ROOM: Final = 64 * 1024
"""Bytes of an outcome that are read."""

LONGEST: Final = 8 * 1024
"""Bytes of an outcome that are written."""


class Acts:
    """The table in one database, for one key."""

    def __init__(self, session: Session, table: str, key: str) -> None:
        self._session = session
        self._table = table
        self._act = hashlib.sha256(key.encode()).hexdigest()

    async def claim(self) -> str | None:
        """Begin a transaction and write the row.

        Returns None where the act is ours; else what came of an earlier try, "" where nobody knows, and no transaction
        is open.
        """
        session = self._session
        insert = f"INSERT INTO {self._table} (act) VALUES ({session.mark(1)})"  # noqa: S608 - a plain name
        for last in (False, True):
            await session.begin(read_only=False)
            try:
                await session.run(insert, [self._act], _rows())
            except FaultError as fault:
                if fault.lost:
                    raise
                await session.rollback()
                if fault.duplicate:
                    return await self._earlier()
                if not fault.missing or last:
                    raise
                await self._make()
            else:
                return None
        return None

    async def finish(self, outcome: str) -> None:
        """Write what came of it, in the same transaction."""
        text = outcome if len(outcome.encode()) <= LONGEST else "{}"
        marks = self._session.mark(1), self._session.mark(2)
        update = f"UPDATE {self._table} SET outcome = {marks[0]} WHERE act = {marks[1]}"  # noqa: S608 - a plain name
        await self._session.run(update, [text, self._act], _rows())

    async def _earlier(self) -> str | None:
        session = self._session
        await session.begin(read_only=True)
        rows = _rows()
        select = f"SELECT outcome FROM {self._table} WHERE act = {session.mark(1)}"  # noqa: S608 - a plain name
        await session.run(select, [self._act], rows)
        await session.rollback()
        found = rows.rows[0] if rows.rows else None
        return str(found[0] or "") if isinstance(found, list) else ""

    async def _make(self) -> None:
        session = self._session
        await session.begin(read_only=False)
        await session.run(session.acts_table.format(self._table), [], _rows())
        if not session.commits_itself("CREATE"):
            await session.commit()


def _rows() -> Rows:
    return Rows(1, ROOM)
