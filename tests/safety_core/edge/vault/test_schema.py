"""A vault of the first version becomes one of this, whole or not at all."""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from nacl import bindings, pwhash

from safety_core.canonical import Json, canonical_bytes
from safety_core.edge import vault_key
from safety_core.edge.vault import Vault, VaultEntry
from safety_core.edge.vault_key import Passphrase, RawKey, VaultKey, stretched
from safety_core.errors import BrokenSealError
from safety_core.model.secret import SecretName, SecretValue
from safety_core.model.terms import Terms

FIRST = """
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
"""The tables as the first version made them."""

KEY = RawKey.of(b"\x01" * 32)
A, B = SecretName("a"), SecretName("found_b")


def sealed(plain: bytes, key: bytes, place: list[Json]) -> bytes:
    nonce = secrets.token_bytes(bindings.crypto_aead_xchacha20poly1305_ietf_NPUBBYTES)
    return nonce + bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(plain, canonical_bytes(place), nonce, key)


def first_version(path: Path, key: VaultKey, tenant: str = "bakery") -> bytes:
    """Make a file as the first version did; return what it named discoveries with."""
    inner, salt = secrets.token_bytes(32), secrets.token_bytes(16)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.executescript(FIRST)
        box = sealed(inner, stretched(key, salt), [tenant, "k1"])
        db.execute("INSERT INTO vault VALUES (1, ?, 'k1', ?, ?, 7)", (tenant, salt, box))
        for name, version, discovered, value in ((A, 3, False, b"one"), (B, 1, True, b"two")):
            box = sealed(value, inner, [tenant, name, version, discovered, "k1"])
            db.execute("INSERT INTO secret VALUES (?, ?, ?, ?, ?)", (name, version, discovered, 5.0, box))
        db.executemany("INSERT INTO change VALUES (?, ?)", [(number, A) for number in range(2, 8)])
    return hashlib.blake2b(tenant.encode(), key=inner, digest_size=32, person=b"safety names").digest()


def tables(path: Path) -> list[tuple[str, ...]]:
    with closing(sqlite3.connect(path)) as db:
        return [*db.execute("SELECT * FROM secret ORDER BY name"), *db.execute("SELECT * FROM vault")]


def test_all_of_it_is_there_under_the_same_names(tmp_path: Path) -> None:
    path = tmp_path / "vault.db"
    names_key = first_version(path, KEY)
    for _ in range(2):
        with Vault.open(path, KEY, "bakery") as vault:
            assert vault.get([A, B]) == {A: SecretValue("one"), B: SecretValue("two")}
            assert vault.entries() == (VaultEntry(A, 3, 5.0), VaultEntry(B, 1, 5.0, Terms(discovered=True)))
            assert vault.tenant_key == names_key
            assert (vault.generation, vault.changes(7).values) == (8, {})
    with Vault.open(path, KEY) as vault:
        vault.rotate(A, SecretValue("three"), now=6.0, overlap=9.0)
        assert [version.number for version in vault.versions(A)] == [3, 4]


def test_a_passphrase_opens_the_first_version_and_what_becomes_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vault_key, "MEMLIMIT", pwhash.argon2id.MEMLIMIT_MIN)
    words, path = Passphrase(SecretValue("correct horse")), tmp_path / "vault.db"
    first_version(path, words)
    for _ in range(2):
        with Vault.open(path, words) as vault:
            assert vault.get([A]) == {A: SecretValue("one")}


@pytest.mark.parametrize(
    ("statement", "key", "tenant"),
    [
        ("", RawKey.of(b"\x02" * 32), None),
        ("", KEY, "butcher"),
        ("UPDATE secret SET version = 9 WHERE name = 'a'", KEY, None),
        ("UPDATE secret SET discovered = 0 WHERE name = 'found_b'", KEY, None),
        ("UPDATE secret SET discovered = 2 WHERE name = 'found_b'", KEY, None),
    ],
)
def test_what_does_not_open_changes_nothing(tmp_path: Path, statement: str, key: RawKey, tenant: str | None) -> None:
    path = tmp_path / "vault.db"
    first_version(path, KEY)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute(statement or "SELECT 1")
    before = tables(path)
    with pytest.raises(BrokenSealError):
        Vault.open(path, key, tenant)
    assert tables(path) == before


def test_an_empty_file_of_the_first_version_becomes_a_vault(tmp_path: Path) -> None:
    path = tmp_path / "vault.db"
    with closing(sqlite3.connect(path)) as db:
        db.executescript(FIRST)
    with Vault.open(path, KEY) as vault:
        vault.put(A, SecretValue("one"), now=1.0)
        assert vault.get([A]) == {A: SecretValue("one")}


def test_a_program_of_the_first_version_that_still_runs_is_stopped_and_not_misled(tmp_path: Path) -> None:
    """It would otherwise find no secret, and let all of them pass."""
    path = tmp_path / "vault.db"
    first_version(path, KEY)
    with closing(sqlite3.connect(path, isolation_level=None)) as old:
        Vault.open(path, KEY).close()
        assert old.execute("SELECT generation FROM vault").fetchone() == (8,)
        for statement in (
            "SELECT name, version, discovered, sealed FROM secret",
            "INSERT OR REPLACE INTO secret VALUES ('c', 1, 0, 1.0, x'00')",
            "SELECT tenant, key_id, salt, sealed_key FROM vault",
        ):
            with pytest.raises(sqlite3.OperationalError):
                old.execute(statement)
