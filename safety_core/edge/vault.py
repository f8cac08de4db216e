"""Secrets at rest: each value sealed with XChaCha20-Poly1305 to the row it stands in.

    key from outside (`vault_key`)  seals  the vault's own key  seals  each value

The seal's associated data is (tenant, name, version, discovered, key id): a value moved to another name, tenant or
version, or one whose flag was changed, does not open. What it cannot show is a row put back to an older version as a
whole, or removed; both need the right to write this file.

Every change leaves its number and name in a log in the same file, written in the same transaction. Who has read the
vault once asks for what came after (`changes`), whichever process wrote it. A log with a gap (an older program wrote,
or what is asked for was thrown away) is never trusted: then everything is read.

Plain `sqlite3` on the caller's thread: a value opens in microseconds, and a vault of 1,000 secrets in milliseconds.
Claims nothing about memory: a value lives as long as Python keeps it.
"""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt as unseal,
)
from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_encrypt as seal,
)
from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_NPUBBYTES as NONCE_BYTES,
)
from nacl.exceptions import CryptoError

from safety_core.canonical import Json, canonical_bytes
from safety_core.edge.database import connect, writing
from safety_core.edge.vault_key import SALT_BYTES, VaultKey, stretched
from safety_core.errors import BrokenSealError, SecretError, UnavailableError, UnknownSecretError
from safety_core.model.secret import SecretName, SecretValue, secret_name

TENANT: Final = "local"
"""The tenant of a vault that was made for none by name."""

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS vault (
    one INTEGER PRIMARY KEY CHECK (one = 1), tenant TEXT NOT NULL, key_id TEXT NOT NULL, salt BLOB NOT NULL,
    sealed_key BLOB NOT NULL, generation INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS secret (
    name TEXT PRIMARY KEY, version INTEGER NOT NULL, discovered INTEGER NOT NULL, changed REAL NOT NULL,
    sealed BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS change (generation INTEGER PRIMARY KEY, name TEXT) STRICT
"""

LOGGED: Final = 1000
"""Changes that the log keeps. Who missed more than these reads all, which is then hardly slower."""


@dataclass(frozen=True, slots=True)
class VaultEntry:
    """What may be told about a secret. `changed`: seconds since the epoch. `discovered`: found by a scanner."""

    name: SecretName
    version: int
    discovered: bool
    changed: float


@dataclass(frozen=True, slots=True)
class VaultChanges:
    """What is new since a generation.

    Attributes:
        generation: what to ask with next time.
        whole: `values` is all there is; forget the rest.
        values: by name, what was put or rotated and is still there.
        gone: names that were removed; some may never have been seen.
    """

    generation: int
    whole: bool
    values: Mapping[SecretName, SecretValue]
    gone: frozenset[SecretName] = frozenset()


class Vault:
    """The secrets of one tenant in one SQLite file."""

    def __init__(self, connection: sqlite3.Connection, path: Path, tenant: str, key_id: str, key: bytes) -> None:
        self._connection = connection
        self._path = path
        self._tenant = tenant
        self._key_id = key_id
        self._key = key

    @classmethod
    def open(cls, path: Path, key: VaultKey, tenant: str | None = None) -> Vault:
        """Open the vault, or make it.

        Args:
            key: `vault_key.find_vault_key`.
            tenant: whose it must be; None takes the one it was made for (a new one: `TENANT`).

        Raises:
            BrokenSealError: `key` does not open it, or it belongs to another tenant.
            UnavailableError: the file cannot be used.
        """
        connection = connect(path, SCHEMA)
        try:
            with _translated(path), writing(connection):
                row = connection.execute("SELECT tenant, key_id, salt, sealed_key FROM vault").fetchone()
                row = row or _create(connection, key, tenant or TENANT)
            owner, key_id, salt, sealed_key = row
            inner = _opened(sealed_key, stretched(key, salt), [tenant or owner, key_id], f"vault {path}")
        except BaseException:
            connection.close()
            raise
        return cls(connection, path, owner, key_id, inner)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def __enter__(self) -> Vault:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def tenant_key(self) -> bytes:
        """32 bytes for the names of discovered secrets; the same as long as the vault exists."""
        return hashlib.blake2b(self._tenant.encode(), key=self._key, digest_size=32, person=b"safety names").digest()

    @property
    def generation(self) -> int:
        """A number that grows with every change, by whatever process: a cheap way to see that something is new."""
        with _translated(self._path):
            return int(self._connection.execute("SELECT generation FROM vault").fetchone()[0])

    def put(self, name: SecretName, value: SecretValue, *, now: float, discovered: bool = False) -> None:
        """Keep `value` under `name`. A discovered value never replaces anything; a person's replaces what is there."""
        with self._writing(name) as db:
            there = _version(db, name)
            if not (discovered and there):
                self._store(db, name, value, there + 1, discovered, now)

    def rotate(self, name: SecretName, value: SecretValue, *, now: float) -> None:
        """Replace the value of a secret that must be there already; it is a person's from now on."""
        with self._writing(name) as db:
            there = _version(db, name)
            if not there:
                raise _unknown(name)
            self._store(db, name, value, there + 1, False, now)

    def remove(self, name: SecretName) -> None:
        """Forget a secret. Raises UnknownSecretError where there is none."""
        with self._writing(name) as db:
            if db.execute("DELETE FROM secret WHERE name = ? RETURNING name", (name,)).fetchone() is None:
                raise _unknown(name)

    def get(self, names: Iterable[SecretName]) -> Mapping[SecretName, SecretValue]:
        """Return the values behind `names`.

        Raises:
            UnknownSecretError: the first one that is missing.
            BrokenSealError: a value was changed, moved or exchanged in the file.
        """
        return {name: self._open_row(name) for name in names}

    def names(self) -> tuple[SecretName, ...]:
        """Return all names, sorted."""
        return tuple(entry.name for entry in self.entries())

    def entries(self) -> tuple[VaultEntry, ...]:
        """Return what may be told about every secret, by name."""
        with _translated(self._path):
            rows = self._connection.execute("SELECT name, version, discovered, changed FROM secret ORDER BY name")
            return tuple(VaultEntry(SecretName(row[0]), row[1], bool(row[2]), row[3]) for row in rows)

    def changes(self, since: int | None = None) -> VaultChanges:
        """Return what changed after generation `since`, read at one moment; without it, everything.

        Raises:
            BrokenSealError: a value was changed, moved or exchanged in the file.
        """
        with _translated(self._path), _reading(self._connection) as db:
            generation = int(db.execute("SELECT generation FROM vault").fetchone()[0])
            names = None if since is None else _logged(db, since, generation)
            if names is None:
                rows = db.execute("SELECT name, version, discovered, sealed FROM secret").fetchall()
            else:
                find = "SELECT name, version, discovered, sealed FROM secret WHERE name = ?"
                rows = [row for name in names if (row := db.execute(find, (name,)).fetchone())]
        values = {SecretName(row[0]): self._unsealed(*row) for row in rows}
        return VaultChanges(generation, names is None, values, frozenset(names or ()) - values.keys())

    def change_key(self, key: VaultKey) -> None:
        """Seal the vault's own key with another key from outside; the old one opens it no more."""
        salt = secrets.token_bytes(SALT_BYTES)
        sealed = _sealed(self._key, stretched(key, salt), [self._tenant, self._key_id])
        with self._writing(None) as db:
            db.execute("UPDATE vault SET salt = ?, sealed_key = ?", (salt, sealed))

    @contextmanager
    def _writing(self, name: SecretName | None) -> Iterator[sqlite3.Connection]:
        """Run the block as one transaction that changes this secret, or something else."""
        with _translated(self._path), writing(self._connection) as db:
            yield db
            (number,) = db.execute("UPDATE vault SET generation = generation + 1 RETURNING generation").fetchone()
            db.execute("DELETE FROM change WHERE generation <= ? OR generation >= ?", (number - LOGGED, number))
            db.execute("INSERT INTO change VALUES (?, ?)", (number, name))

    def _store(
        self, db: sqlite3.Connection, name: SecretName, value: SecretValue, version: int, discovered: bool, now: float
    ) -> None:
        sealed = _sealed(value.reveal().encode(), self._key, self._row(secret_name(name), version, discovered))
        row = (name, version, int(discovered), now, sealed)
        db.execute("INSERT OR REPLACE INTO secret VALUES (?, ?, ?, ?, ?)", row)

    def _open_row(self, name: SecretName) -> SecretValue:
        with _translated(self._path):
            find = "SELECT version, discovered, sealed FROM secret WHERE name = ?"
            row = self._connection.execute(find, (name,)).fetchone()
        if row is None:
            raise _unknown(name)
        return self._unsealed(name, *row)

    def _unsealed(self, name: str, version: int, discovered: int, sealed: bytes) -> SecretValue:
        plain = _opened(sealed, self._key, self._row(name, version, bool(discovered)), f"secret {name}")
        return SecretValue(plain.decode())

    def _row(self, name: str, version: int, discovered: bool) -> list[Json]:
        return [self._tenant, name, version, discovered, self._key_id]


def _create(db: sqlite3.Connection, key: VaultKey, tenant: str) -> tuple[str, str, bytes, bytes]:
    salt, inner, key_id = secrets.token_bytes(SALT_BYTES), secrets.token_bytes(32), secrets.token_hex(8)
    sealed = _sealed(inner, stretched(key, salt), [tenant, key_id])
    db.execute("INSERT INTO vault VALUES (1, ?, ?, ?, ?, 1)", (tenant, key_id, salt, sealed))
    return tenant, key_id, salt, sealed


def _version(db: sqlite3.Connection, name: SecretName) -> int:
    """Return the version that is there, 0 for none."""
    row = db.execute("SELECT version FROM secret WHERE name = ?", (name,)).fetchone()
    return int(row[0]) if row else 0


def _sealed(plain: bytes, key: bytes, place: list[Json]) -> bytes:
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + seal(plain, canonical_bytes(place), nonce, key)


def _opened(sealed: bytes, key: bytes, place: list[Json], what: str) -> bytes:
    try:
        return unseal(sealed[NONCE_BYTES:], canonical_bytes(place), sealed[:NONCE_BYTES], key)
    except (CryptoError, TypeError, ValueError) as error:
        fix = "restore it from a backup, or open it with the key and tenant it was made with"
        raise BrokenSealError(what, "does not open with this key in this place", fix) from error


def _logged(db: sqlite3.Connection, since: int, until: int) -> set[SecretName] | None:
    """Return the names that changed after `since`, or None where the log does not hold every change."""
    rows = db.execute("SELECT generation, name FROM change WHERE generation > ?", (since,)).fetchall()
    if since > until or [number for number, _ in rows] != [*range(since + 1, until + 1)]:
        return None
    return {SecretName(name) for _, name in rows if name is not None}


@contextmanager
def _reading(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Run the block on the file as it is at one moment, whoever writes meanwhile."""
    connection.execute("BEGIN")
    try:
        yield connection
    finally:
        connection.execute("ROLLBACK")


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise UnavailableError(f"vault {path}", f"failed ({error.sqlite_errorname})") from error


def _unknown(name: SecretName) -> SecretError:
    return UnknownSecretError(f"secret {name}", "is not in the vault", f"safety secret set {name}")
