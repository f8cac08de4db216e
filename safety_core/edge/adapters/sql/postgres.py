"""PostgreSQL, by asyncpg: statements are prepared, so each is one alone, and their parameters never become its text."""

from __future__ import annotations

import os
import ssl
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from typing import Any, Final, TypeVar

import asyncpg  # type: ignore[import-untyped]

from safety_core.canonical import Json
from safety_core.edge.adapters.request import Request
from safety_core.edge.adapters.sql.place import Place, hosts_of, tls_of
from safety_core.edge.adapters.sql.rows import Rows
from safety_core.edge.adapters.sql.session import Deadline, FaultError
from safety_core.edge.adapters.sql.values import value_for

T = TypeVar("T")

AT_ONCE: Final = 50
"""Rows that the server sends at a time: it waits for us to ask for more, however many there are."""

WATCH_MS: Final = 1000
"""How often a server looks whether its client is still there while it works (PostgreSQL 14)."""

_LOST: Final = ("57P",)
"""Classes of errors that end the connection from the server's side: nobody knows what became of what was under way."""

_SCHEMA: Final = """
SELECT c.table_schema || '.' || c.table_name, c.column_name, c.data_type, c.is_nullable = 'YES', coalesce(k.place, 0)
FROM information_schema.columns c LEFT JOIN (
  SELECT i.indrelid, a.attname, array_position(i.indkey::int2[], a.attnum) + 1 AS place
  FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey) WHERE i.indisprimary
) k ON k.indrelid = to_regclass(format('%I.%I', c.table_schema, c.table_name)) AND k.attname = c.column_name
WHERE c.table_schema NOT IN ('pg_catalog', 'information_schema') AND ($1 = '' OR c.table_name = $1)
ORDER BY c.table_schema, c.table_name, c.ordinal_position
"""


class Postgres:
    """One connection. See `session.Session`."""

    explains = "EXPLAIN "
    explains_reading = True
    acts_table = (
        "CREATE TABLE IF NOT EXISTS {} (act char(64) PRIMARY KEY, at timestamptz NOT NULL DEFAULT now(), outcome text)"
    )

    def __init__(self, connection: Any, deadline: Deadline) -> None:
        self._connection = connection
        self._deadline = deadline

    @classmethod
    async def open(cls, request: Request, place: Place, deadline: Deadline) -> Postgres:
        """Connect and authenticate, to the first address that answers."""
        hosts = [place.socket] if place.socket else await hosts_of(request, place)
        tls = tls_of(request, place)
        settings = {
            "user": request.connection.user,
            "password": request.secret("password") or "",
            "database": place.database or request.connection.user,
            "port": place.port,
            "ssl": tls or False,
            "passfile": os.devnull,
            "timeout": deadline.left,
            "statement_cache_size": 0,
            "server_settings": {"application_name": "safety-gateway"},
        }
        for host in hosts[:-1]:
            with suppress(OSError, TimeoutError):
                return cls(await _told(request, asyncpg.connect(host=host, **settings)), deadline)
        try:
            return cls(await _told(request, asyncpg.connect(host=hosts[-1], **settings)), deadline)
        except ssl.SSLError as error:
            raise _untrusted(error) from None
        except OSError as error:
            raise FaultError(f"cannot be reached ({type(error).__name__})", lost=True) from None

    def mark(self, number: int) -> str:
        """Return the mark of one parameter."""
        return f"${number}"

    def commits_itself(self, statement: str) -> bool:
        """Never: what cannot be taken back is refused inside of a transaction."""
        return False

    async def begin(self, *, read_only: bool) -> None:
        """Begin a transaction; the server ends what takes too long, or whose client is gone."""
        await self._asked(self._connection.execute("BEGIN READ ONLY" if read_only else "BEGIN READ WRITE"))
        limit = str(int(self._deadline.left * 1000) + 1)
        await self._asked(self._connection.fetch("SELECT set_config('statement_timeout', $1, true)", limit))
        await self._asked(self._connection.execute("SAVEPOINT watch"))
        try:
            await self._connection.execute(f"SET LOCAL client_connection_check_interval = {WATCH_MS}")
        except asyncpg.PostgresError:  # an older server, or one on another system
            await self._asked(self._connection.execute("ROLLBACK TO SAVEPOINT watch"))

    async def run(self, statement: str, values: Sequence[Json], rows: Rows) -> int:
        """Carry out one statement."""
        prepared = await self._asked(self._connection.prepare(statement))
        given = _bound(prepared.get_parameters(), values)
        rows.columns = [attribute.name for attribute in prepared.get_attributes()]
        if rows.columns:
            await self._asked(_read(prepared.cursor(*given, prefetch=AT_ONCE), rows))
            changed = len(rows.rows)
        else:
            await self._asked(prepared.fetch(*given))
            last = prepared.get_statusmsg().rpartition(" ")[2]
            changed = int(last) if last.isdigit() else -1
        if not self._connection.is_in_transaction():
            raise FaultError("was made to end the transaction by the statement itself", lost=True)
        return changed

    async def commit(self) -> None:
        """End the transaction. Of one that has failed, PostgreSQL says no more than that it was rolled back."""
        if await self._asked(self._connection.execute("COMMIT")) != "COMMIT":
            raise FaultError("took everything back")

    async def rollback(self) -> None:
        """Take it back."""
        await self._asked(self._connection.execute("ROLLBACK"))

    async def schema(self, table: str, rows: Rows) -> None:
        """Put the columns of all tables that are no system's into `rows`."""
        await self.run(_SCHEMA, [table], rows)

    async def describe(self) -> str:
        """Return the server's name and version."""
        version = self._connection.get_server_version()
        return f"PostgreSQL {version.major}.{version.minor}"

    async def close(self) -> None:
        """End it; what is still under way is cancelled by the server itself."""
        self._connection.terminate()

    async def _asked(self, asked: Awaitable[T]) -> T:
        try:
            return await asked
        except asyncpg.PostgresError as error:
            raise _fault(error) from None
        except asyncpg.InterfaceError as error:
            lost = self._connection.is_closed()
            reason = "was cut off" if lost else "was asked for what its driver cannot do"
            raise FaultError(reason, said="" if lost else str(error), lost=lost) from None
        except OSError:
            raise FaultError("was cut off", lost=True) from None


async def _read(cursor: Any, rows: Rows) -> None:
    async for record in cursor:
        if not rows.add(tuple(record)):
            return


async def _told(request: Request, connecting: Awaitable[T]) -> T:
    """Return the connection; what the server says against it is told in our words."""
    slot = request.connection.secrets.get("password", "NAME")
    try:
        return await connecting
    except asyncpg.InvalidAuthorizationSpecificationError:
        raise FaultError("refuses the user or the password", fix=f"safety secret set {slot}") from None
    except asyncpg.InvalidCatalogNameError:
        raise FaultError("has no such database") from None
    except asyncpg.PostgresError as error:
        raise FaultError(f"refuses connections (SQLSTATE {error.sqlstate})", lost=True) from None
    except asyncpg.InterfaceError as error:
        raise FaultError(f"cannot be spoken to ({type(error).__name__})", lost=True) from None
    except TimeoutError:
        raise FaultError("does not answer", lost=True) from None
    except ConnectionError as error:
        rejected = "SSL" in str(error)
        fix = 'tls = "off" needs private = true' if rejected else ""
        raise FaultError("offers no TLS" if rejected else "cannot be reached", fix=fix, lost=True) from None


def _untrusted(error: ssl.SSLError) -> FaultError:
    said = error.verify_message if isinstance(error, ssl.SSLCertVerificationError) else "no TLS"
    return FaultError(f"has a certificate that is not trusted ({said})", fix="name its authority in the option ca")


def _fault(error: asyncpg.PostgresError) -> FaultError:
    code = str(error.sqlstate)
    if code == "57014":
        return FaultError("took too long, and was cancelled")
    if code.startswith("08"):
        return FaultError("was cut off", lost=True)
    return FaultError(
        f"refused it (SQLSTATE {code})",
        said=str(error.args[0] if error.args else ""),
        lost=code.startswith(_LOST),
        code=code,
    )


def _bound(kinds: Sequence[Any], values: Sequence[Json]) -> list[object]:
    if len(kinds) != len(values):
        raise FaultError(f"expects {len(kinds)} parameters and was given {len(values)}")
    try:
        return [value_for(str(kind.name), value) for kind, value in zip(kinds, values, strict=True)]
    except ValueError as error:
        raise FaultError(f"expects a parameter of the type {error}, and one is not") from None
