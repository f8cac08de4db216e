"""SQLite, kept to the one file: no statement opens another, loads a library, or changes how the file is kept."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from urllib.parse import quote

from safety_core.canonical import Json
from safety_core.edge.adapters.request import Request
from safety_core.edge.adapters.sql.place import Place
from safety_core.edge.adapters.sql.rows import Rows
from safety_core.edge.adapters.sql.session import Deadline, FaultError

LARGEST: Final = 16 * 1024 * 1024
"""Bytes of one value or row: the child's memory is small."""

STEPS: Final = 10_000
"""Instructions between two looks at the clock, some tens of microseconds."""

PRAGMAS: Final = frozenset(
    {"table_info", "table_xinfo", "table_list", "index_list", "index_info", "index_xinfo", "foreign_key_list"}
    | {"foreign_key_check", "integrity_check", "quick_check", "user_version", "page_count", "compile_options"}
    | {"database_list", "function_list", "encoding"}
)
_READS: Final = frozenset(
    {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
    | {sqlite3.SQLITE_TRANSACTION}
)
_NEVER: Final = frozenset({sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH})
_TABLES: Final = """
SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
AND (?1 = '' OR name = ?1) ORDER BY name
"""


class Sqlite:
    """One connection. See `session.Session`."""

    explains = "EXPLAIN QUERY PLAN "
    explains_reading = True
    acts_table = (
        "CREATE TABLE IF NOT EXISTS {} (act text PRIMARY KEY, at text NOT NULL DEFAULT CURRENT_TIMESTAMP, outcome text)"
    )

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._read_only = True
        self._explaining = False

    @classmethod
    async def open(cls, request: Request, place: Place, deadline: Deadline) -> Sqlite:
        """Open the file; it must be there."""
        if not _there(place.database):
            raise FaultError("has no such file", fix=f"this is {place.database}: write a whole path after sqlite://")
        uri = f"file:{quote(place.database)}?mode=rw"
        connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=deadline.left)
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LARGEST)
        connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        connection.set_progress_handler(lambda: time.monotonic() > deadline.at, STEPS)
        session = cls(connection)
        connection.set_authorizer(session._authorize)
        return session

    def mark(self, number: int) -> str:
        """Return the mark of one parameter."""
        return "?"

    def commits_itself(self, statement: str) -> bool:
        """Never."""
        return False

    async def begin(self, *, read_only: bool) -> None:
        """Begin a transaction; one that writes waits here for others that do."""
        self._read_only = False
        self._asked("BEGIN" if read_only else "BEGIN IMMEDIATE")
        self._read_only = read_only

    async def run(self, statement: str, values: Sequence[Json], rows: Rows) -> int:
        """Carry out one statement."""
        before = self._connection.total_changes
        self._explaining = statement.startswith(self.explains)
        cursor = self._asked(statement, [_bound(value) for value in values])
        self._explaining = False
        rows.columns = [column[0] for column in cursor.description or ()]
        try:
            for record in cursor:
                if not rows.add(record):
                    break
        except sqlite3.Error as error:
            raise _fault(error) from None
        finally:
            cursor.close()
        if not self._connection.in_transaction:
            raise FaultError("was made to end the transaction by the statement itself", lost=True)
        changed = self._connection.total_changes - before
        return len(rows.rows) if rows.columns and not changed else changed

    async def commit(self) -> None:
        """End the transaction: durable once this returns."""
        self._asked("COMMIT")

    async def rollback(self) -> None:
        """Take it back."""
        if self._connection.in_transaction:
            self._asked("ROLLBACK")

    async def schema(self, table: str, rows: Rows) -> None:
        """Put the columns of all tables into `rows`."""
        for (name,) in self._asked(_TABLES, [table]).fetchall():
            quoted = name.replace('"', '""')
            for _, column, kind, never_null, _, place in self._asked(f'PRAGMA table_info("{quoted}")'):
                if not rows.add((name, column, kind, not never_null, place)):
                    return

    async def describe(self) -> str:
        """Return the library's version, once the file has been read."""
        self._asked("SELECT count(*) FROM sqlite_schema").close()
        return f"SQLite {sqlite3.sqlite_version}"

    async def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _asked(self, statement: str, values: Sequence[object] = ()) -> sqlite3.Cursor:
        try:
            return self._connection.execute(statement, values)
        except sqlite3.Warning as error:
            raise FaultError("takes one statement at a time", said=str(error)) from None
        except (sqlite3.Error, OverflowError) as error:
            raise _fault(error) from None

    def _authorize(self, action: int, first: str | None, second: str | None, *_: str | None) -> int:
        """Say whether a statement may do what it is about to do."""
        if action == sqlite3.SQLITE_PRAGMA:
            harmless = first in PRAGMAS and not (first == "user_version" and second is not None)
            return sqlite3.SQLITE_OK if harmless else sqlite3.SQLITE_DENY
        allowed = action in _READS if self._read_only and not self._explaining else action not in _NEVER
        return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY


def _there(path: str) -> bool:
    return Path(path).is_file()


def _bound(value: Json) -> object:
    if isinstance(value, list | dict):
        raise FaultError("takes no list or mapping as a parameter")
    return value


def _fault(error: Exception) -> FaultError:
    code = getattr(error, "sqlite_errorname", "")
    if code == "SQLITE_INTERRUPT":
        return FaultError("took too long, and was ended")
    if code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return FaultError("was kept locked by somebody else for all that time")
    if code in {"SQLITE_NOTADB", "SQLITE_CANTOPEN", "SQLITE_CORRUPT"}:
        return FaultError(f"has a file that is no database, or not to be opened ({code})")
    return FaultError(f"refused it ({code or type(error).__name__})", said=str(error), code=code, engine="sqlite")
