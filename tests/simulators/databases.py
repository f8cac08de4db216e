"""Real databases on loopback, each with a user whose password is made at run time, and a table `notes`."""

from __future__ import annotations

import asyncio
import os
import pwd
import secrets
import shutil
import socket
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import pymysql

from tests.simulators.certificates import Certificate, certificate
from tests.simulators.postgres import Cluster, binaries, private_cluster
from tests.simulators.serving import free_port

MARIADB = "/usr/sbin/mariadbd"


@dataclass
class Database:
    """One database.

    Attributes:
        scheme: of its URL.
        port: of loopback, 0 for SQLite.
        place: its socket's folder or path; the file of SQLite.
        trusted: the certificate that the server shows; None where it has none.
    """

    scheme: str
    port: int
    place: Path
    trusted: Certificate | None = None
    password: str = field(default_factory=lambda: secrets.token_urlsafe(18))

    @property
    def mark(self) -> str:
        """How its first parameter is written."""
        return "$1" if self.scheme == "postgresql" else "?"

    def target(self, port: int = 0, host: str = "localhost") -> str:
        """Return its URL, or that of a relay to it."""
        if self.scheme == "sqlite":
            return f"sqlite://{self.place}"
        return f"{self.scheme}://{host}:{port or self.port}/shop"

    def ask(self, statement: str, database: str = "shop") -> list[tuple[Any, ...]]:
        """Carry out a statement as the administrator, by a driver and nothing else."""
        if self.scheme == "sqlite":
            with closing(sqlite3.connect(self.place, timeout=30)) as connection, connection:
                return connection.execute(statement).fetchall()
        if self.scheme == "mysql":
            at = {"unix_socket": str(self.place), "user": "root", "autocommit": True}
            with pymysql.connect(database=database, **at) as connection, connection.cursor() as cursor:  # type: ignore[arg-type]
                cursor.execute(statement)
                return list(cursor.fetchall())
        return asyncio.run(self._postgres(statement, database))

    async def _postgres(self, statement: str, database: str) -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(host=str(self.place), port=self.port, user="hub", database=database)
        try:
            return [tuple(row) for row in await connection.fetch(statement)]
        finally:
            await connection.close()

    def notes(self) -> list[str]:
        """Return what stands in `notes`."""
        return [str(text) for (text,) in self.ask("SELECT text FROM notes ORDER BY text")]

    def wipe(self) -> None:
        """Empty the tables."""
        self.ask("DELETE FROM notes")
        self.ask("DROP TABLE IF EXISTS safety_acts")

    def log(self) -> str:
        """Return what the server has written down."""
        if self.scheme == "sqlite":
            return ""
        folder = self.place if self.place.is_dir() else self.place.parent
        return (folder / "log").read_text(errors="replace")


NOTES = {
    "postgresql": "CREATE TABLE notes (id bigserial PRIMARY KEY, text text NOT NULL)",
    "mysql": "CREATE TABLE notes (id bigint AUTO_INCREMENT PRIMARY KEY, text varchar(2000) NOT NULL)",
    "sqlite": "CREATE TABLE notes (id integer PRIMARY KEY, text text NOT NULL)",
}


@contextmanager
def sqlite() -> Iterator[Database]:
    """Yield a file."""
    folder = Path(tempfile.mkdtemp(prefix="safety-lite-", dir="/tmp"))
    try:
        (folder / "shop.db").touch()
        database = Database("sqlite", 0, folder / "shop.db")
        database.ask(NOTES["sqlite"])
        yield database
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def postgresql() -> Iterator[Database]:
    """Yield a server that asks for passwords (SCRAM) and offers TLS."""
    with private_cluster(binaries(), port=free_port()) as cluster:
        database = Database("postgresql", cluster.port, cluster.folder, certificate(cluster.folder))
        _protect(cluster, database)
        cluster.create("shop")
        database.ask(NOTES["postgresql"])
        database.ask(f"CREATE ROLE agent LOGIN PASSWORD '{database.password}'", "postgres")
        for grant in ("ALL ON DATABASE shop", "ALL ON SCHEMA public", "ALL ON notes", "ALL ON SEQUENCE notes_id_seq"):
            database.ask(f"GRANT {grant} TO agent")
        yield database


def _protect(cluster: Cluster, database: Database) -> None:
    assert database.trusted
    owner = (cluster.folder / "data").stat()
    for path in (database.trusted.chain, database.trusted.key):
        os.chown(path, owner.st_uid, owner.st_gid)
    rules = "local all hub trust\nlocal all all scram-sha-256\nhost all all 127.0.0.1/32 scram-sha-256\n"
    (cluster.folder / "data" / "pg_hba.conf").write_text(rules)
    settings = {"ssl_cert_file": database.trusted.chain, "ssl_key_file": database.trusted.key, "ssl": "on"}
    for name, value in settings.items():
        database.ask(f"ALTER SYSTEM SET {name} = '{value}'", "postgres")
    database.ask("SELECT pg_reload_conf()", "postgres")


@contextmanager
def mariadb() -> Iterator[Database]:
    """Yield a server that asks for passwords and offers TLS."""
    assert Path(MARIADB).exists(), "no MariaDB on this machine. Fix: tools/mariadb.sh, as `make test` does"
    folder = Path(tempfile.mkdtemp(prefix="safety-maria-", dir="/tmp"))
    user = pwd.getpwnam("mysql").pw_name if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
    database = Database("mysql", free_port(), folder / "socket", certificate(folder))
    assert database.trusted
    for path in (folder, database.trusted.chain, database.trusted.key):
        shutil.chown(path, user)
    made = ["--no-defaults", f"--datadir={folder}/data", f"--user={user}"]
    fast = ["--skip-test-db", "--auth-root-authentication-method=normal", "--innodb-log-file-size=8M"]
    subprocess.run(["mariadb-install-db", *made, *fast], check=True, capture_output=True, cwd=folder)
    tls = [f"--ssl-cert={database.trusted.chain}", f"--ssl-key={database.trusted.key}"]
    where = [f"--socket={database.place}", f"--port={database.port}", "--bind-address=127.0.0.1"]
    where += [f"--pid-file={folder}/pid"]
    small = ["--innodb-log-file-size=8M", "--innodb-flush-log-at-trx-commit=0", "--skip-log-bin"]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([MARIADB, *made, *tls, *where, *small], cwd=folder, stdout=log, stderr=log)
    try:
        _await(database, server)
        database.ask("CREATE DATABASE shop CHARACTER SET utf8mb4", "mysql")
        database.ask(NOTES["mysql"])
        database.ask(f"CREATE USER agent@'%' IDENTIFIED BY '{database.password}'")
        database.ask("GRANT ALL ON shop.* TO agent@'%'")
        yield database
    finally:
        server.terminate()
        server.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def _await(database: Database, server: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        with closing(socket.socket(socket.AF_UNIX)) as tried:
            if not tried.connect_ex(str(database.place)):
                return
        assert server.poll() is None, database.log()[-2000:]
        time.sleep(0.05)
    raise RuntimeError("MariaDB did not start")
