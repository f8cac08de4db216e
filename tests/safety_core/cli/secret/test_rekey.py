"""`safety secret rekey`, and backups, which are of no use without the key of their time."""

from __future__ import annotations

import secrets
import stat
from pathlib import Path

import pytest
from nacl import pwhash

from safety_core.cli.main import run
from safety_core.edge import vault_key
from safety_core.edge.home import Home
from safety_core.edge.key_file import create_key_file, read_key_file
from safety_core.edge.vault import Vault
from safety_core.edge.vault_key import RawKey, find_vault_key
from safety_core.errors import BrokenSealError, SecretError
from safety_core.model.secret import SecretName
from tests.safety_core.cli.secret.running import VALUE, kept, safety

WORDS = "correct horse battery"


@pytest.fixture(autouse=True)
def shop_key(home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(vault_key, "MEMLIMIT", pwhash.argon2id.MEMLIMIT_MIN)
    assert safety(monkeypatch, "set", "shop_key", stdin=VALUE) == 0
    capsys.readouterr()


def test_a_new_key_file_takes_the_old_ones_place(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    old = read_key_file(home.vault_key)
    assert safety(monkeypatch, "rekey", "--keep-old", str(tmp_path / "old.key")) == 0
    assert capsys.readouterr().out.endswith("the old one: safety backup make\n1 values are sealed anew\n")
    assert kept(home) == {"shop_key": VALUE}
    assert read_key_file(home.vault_key) != old == read_key_file(tmp_path / "old.key")
    assert safety(monkeypatch, "rekey", "--keep-old", str(tmp_path / "old.key")) == 1
    assert "old.key: cannot be written: it is there. Fix: name a new file" in capsys.readouterr().err
    assert safety(monkeypatch, "rekey", "--values-only") == 0
    with pytest.raises(BrokenSealError):
        Vault.open(home.vault, RawKey.of(old))


def test_a_key_or_a_passphrase_is_put_in_its_place_by_a_person(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    created = create_key_file(tmp_path / "new.key")
    assert safety(monkeypatch, "rekey", "--key", str(tmp_path / "new.key")) == 0
    assert kept(home) == {"shop_key": VALUE}, "the old one opens it still"
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials/safety-vault-key").write_text(created.hex())
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "credentials"))
    assert safety(monkeypatch, "rekey") == 1
    assert "vault key: comes from a systemd credential" in capsys.readouterr().err
    assert safety(monkeypatch, "rekey", "--finish") == 0
    assert capsys.readouterr().out == "1 other keys open it no more\n"
    assert kept(home) == {"shop_key": VALUE}
    assert safety(monkeypatch, "rekey", "--passphrase", stdin=f"{WORDS}\n") == 0
    (tmp_path / "credentials/safety-vault-key").unlink()
    (tmp_path / "credentials/safety-vault-passphrase").write_text(f"{WORDS}\n")
    assert safety(monkeypatch, "rekey", "--finish") == 0
    assert kept(home) == {"shop_key": VALUE}
    monkeypatch.delenv("CREDENTIALS_DIRECTORY")
    assert safety(monkeypatch, "list") == 1


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("--finish", "--passphrase"), "is given two ways at once"),
        (("--passphrase",), "passphrase: is shorter than 16 characters"),
    ],
)
def test_what_makes_no_sense_is_refused(
    home: Home,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    error: str,
) -> None:
    assert safety(monkeypatch, "rekey", *arguments, stdin="short\n") == 2
    assert error in capsys.readouterr().err
    assert kept(home) == {"shop_key": VALUE}


def test_a_key_file_that_others_may_read_is_none(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    create_key_file(tmp_path / "new.key")
    (tmp_path / "new.key").chmod(0o644)
    assert safety(monkeypatch, "rekey", "--key", str(tmp_path / "new.key")) == 1
    assert "is open to others" in capsys.readouterr().err


def test_a_backup_is_of_use_with_the_key_of_its_time_alone(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(["backup", "make"]) == 0
    folder = Path(capsys.readouterr().out.split("  ")[0])
    raw = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    for form in (VALUE.encode(), VALUE.encode().hex().encode(), read_key_file(home.vault_key)):
        assert form not in raw
    restored = Home(tmp_path / "restored").create()
    for path in folder.iterdir():
        if path.is_file():
            (restored.path / path.name).write_bytes(path.read_bytes())
    with pytest.raises(SecretError, match="cannot be read"):
        find_vault_key(restored, {})
    with pytest.raises(BrokenSealError):
        Vault.open(restored.vault, RawKey.of(secrets.token_bytes(32)))
    assert safety(monkeypatch, "rekey", "--keep-old", str(tmp_path / "old.key")) == 0
    with pytest.raises(BrokenSealError):
        Vault.open(restored.vault, find_vault_key(home, {}))
    (tmp_path / "old.key").rename(restored.vault_key)
    assert stat.S_IMODE(restored.vault_key.stat().st_mode) == 0o600
    with Vault.open(restored.vault, find_vault_key(restored, {})) as vault:
        assert vault.get([SecretName("shop_key")])[SecretName("shop_key")].reveal() == VALUE
