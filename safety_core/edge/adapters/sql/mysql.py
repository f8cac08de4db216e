"""MySQL and MariaDB, by PyMySQL. It waits without a loop: the child does nothing else, and every wait has its limit."""

from __future__ import annotations

import socket
import ssl
import struct
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final, TypeVar

import pymysql
from pymysql.connections import Connection

from safety_core.canonical import Json
from safety_core.edge.adapters.request import Request
from safety_core.edge.adapters.sql.job import first_word
from safety_core.edge.adapters.sql.mysql_wire import Executed, in_transaction
from safety_core.edge.adapters.sql.place import Place, hosts_of, tls_of
from safety_core.edge.adapters.sql.rows import Rows
from safety_core.edge.adapters.sql.session import Deadline, FaultError

T = TypeVar("T")

KILL_SECONDS: Final = 2.0
"""How long we try to end at the server what did not end in time."""

SOONER: Final = 0.8
"""Share of our time after which the server ends a statement, so that it is the one to say so."""

COMMITTING: Final = frozenset(
    {"create", "alter", "drop", "truncate", "rename", "grant", "revoke", "analyze", "optimize", "repair", "check"}
    | {"cache", "flush", "install", "uninstall", "call", "do", "load", "reset", "change", "stop", "import"}
)
"""Statements before which the server ends the transaction by itself, or inside of which it may be ended."""

_PLAIN_PASSWORD: Final = frozenset({b"mysql_clear_password", b"dialog", b"mysql_old_password"})
_LOST: Final = frozenset({2006, 2013, 2014, 2055, 1053, 1152, 1158, 1159, 1160, 1161, 1927})
_DENIED: Final = frozenset({1044, 1045, 1698, 1251})
_SLOW: Final = frozenset({1969, 3024, 1317, 1205, 1907})
_SCHEMA: Final = """
SELECT c.table_name, c.column_name, c.column_type, c.is_nullable = 'YES', coalesce(k.ordinal_position, 0)
FROM information_schema.columns c LEFT JOIN information_schema.key_column_usage k
  ON k.table_schema = c.table_schema AND k.table_name = c.table_name AND k.column_name = c.column_name
  AND k.constraint_name = 'PRIMARY'
WHERE c.table_schema = database() AND (? = '' OR c.table_name = ?)
ORDER BY c.table_name, c.ordinal_position
"""


_Connection: Any = Connection
"""Its inner methods are used, which its types do not show."""


class _Guarded(_Connection):  # type: ignore[misc]
    """Tells nobody the password as it is, unless the line is encrypted or a socket of this machine."""

    def _process_auth(self, plugin_name: bytes, auth_packet: Any, handler: Any = None) -> Any:
        if plugin_name in _PLAIN_PASSWORD and not self._secure:
            raise pymysql.err.OperationalError(1251, "the server asks for the password in plain text")
        return super()._process_auth(plugin_name, auth_packet, handler)


class Mysql:
    """One connection. See `session.Session`."""

    explains = "EXPLAIN "
    explains_reading = False
    acts_table = (
        "CREATE TABLE IF NOT EXISTS {} (act char(64) CHARACTER SET ascii PRIMARY KEY,"
        " at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP, outcome text) ENGINE=InnoDB"
    )

    def __init__(self, connection: Any, deadline: Deadline, another: Callable[[Deadline], Any]) -> None:
        self._connection = connection
        self._deadline = deadline
        self._another = another

    @classmethod
    async def open(cls, request: Request, place: Place, deadline: Deadline) -> Mysql:
        """Connect and authenticate, to the first address that answers."""
        addresses = [] if place.socket else await hosts_of(request, place)

        def connected(until: Deadline) -> Any:
            return _connected(request, place, addresses, until)

        session = cls(connected(deadline), deadline, connected)
        try:
            session._limit()
        except FaultError:
            await session.close()
            raise
        return session

    def mark(self, number: int) -> str:
        """Return the mark of one parameter."""
        return "?"

    def commits_itself(self, statement: str) -> bool:
        """Tell whether the server ends the transaction by itself: it does at whatever is no change of rows."""
        return first_word(statement) in COMMITTING

    async def begin(self, *, read_only: bool) -> None:
        """Begin a transaction."""
        self._plain("START TRANSACTION READ ONLY" if read_only else "START TRANSACTION READ WRITE")

    async def run(self, statement: str, values: Sequence[Json], rows: Rows) -> int:
        """Carry out one statement."""
        return self._asked(lambda: self._run(statement, values, rows))

    async def commit(self) -> None:
        """End the transaction."""
        self._plain("COMMIT")

    async def rollback(self) -> None:
        """Take it back."""
        self._plain("ROLLBACK")

    async def schema(self, table: str, rows: Rows) -> None:
        """Put the columns of this database's tables into `rows`."""
        await self.run(_SCHEMA, [table, table], rows)

    async def describe(self) -> str:
        """Return the server's name and version."""
        version = str(self._connection.server_version)
        return version if "MariaDB" in version else f"MySQL {version}"

    async def close(self) -> None:
        """End it."""
        self._connection._force_close()

    def _run(self, statement: str, values: Sequence[Json], rows: Rows) -> int:
        done = Executed(self._connection, statement, values)
        rows.columns = done.columns
        for record in done.rows():
            if not rows.add(record):
                break
        if rows.columns:
            return len(rows.rows)
        if not self.commits_itself(statement) and not in_transaction(self._connection) and done.affected:
            raise FaultError("was made to end the transaction by the statement itself", lost=True)
        return int(done.affected)

    def _limit(self) -> None:
        """Let the server end what takes too long by itself; each of the two has a setting of its own for that."""
        seconds = self._deadline.left * SOONER
        maria = "MariaDB" in str(self._connection.server_version)
        limit = f"max_statement_time = {seconds:.3f}" if maria else f"max_execution_time = {int(seconds * 1000) + 1}"
        self._plain(f"SET SESSION {limit}, innodb_lock_wait_timeout = {max(1, int(seconds))}")

    def _plain(self, text: str) -> None:
        self._asked(lambda: self._connection.query(text))

    def _asked(self, ask: Callable[[], T]) -> T:
        self._connection._read_timeout = self._connection._write_timeout = self._deadline.left
        try:
            return ask()
        except pymysql.MySQLError as error:
            fault = _fault(error)
            if fault.lost:
                self._kill()
            raise (
                FaultError("did not answer in time", lost=True) if fault.lost and self._deadline.over else fault
            ) from None
        except (OSError, AttributeError, struct.error):
            raise FaultError("was cut off", lost=True) from None

    def _kill(self) -> None:
        """End our session at the server: what it was doing must not go on for nobody."""
        number = self._connection.thread_id()
        with suppress(FaultError, pymysql.MySQLError, OSError):
            other = self._another(Deadline.after(KILL_SECONDS))
            try:
                other.query(f"KILL CONNECTION {int(number)}")
            finally:
                other._force_close()


def _connected(request: Request, place: Place, addresses: Sequence[str], until: Deadline) -> Any:
    tls = tls_of(request, place)
    connection: Any = _Guarded(
        user=request.connection.user,
        password=(request.secret("password") or "").encode(),
        host=place.host or "localhost",
        port=place.port,
        database=place.database or None,
        charset="utf8mb4",
        connect_timeout=until.left,
        read_timeout=until.left,
        write_timeout=until.left,
        local_infile=False,
        autocommit=True,
        defer_connect=True,
        **({"ssl": tls} if tls else {"ssl_disabled": True}),
    )
    connection._secure = bool(place.socket)
    try:
        connection.connect(_line(place, addresses, until))
    except ssl.SSLCertVerificationError as error:
        raise _untrusted(error) from None
    except pymysql.MySQLError as error:
        raise _refused(request, error) from None
    except OSError as error:
        raise FaultError(f"cannot be reached ({type(error).__name__})", lost=True) from None
    return connection


def _line(place: Place, addresses: Sequence[str], until: Deadline) -> socket.socket:
    """Return a connection to the first address that answers."""
    if place.socket:
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        line.settimeout(until.left)
        try:
            line.connect(place.socket)
        except OSError:
            line.close()
            raise
        return line
    for address in addresses[:-1]:
        with suppress(OSError):
            return socket.create_connection((address, place.port), until.left)
    return socket.create_connection((addresses[-1], place.port), until.left)


def _refused(request: Request, error: pymysql.MySQLError) -> FaultError:
    original = getattr(error, "original_exception", None)
    if isinstance(original, ssl.SSLCertVerificationError):
        return _untrusted(original)
    code = error.args[0] if error.args else 0
    if code in _DENIED:
        slot = request.connection.secrets.get("password", "NAME")
        return FaultError("refuses the user or the password", fix=f"safety secret set {slot}")
    if code == 1049:
        return FaultError("has no such database")
    if code == 2026:
        return FaultError("offers no TLS", fix='tls = "off" needs private = true')
    return FaultError(f"cannot be reached (error {code})", lost=True)


def _untrusted(error: ssl.SSLCertVerificationError) -> FaultError:
    fix = "name its authority in the option ca"
    return FaultError(f"has a certificate that is not trusted ({error.verify_message})", fix=fix)


def _fault(error: pymysql.MySQLError) -> FaultError:
    code = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    if code in _SLOW:
        return FaultError("took too long, and was cancelled")
    if code in _LOST or not code:
        return FaultError("was cut off", lost=True)
    said = str(error.args[1]) if len(error.args) > 1 else ""
    return FaultError(f"refused it (error {code})", said=said, code=str(code))
