"""A backup is made while the edge writes, holds no key and no secret in clear, and opens as an edge's folder."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from safety_core.edge import backup
from safety_core.edge.audit_log import AuditLog
from safety_core.edge.audit_verify import verify
from safety_core.edge.backup import KEPT, MANIFEST, Backups
from safety_core.edge.home import Home
from safety_core.edge.key_file import edge_key
from safety_core.edge.vault import Vault
from safety_core.edge.vault_key import RawKey
from safety_core.errors import SafetyError, UnavailableError
from safety_core.model.record import AuditEntry, Event
from safety_core.model.secret import SecretName, SecretValue

NOW = 1_800_000_000.0
KEY = RawKey.of(b"3" * 32)
VALUE = "kJ8sd7f6Hs8d7fGh2"


@pytest.fixture
async def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "edge").create()
    with Vault.open(home.vault, KEY) as vault:
        vault.put(SecretName("OVEN"), SecretValue(VALUE), now=1.0)
    log = await AuditLog.open(home.audit, edge_key(home))
    for number in range(10):
        await log.append(AuditEntry(float(number), Event.RESULT, "main"))
    await log.checkpoint()
    await log.aclose()
    (home.bundle_dir / "targets").mkdir()
    (home.bundle_dir / "targets" / "x.json").write_text("{}")
    return home


def restored(home: Home, folder: Path, path: Path) -> Home:
    """Do what docs/hub.md says: copy the backup, and bring the keys from where they were kept."""
    shutil.copytree(folder, path)
    shutil.copytree(home.keys, path / "keys")
    return Home(path)


async def test_a_backup_opens_as_an_edges_folder(home: Home, tmp_path: Path) -> None:
    backups = Backups(home)
    assert backups.latest() is None
    made = backups.make(NOW)
    assert backups.latest() == made
    (folder,) = backups.listed()
    assert folder.name == "20270115T080000Z"
    assert backups.damage(folder) == ()
    again = restored(home, folder, tmp_path / "again")
    with Vault.open(again.vault, KEY) as vault:
        assert vault.get([SecretName("OVEN")])[SecretName("OVEN")].reveal() == VALUE
    report = verify(again.audit, edge_key(again).verify_key)
    assert (report.size, report.contradictions) == (10, ())
    assert (again.bundle_dir / "targets" / "x.json").read_text() == "{}"


async def test_no_key_and_no_secret_in_clear_is_in_it_and_nobody_else_may_read_it(home: Home) -> None:
    Backups(home).make(NOW)
    files = [path for path in home.backups.rglob("*") if path.is_file()]
    everything = b"".join(path.read_bytes() for path in files)
    assert VALUE.encode() not in everything
    assert edge_key(home).encode() not in everything
    assert {path.stat().st_mode & 0o077 for path in (*files, *home.backups.rglob("*"), home.backups)} == {0}


async def test_runs_of_blueprints_and_pins_are_in_it(home: Home) -> None:
    with closing(sqlite3.connect(home.runs)) as runs:
        runs.execute("CREATE TABLE run (id TEXT)")
    home.connections.mkdir()
    (home.connections / "shop.json").write_text("{}")
    Backups(home).make(NOW)
    (folder,) = Backups(home).listed()
    assert (folder / "runs.db").exists()
    assert (folder / "connections" / "shop.json").read_text() == "{}"


async def test_it_is_of_one_moment_while_somebody_writes(home: Home) -> None:
    with closing(sqlite3.connect(home.edge_db, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("CREATE TABLE pair (left INTEGER, right INTEGER)")
        writer.execute("INSERT INTO pair VALUES (1, 1)")
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("UPDATE pair SET left = 2")
        Backups(home).make(NOW)
        writer.execute("UPDATE pair SET right = 2")
        writer.execute("COMMIT")
    (folder,) = Backups(home).listed()
    with closing(sqlite3.connect(folder / "edge.db")) as copy:
        assert copy.execute("SELECT * FROM pair").fetchall() == [(1, 1)]


async def test_so_many_stay_and_one_of_the_same_second_takes_the_place(home: Home) -> None:
    backups = Backups(home)
    for number in range(KEPT + 2):
        backups.make(NOW + number)
    backups.make(NOW + KEPT + 1)
    names = [path.name for path in backups.listed()]
    assert len(names) == KEPT
    assert names[0] == "20270115T080002Z"
    assert [path.name for path in home.backups.iterdir() if path.name.startswith(".")] == []


async def test_however_many_are_made_in_an_hour_those_of_the_days_before_stay(home: Home) -> None:
    backups, day = Backups(home), 86400
    for number in range(KEPT + 1):
        backups.make(NOW + number * day)
    for second in range(KEPT + 3):
        backups.make(NOW + KEPT * day + 60 + second)
    names = [path.name for path in backups.listed()]
    assert [name[:8] for name in names[: KEPT - 1]] == [f"202701{16 + number}" for number in range(KEPT - 1)]
    assert len(names) == KEPT - 1 + KEPT
    assert len({name[:8] for name in names}) == KEPT


@pytest.fixture
def damaged(home: Home) -> Path:
    Backups(home).make(NOW)
    (folder,) = Backups(home).listed()
    return folder


async def test_damage_is_seen(home: Home, damaged: Path) -> None:
    backups, audit = Backups(home), damaged / "audit.db"
    raw = bytearray(audit.read_bytes())
    raw[5000] ^= 1
    audit.write_bytes(raw)
    assert backups.damage(damaged) == ("audit.db",)
    audit.write_bytes(raw[:-1])
    latest = backups.latest()
    assert latest is not None
    assert not latest.ok
    audit.unlink()
    assert backups.damage(damaged) == ("audit.db",)
    assert backups.latest() == backup.BackupTold(0, 0, ok=False)


@pytest.mark.parametrize("manifest", ["", "[]", json.dumps({"at": 1}), json.dumps({"at": "x", "files": {}})])
async def test_a_folder_without_a_manifest_that_can_be_read_is_no_backup(
    home: Home, damaged: Path, manifest: str
) -> None:
    (damaged / MANIFEST).write_text(manifest)
    assert Backups(home).latest() == backup.BackupTold(0, 0, ok=False)
    with pytest.raises(SafetyError, match="has no manifest"):
        Backups(home).damage(damaged)


async def test_a_database_that_cannot_be_read_or_a_full_disk_makes_none(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.edge_db.write_bytes(b"no database" * 1000)
    with pytest.raises(UnavailableError, match="could not be made"):
        Backups(home).make(NOW)
    home.edge_db.unlink()
    monkeypatch.setattr(backup, "SPARE", 2**62)
    with pytest.raises(UnavailableError, match="bytes of disk"):
        Backups(home).make(NOW)
    assert Backups(home).listed() == ()
    assert list(home.backups.glob(".*")) == []


def test_keys_are_not_copied_even_if_there_is_nothing_else(tmp_path: Path) -> None:
    home = Home(tmp_path / "edge").create()
    edge_key(home)
    Backups(home).make(NOW)
    (folder,) = Backups(home).listed()
    assert [path.name for path in folder.iterdir()] == [MANIFEST]
