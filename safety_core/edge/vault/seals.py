"""How a value is bound to its place: XChaCha20-Poly1305, with the place as associated data.

What stands beside a value in the clear (its version, when it was changed, on what terms it may be used, under which key
it is sealed) is part of its place: who changes any of it has a value that does not open.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

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
from safety_core.errors import BrokenSealError, SecretError, UnavailableError, UnknownSecretError

Place: TypeAlias = list[Json]


class Row(NamedTuple):
    """A row of the table `secret`: the current value."""

    name: str
    version: int
    changed: float
    terms: str
    key_id: str
    sealed: bytes

    def place(self, tenant: str) -> Place:
        """Return what the value is bound to."""
        return ["secret", tenant, self.name, self.version, self.changed, self.terms, self.key_id]

    @property
    def thing(self) -> str:
        """Return how errors call it."""
        return f"secret {self.name}"


class FormerRow(NamedTuple):
    """A row of the table `former`: an earlier value, still used and looked for `until` then."""

    name: str
    version: int
    changed: float
    until: float
    key_id: str
    sealed: bytes

    def place(self, tenant: str) -> Place:
        """Return what the value is bound to."""
        return ["former", tenant, self.name, self.version, self.changed, self.until, self.key_id]

    @property
    def thing(self) -> str:
        """Return how errors call it."""
        return f"version {self.version} of secret {self.name}"


CURRENT: Final = "SELECT name, version, changed, terms, key_id, sealed FROM secret"
FORMER: Final = "SELECT name, version, changed, until, key_id, sealed FROM former"


def sealed(plain: bytes, key: bytes, place: Place) -> bytes:
    """Return `plain` sealed to its place under 32 bytes of key, with a nonce drawn at random (24 bytes)."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + seal(plain, canonical_bytes(place), nonce, key)


def opened(box: bytes, key: bytes, place: Place, what: str) -> bytes:
    """Return what was sealed. Raises BrokenSealError naming `what`: another key, another place, or changed bytes."""
    try:
        return unseal(box[NONCE_BYTES:], canonical_bytes(place), box[:NONCE_BYTES], key)
    except (CryptoError, TypeError, ValueError) as error:
        fix = "restore it from a backup, or open it with the key and tenant it was made with"
        raise BrokenSealError(what, "does not open with this key in this place", fix) from error


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into ours."""
    try:
        yield
    except sqlite3.Error as error:
        raise UnavailableError(f"vault {path}", f"failed ({error.sqlite_errorname})") from error


@contextmanager
def reading(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Run the block on the file as it is at one moment, whoever writes meanwhile."""
    connection.execute("BEGIN")
    try:
        yield connection
    finally:
        connection.execute("ROLLBACK")


def unknown(name: str) -> SecretError:
    """Return the error for a name that no secret has."""
    return UnknownSecretError(f"secret {name}", "is not in the vault", f"safety secret set {name}")
