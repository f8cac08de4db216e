"""The vault: what was put in comes out, to the right key, in the right place, and nowhere else."""

from __future__ import annotations

import itertools
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nacl import pwhash

from safety_core.edge import vault_key
from safety_core.edge.home import Home
from safety_core.edge.key_file import create_key_file, read_key_file, read_or_create_key_file
from safety_core.edge.vault import LOGGED, Vault, VaultChanges, VaultEntry, change_key, finish_key
from safety_core.edge.vault_key import Passphrase, RawKey, find_vault_key
from safety_core.errors import BrokenSealError, InputError, SecretError, UnavailableError, UnknownSecretError
from safety_core.model.secret import SecretName, SecretValue
from safety_core.model.terms import Terms

KEY = RawKey.of(b"\x01" * 32)
A, B = SecretName("a"), SecretName("b")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "vault.db"


def change(path: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        assert db.execute(statement, values).rowcount > 0


NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_.-]{0,20}", fullmatch=True)
TEXTS = st.text(st.characters(codec="utf-8"))


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kept=st.dictionaries(NAMES, TEXTS, max_size=4))
def test_what_was_put_in_comes_out_after_a_restart(
    tmp_path_factory: pytest.TempPathFactory, kept: dict[str, str]
) -> None:
    path = tmp_path_factory.mktemp("vault") / "vault.db"
    with Vault.open(path, KEY) as vault:
        for name, value in kept.items():
            vault.put(SecretName(name), SecretValue(value), now=1.0)
    with Vault.open(path, KEY) as vault:
        assert vault.changes().values == {SecretName(name): SecretValue(value) for name, value in kept.items()}
        assert vault.names() == tuple(sorted(kept))


def test_no_value_stands_in_the_file(path: Path) -> None:
    with Vault.open(path, KEY) as vault:
        vault.put(A, SecretValue("a-very-visible-value"), now=1.0)
        for file in path.parent.iterdir():
            assert b"very-visible" not in file.read_bytes()
            assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_entries_tell_what_may_be_told(path: Path) -> None:
    with Vault.open(path, KEY) as vault:
        vault.put(B, SecretValue("found"), now=1.0, discovered=True)
        vault.put(A, SecretValue("one"), now=2.0)
        vault.rotate(A, SecretValue("two"), now=3.0)
        assert vault.entries() == (VaultEntry(A, 2, 3.0), VaultEntry(B, 1, 1.0, Terms(discovered=True)))
        assert vault.get([A]) == {A: SecretValue("two")}


def test_a_discovery_replaces_nothing_and_a_person_replaces_a_discovery(path: Path) -> None:
    with Vault.open(path, KEY) as vault:
        vault.put(A, SecretValue("person's"), now=1.0)
        vault.put(A, SecretValue("scanner's"), now=2.0, discovered=True)
        assert vault.get([A]) == {A: SecretValue("person's")}
        vault.put(B, SecretValue("scanner's"), now=1.0, discovered=True)
        vault.put(B, SecretValue("person's"), now=2.0)
        assert [entry.discovered for entry in vault.entries()] == [False, False]


def test_what_is_not_there_is_named(path: Path) -> None:
    with Vault.open(path, KEY) as vault:
        vault.put(A, SecretValue("x"), now=1.0)
        with pytest.raises(UnknownSecretError, match="secret b: is not in the vault"):
            vault.get([A, B])
        with pytest.raises(UnknownSecretError):
            vault.rotate(B, SecretValue("x"), now=1.0)
        vault.remove(A)
        with pytest.raises(UnknownSecretError):
            vault.remove(A)
        assert vault.names() == ()
        with pytest.raises(InputError):
            vault.put(SecretName("no name"), SecretValue("x"), now=1.0)


def test_every_change_shows_in_the_generation_also_from_another_process(path: Path) -> None:
    with Vault.open(path, KEY) as vault, Vault.open(path, KEY) as other:
        seen = [vault.generation]
        for step in (
            lambda: other.put(A, SecretValue("x"), now=1.0),
            lambda: other.rotate(A, SecretValue("y"), now=1.0),
            lambda: other.remove(A),
        ):
            step()
            seen.append(vault.generation)
        assert all(before < after for before, after in itertools.pairwise(seen))


ONE, TWO = SecretValue("one"), SecretValue("two")


def test_what_changed_since_a_generation(path: Path) -> None:
    with Vault.open(path, KEY) as vault, Vault.open(path, KEY) as other:
        start = vault.changes()
        assert start == VaultChanges(vault.generation, True, {})
        other.put(A, ONE, now=1.0)
        other.put(B, ONE, now=1.0)
        both = vault.changes(start.generation)
        assert both == VaultChanges(start.generation + 2, False, {A: ONE, B: ONE})
        other.rotate(B, TWO, now=2.0)
        other.remove(A)
        assert vault.changes(both.generation) == VaultChanges(vault.generation, False, {B: TWO}, frozenset({A}))
        other.put(A, TWO, now=3.0)
        assert vault.changes(both.generation).values == {A: TWO, B: TWO}
        assert vault.changes(vault.generation) == VaultChanges(vault.generation, False, {})


def test_another_key_is_a_change_of_no_secret(path: Path) -> None:
    with Vault.open(path, KEY) as vault:
        vault.put(A, ONE, now=1.0)
        before = vault.generation
        change_key(vault, RawKey.of(b"\x02" * 32))
        assert vault.changes(before) == VaultChanges(before + 1, False, {})


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE vault SET generation = generation + 1",
        "DELETE FROM change WHERE name = 'a'",
        "UPDATE vault SET generation = 1",
        "DROP TABLE change",
    ],
)
def test_a_log_with_a_gap_is_not_trusted(path: Path, statement: str) -> None:
    """An older program writes and does not log; a copy from yesterday is put back; somebody cuts the log."""
    with Vault.open(path, KEY) as vault:
        vault.put(B, ONE, now=1.0)
        before = vault.generation
        vault.put(A, ONE, now=1.0)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute(statement)
    with Vault.open(path, KEY) as vault:
        assert vault.changes(before) == VaultChanges(vault.generation, True, {A: ONE, B: ONE})
        before = vault.generation
        vault.put(A, TWO, now=1.0)
        assert vault.changes(before).values[A] == TWO


def test_a_change_that_fails_leaves_no_trace(path: Path) -> None:
    with Vault.open(path, KEY) as vault:
        before = vault.generation
        with pytest.raises(UnknownSecretError):
            vault.remove(A)
        assert vault.changes(before) == VaultChanges(before, False, {})


def test_a_writer_that_is_killed_leaves_no_trace(path: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path; from safety_core.edge.vault import Vault;"
        "from safety_core.edge.vault_key import RawKey; from safety_core.model.secret import SecretName, SecretValue\n"
        "store = Vault._store\n"
        "def killed(*arguments):\n    store(*arguments)\n    os.kill(os.getpid(), 9)\n"
        "Vault._store = killed\n"
        "Vault.open(Path(sys.argv[1]), RawKey.of(b'\\x01' * 32)).put(SecretName('a'), SecretValue('x'), now=1.0)"
    )
    with Vault.open(path, KEY) as vault:
        before = vault.generation
        done = subprocess.run([sys.executable, "-c", script, path], capture_output=True, check=False, timeout=60)
        assert (done.returncode, done.stderr) == (-9, b"")
        assert vault.changes(before) == VaultChanges(before, False, {})
        vault.put(B, ONE, now=1.0)
        assert vault.changes(before) == VaultChanges(before + 1, False, {B: ONE})


def test_the_log_does_not_grow_for_ever(path: Path) -> None:
    with Vault.open(path, KEY) as vault:
        vault._connection.execute("PRAGMA synchronous = OFF")
        start = vault.generation
        for _ in range(LOGGED):
            vault.put(A, ONE, now=1.0)
        assert not vault.changes(start).whole
        vault.put(A, ONE, now=1.0)
        assert vault.changes(start).whole
        assert vault._connection.execute("SELECT count(*) FROM change").fetchone() == (LOGGED,)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE secret SET sealed = (SELECT sealed FROM secret WHERE name = 'b') WHERE name = 'a'",
        "UPDATE secret SET name = CASE name WHEN 'a' THEN 'b' ELSE 'c' END",
        "UPDATE secret SET version = 7 WHERE name = 'a'",
        "UPDATE secret SET changed = changed + 1 WHERE name = 'a'",
        "UPDATE secret SET terms = replace(terms, '[\"main\"]', 'null') WHERE name = 'a'",
        "UPDATE secret SET terms = replace(terms, '\"expires\":9', '\"expires\":null') WHERE name = 'a'",
        "UPDATE secret SET terms = replace(terms, '\"aws\"', '\"\"') WHERE name = 'a'",
        "UPDATE secret SET terms = '{}' WHERE name = 'a'",
        "UPDATE secret SET key_id = 'other' WHERE name = 'a'",
        "UPDATE secret SET sealed = zeroblob(60) WHERE name = 'a'",
        "UPDATE secret SET sealed = x'00' WHERE name = 'a'",
    ],
)
def test_a_row_that_was_changed_or_moved_does_not_open(path: Path, statement: str) -> None:
    with Vault.open(path, KEY) as vault:
        vault.put(A, SecretValue("one"), now=1.0, terms=Terms(agents=frozenset({"main"}), expires=9.0, canary="aws"))
        vault.put(B, SecretValue("two"), now=1.0)
    if "CASE" in statement:
        change(path, "DELETE FROM secret WHERE name = 'b'")
    change(path, statement)
    for accept in (False, True):
        with pytest.raises(BrokenSealError), Vault.open(path, KEY, accept=accept) as vault:
            vault.changes()


def test_a_row_of_another_vault_does_not_open_here(path: Path, tmp_path: Path) -> None:
    sealed = b""
    for name, tenant in (("other.db", "local"), ("vault.db", "local")):
        with Vault.open(tmp_path / name, KEY, tenant) as vault:
            vault.put(A, SecretValue("one"), now=1.0)
        if name == "other.db":
            with closing(sqlite3.connect(tmp_path / name)) as db:
                sealed = db.execute("SELECT sealed FROM secret").fetchone()[0]
    change(path, "UPDATE secret SET sealed = ?", sealed)
    with pytest.raises(BrokenSealError), Vault.open(path, KEY, accept=True) as vault:
        vault.get([A])


def test_another_key_or_tenant_does_not_open_it(path: Path) -> None:
    Vault.open(path, KEY, "bakery").close()
    Vault.open(path, KEY, "bakery").close()
    Vault.open(path, KEY).close()
    for key, tenant in ((RawKey.of(b"\x02" * 32), "bakery"), (KEY, "butcher")):
        with pytest.raises(BrokenSealError, match="does not open"):
            Vault.open(path, key, tenant)


def test_a_vault_whose_owner_was_changed_does_not_open(path: Path) -> None:
    Vault.open(path, KEY, "bakery").close()
    change(path, "UPDATE vault SET tenant = 'butcher'")
    for tenant in ("butcher", None):
        with pytest.raises(BrokenSealError):
            Vault.open(path, KEY, tenant)


def test_a_passphrase_opens_it_and_the_key_can_be_exchanged(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert vault_key.MEMLIMIT == 256 * 1024 * 1024
    monkeypatch.setattr(vault_key, "MEMLIMIT", pwhash.argon2id.MEMLIMIT_MIN)
    words = Passphrase(SecretValue("correct horse"))
    with Vault.open(path, words) as vault:
        vault.put(A, SecretValue("x"), now=1.0)
        names_key = vault.tenant_key
        change_key(vault, KEY)
        assert finish_key(vault) == 1
    with pytest.raises(BrokenSealError):
        Vault.open(path, words)
    with Vault.open(path, KEY) as vault:
        assert vault.get([A]) == {A: SecretValue("x")}
        assert vault.tenant_key == names_key


def test_the_key_for_names_is_the_vaults_own(path: Path, tmp_path: Path) -> None:
    with Vault.open(path, KEY) as one, Vault.open(tmp_path / "other.db", KEY) as two:
        assert len(one.tenant_key) == 32
        assert one.tenant_key != two.tenant_key


def test_a_broken_file_is_named(path: Path) -> None:
    path.write_bytes(b"junk" * 1000)
    with pytest.raises(UnavailableError):
        Vault.open(path, KEY)
    path.unlink()
    vault = Vault.open(path, KEY)
    vault._connection.execute("DROP TABLE secret")
    with pytest.raises(UnavailableError, match="failed"):
        vault.put(A, SecretValue("x"), now=1.0)
    with pytest.raises(UnavailableError, match="failed"):
        vault.get([A])
    vault.close()


def test_a_key_file_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "key"
    key = read_or_create_key_file(path)
    assert read_or_create_key_file(path) == key == read_key_file(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(SecretError, match="cannot be written: it is there"):
        create_key_file(path)
    with pytest.raises(SecretError, match="No such file"):
        create_key_file(tmp_path / "nowhere/key")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o601])
def test_a_key_file_that_others_may_touch_is_refused(tmp_path: Path, mode: int) -> None:
    create_key_file(tmp_path / "key")
    (tmp_path / "key").chmod(mode)
    with pytest.raises(SecretError, match="is open to others") as caught:
        read_or_create_key_file(tmp_path / "key")
    assert caught.value.fix.startswith("chmod 600")


def test_what_is_no_key_file_is_refused(tmp_path: Path) -> None:
    create_key_file(tmp_path / "key")
    (tmp_path / "link").symlink_to(tmp_path / "key")
    (tmp_path / "short").touch(0o600)
    for name, reason in (("missing", "cannot be read"), ("link", "cannot be read"), ("short", "does not hold")):
        with pytest.raises(SecretError, match=reason):
            read_key_file(tmp_path / name)


def test_a_home_is_for_its_owner_only(tmp_path: Path) -> None:
    home = Home.default({"SAFETY_HOME": str(tmp_path / "home")}).create()
    assert {stat.S_IMODE(path.stat().st_mode) for path in (home.path, home.keys, home.bundle_dir)} == {0o700}
    assert {path.parent for path in (home.vault, home.audit, home.edge_db, home.socket)} == {home.path}
    assert {path.parent for path in (home.vault_key, home.edge_key)} == {home.keys}
    assert Home.default({}).path == Path.home() / ".safety"
    (tmp_path / "file").touch()
    with pytest.raises(UnavailableError, match="cannot be made"):
        Home(tmp_path / "file" / "home").create()


def test_where_the_key_comes_from(tmp_path: Path) -> None:
    home = Home(tmp_path / "home").create()
    made = find_vault_key(home, {})
    assert (
        made
        == find_vault_key(home, {"CREDENTIALS_DIRECTORY": str(tmp_path)})
        == RawKey.of(read_key_file(home.vault_key))
    )
    (tmp_path / "safety-vault-passphrase").write_text("correct horse\n")
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert find_vault_key(home, environ) == Passphrase(SecretValue("correct horse"))
    (tmp_path / "safety-vault-key").write_text("ab" * 32 + "\n")
    assert find_vault_key(home, environ) == RawKey.of(b"\xab" * 32)
    (tmp_path / "safety-vault-key").write_text("too short")
    with pytest.raises(SecretError, match="does not hold"):
        find_vault_key(home, environ)
    (tmp_path / "safety-vault-key").write_bytes(b"\xff\xfe")
    with pytest.raises(SecretError, match="cannot be read"):
        find_vault_key(home, environ)


def test_a_vault_whose_key_file_is_lost_gets_no_new_one(tmp_path: Path) -> None:
    home = Home(tmp_path / "home").create()
    Vault.open(home.vault, find_vault_key(home, {})).close()
    home.vault_key.unlink()
    with pytest.raises(SecretError, match="cannot be read"):
        find_vault_key(home, {})
    assert not home.vault_key.exists()
