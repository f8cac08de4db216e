"""A restored edge has what it had, and no permission of before the restore; a restore is whole or no edge starts."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from safety_core.edge import restore as restoring
from safety_core.edge.approvals import ApprovalStore
from safety_core.edge.audit_log import AuditLog
from safety_core.edge.backup import Backups
from safety_core.edge.backup_seal import sealed
from safety_core.edge.home import Home
from safety_core.edge.key_file import edge_key
from safety_core.edge.restore import restore
from safety_core.edge.standing import StandingStore
from safety_core.edge.vault import Vault
from safety_core.edge.vault_key import find_vault_key
from safety_core.errors import GrantError, SafetyError, SecretError, UnavailableError
from safety_core.model.approval import ApprovalState
from safety_core.model.record import AuditEntry, Event
from safety_core.model.secret import SecretName, SecretValue
from tests.simulators.hub import question
from tests.simulators.passkeys import Authenticator
from tests.simulators.policies import signed_standing

ASKED = question()


@pytest.fixture
async def old(tmp_path: Path) -> tuple[Home, Path, Path]:
    """An edge's folder that was lost after a backup; the backup; its keys, kept elsewhere."""
    home = Home(tmp_path / "edge").create()
    with Vault.open(home.vault, find_vault_key(home)) as vault:
        vault.put(SecretName("OVEN"), SecretValue("kJ8sd7f6Hs8d7fGh2"), now=1.0)
    log = await AuditLog.open(home.audit, edge_key(home))
    await log.append(AuditEntry(1.0, Event.RESULT, "main"))
    await log.checkpoint()
    await log.aclose()
    approvals = ApprovalStore.open(home.edge_db)
    await approvals.open_request(ASKED)
    await approvals.aclose()
    Backups(home).make(1_800_000_000.0)
    (folder,) = Backups(home).listed()
    shutil.move(folder, tmp_path / "backup")
    shutil.move(home.keys, tmp_path / "keys")
    shutil.rmtree(home.path)
    return home, tmp_path / "backup", tmp_path / "keys"


async def test_everything_is_back_and_what_was_open_is_over(old: tuple[Home, Path, Path]) -> None:
    home, folder, keys = old
    made = restore(home, folder, keys)
    assert (made.at, made.entries, made.lapsed, made.contradictions, made.vault) == (1_800_000_000, 1, 1, (), "")
    assert not home.restoring.exists()
    with Vault.open(home.create().vault, find_vault_key(home)) as vault:
        assert vault.get([SecretName("OVEN")])[SecretName("OVEN")].reveal() == "kJ8sd7f6Hs8d7fGh2"
    modes = {path.stat().st_mode & 0o077 for path in home.path.rglob("*")}
    assert modes == {0}


async def test_a_yes_of_before_lets_nothing_run_and_the_hub_is_told(old: tuple[Home, Path, Path]) -> None:
    home, folder, keys = old
    restore(home, folder, keys)
    approvals = ApprovalStore.open(home.edge_db)
    try:
        with pytest.raises(GrantError, match="cancelled already"):
            await approvals.settle(Authenticator.fresh().grant(ASKED), 1_800_000_000.0)
        _, (report,) = await approvals.reports()
        assert (report.request, report.state, report.by) == (ASKED.id, ApprovalState.CANCELLED, "restore")
    finally:
        await approvals.aclose()


async def test_what_is_there_is_not_lost(old: tuple[Home, Path, Path]) -> None:
    home, folder, keys = old
    restore(home, folder, keys)
    before = home.audit.read_bytes()
    with pytest.raises(SafetyError, match="move its folder away"):
        restore(home, folder, keys)
    assert home.audit.read_bytes() == before


@pytest.mark.parametrize("step", ["copy_file", "_lapse", "_take_places", "sync"])
async def test_cut_off_anywhere_no_edge_starts_until_another_try_has_ended_it(
    old: tuple[Home, Path, Path], step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, folder, keys = old
    left = 3

    class Killed(BaseException):
        """As by kill -9: nothing is tidied up."""

    real = getattr(restoring, step)

    def cut(*given: object) -> object:
        nonlocal left
        left -= 1
        if left == 0 or step in {"_lapse", "_take_places"}:
            raise Killed
        return real(*given)

    monkeypatch.setattr(restoring, step, cut)
    with pytest.raises(Killed):
        restore(home, folder, keys)
    with pytest.raises(UnavailableError, match="a restore was cut off"):
        home.create()
    monkeypatch.undo()
    assert restore(home, folder, keys).entries == 1
    home.create()


async def test_a_damaged_backup_or_a_full_disk_changes_nothing_or_can_be_tried_again(
    old: tuple[Home, Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    home, folder, keys = old
    (folder / "audit.db").write_bytes((folder / "audit.db").read_bytes()[:-1])
    with pytest.raises(SafetyError, match=r"is damaged: audit\.db"):
        restore(home, folder, keys)
    assert not home.path.exists()
    monkeypatch.setattr(Backups, "damage", lambda *_: ())
    monkeypatch.setattr(restoring, "_lapse", lambda *_: (_ for _ in ()).throw(sqlite3.OperationalError("disk full")))
    with pytest.raises(UnavailableError, match="was cut off"):
        restore(home, folder, keys)


async def test_without_its_keys_it_says_so(old: tuple[Home, Path, Path]) -> None:
    home, folder, keys = old
    (keys / "vault.key").unlink()
    with pytest.raises(SafetyError, match=r"nobody can tell whether this edge made the backup.*--unsigned"):
        restore(home, folder)
    assert not home.path.exists()
    made = restore(home, folder, unsigned=True)
    assert "vault.key" in made.vault
    assert "nobody can tell" in made.contradictions[0]


async def test_a_backup_that_somebody_else_made_or_changed_is_not_put_back(old: tuple[Home, Path, Path]) -> None:
    """Whoever can write where backups are kept makes the digests fit what they have changed."""
    home, folder, keys = old
    with closing(sqlite3.connect(folder / "edge.db")) as db, db:
        db.execute("UPDATE approval SET state = 'denied'")
    manifest = json.loads((folder / "manifest.json").read_bytes())
    content = (folder / "edge.db").read_bytes()
    manifest["files"]["edge.db"] = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    unsigned = {name: value for name, value in manifest.items() if name != "signature"}
    theirs = sealed(unsigned, SigningKey.generate())
    for forged in (manifest, unsigned, theirs, {**unsigned, "signature": 7}, {**unsigned, "signature": "no hex"}, []):
        (folder / "manifest.json").write_text(json.dumps(forged))
        with pytest.raises(SafetyError, match="is not signed by this edge's key"):
            restore(home, folder, keys)
    assert not home.path.exists()
    (folder / "manifest.json").write_text(json.dumps(unsigned))
    assert restore(home, folder, keys, unsigned=True).entries == 1


@pytest.mark.parametrize("name", ["edge.db", "manifest.json"])
async def test_what_is_changed_behind_the_first_look_is_not_put_back(
    old: tuple[Home, Path, Path], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    home, folder, keys = old
    looked, as_it_was = restoring._demand_empty, (folder / name).read_bytes()

    def then_changed(place: Home) -> None:
        looked(place)
        (folder / name).write_bytes(as_it_was.replace(b"1", b"2"))

    monkeypatch.setattr(restoring, "_demand_empty", then_changed)
    with pytest.raises(SafetyError, match=r"not what it was|not signed by this edge's key"):
        restore(home, folder, keys)
    assert home.restoring.exists()
    assert not home.edge_db.exists()
    monkeypatch.undo()
    (folder / name).write_bytes(as_it_was)
    assert restore(home, folder, keys).entries == 1
    assert not home.restoring.exists()


async def test_a_key_that_others_may_read_is_not_taken(old: tuple[Home, Path, Path]) -> None:
    home, folder, keys = old
    (keys / "vault.key").chmod(0o644)
    with pytest.raises(SecretError, match="open to others"):
        restore(home, folder, keys)


@pytest.mark.parametrize("name", ["../outside", "/etc/outside", "keys/edge.key", "bundles/../keys/edge.key", "bundles"])
async def test_a_manifest_leads_nowhere_else(
    old: tuple[Home, Path, Path], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, folder, keys = old
    manifest = folder / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"audit.db"', json.dumps(name)))
    monkeypatch.setattr(Backups, "damage", lambda *_: ())
    with pytest.raises(SafetyError, match="which no backup does"):
        restore(home, folder, keys, unsigned=True)
    assert not home.path.exists()


@pytest.mark.parametrize("broken", [False, True])
async def test_a_database_that_acts_by_itself_is_not_put_back(
    old: tuple[Home, Path, Path], broken: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, folder, keys = old
    again = "CREATE TRIGGER again AFTER UPDATE ON approval BEGIN UPDATE approval SET state = 'granted'; END"
    if broken:
        (folder / "edge.db").write_bytes(b"no database" * 100)
    else:
        with closing(sqlite3.connect(folder / "edge.db")) as db, db:
            db.execute(again)
    monkeypatch.setattr(Backups, "damage", lambda *_: ())
    with pytest.raises(SafetyError, match="acts by itself"):
        restore(home, folder, keys)
    assert not home.path.exists()


async def test_plans_and_outward_grants_of_before_are_over_too(old: tuple[Home, Path, Path]) -> None:
    home, folder, keys = old
    with closing(sqlite3.connect(folder / "edge.db")) as db, db:
        db.execute("INSERT INTO standing_grant VALUES ('s1', 'main', 'mail', 9e9, 3, '', 1, NULL)")
    monkey = pytest.MonkeyPatch()
    monkey.setattr(Backups, "damage", lambda *_: ())
    restore(home, folder, keys)
    monkey.undo()
    with closing(sqlite3.connect(home.edge_db)) as db:
        assert db.execute("SELECT ended, told FROM standing_grant").fetchall() == [("restored", 0)]
        assert db.execute("SELECT count(*) FROM plan_call").fetchone() == (0,)


@pytest.mark.parametrize("kept", [True, False])
async def test_a_grant_that_the_hub_tells_again_may_be_used_up_and_counts_for_nothing(
    old: tuple[Home, Path, Path], kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, folder, keys = old
    if not kept:  # an edge that had no such file yet
        (folder / "edge.db").unlink()
        manifest = json.loads((folder / "manifest.json").read_bytes())
        del manifest["files"]["edge.db"]
        (folder / "manifest.json").write_text(json.dumps(manifest))
    monkeypatch.setattr("safety_core.edge.clock.now", lambda: 1_800_000_100.0)
    restore(home, folder, keys, unsigned=not kept)
    approvals = ApprovalStore.open(home.edge_db)
    store = StandingStore(approvals.database)
    grant = signed_standing(SigningKey(b"1" * 32))
    try:
        lapsed = [await store.lapsed(replace(grant, decided=1_800_000_000.0 + after)) for after in (0, 160, 161)]
    finally:
        await approvals.aclose()
    assert lapsed == [True, True, False]


KEEPS = """
UPDATE approval SET state = 'granted';
ALTER TABLE approval RENAME TO before;
CREATE TABLE approval (
    ordinal INTEGER PRIMARY KEY, id TEXT, digest TEXT, state TEXT UNIQUE ON CONFLICT IGNORE, request BLOB, answer BLOB,
    received REAL DEFAULT 0, sent INTEGER DEFAULT 0, owed INTEGER DEFAULT 0, others BLOB, replaced TEXT
);
INSERT INTO approval SELECT * FROM before;
INSERT INTO approval (id, digest, state, request) SELECT 'ended', 'ended', 'expired', request FROM before;
DROP TABLE before
"""
"""Nothing in it acts by itself; but a second row that is over cannot be."""

HIDES = """
CREATE INDEX hides ON approval (state, id) WHERE state = 'none';
PRAGMA writable_schema = ON;
UPDATE sqlite_master SET sql = 'CREATE INDEX hides ON approval (state, id)' WHERE name = 'hides'
"""
"""An index of no rows, which says that it is one of all: by it, nothing is open."""


@pytest.mark.parametrize("lie", [KEEPS, HIDES], ids=["a table that keeps", "an index that hides"])
async def test_a_database_that_keeps_what_is_ended_is_not_put_back(
    old: tuple[Home, Path, Path], lie: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, folder, keys = old
    with closing(sqlite3.connect(folder / "edge.db")) as db:
        db.executescript(lie)
    monkeypatch.setattr(Backups, "damage", lambda *_: ())
    with pytest.raises(SafetyError, match="acts by itself"):
        restore(home, folder, keys)
    assert not home.path.exists()
    monkeypatch.setattr(restoring, "_only_tables", lambda _: True)  # there may be a lie that nobody has thought of
    with pytest.raises(SafetyError, match="keeps a permission"):
        restore(home, folder, keys)
    with pytest.raises(UnavailableError, match="a restore was cut off"):
        home.create()
