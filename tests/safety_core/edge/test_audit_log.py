"""The audit log on disk: durable before it answers, and no change to it goes unnoticed."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nacl.signing import SigningKey

from safety_core.audit.checkpoint import verified
from safety_core.audit.tree import verify_consistency
from safety_core.edge import audit_log, audit_verify
from safety_core.edge.audit_log import FOUND, REPAIR, AuditLog
from safety_core.edge.audit_rows import checkpoint_file
from safety_core.edge.audit_verify import verify
from safety_core.errors import AuditError, UnavailableError
from safety_core.model.record import AuditEntry, Event

CHILD = Path(__file__).parents[2] / "simulators" / "audit_child.py"
KEY = SigningKey(b"\x01" * 32)
PUBLIC = KEY.verify_key


def entry(number: int) -> AuditEntry:
    return AuditEntry(1000.0 + number, Event.PROPOSED, "shop", "exec", f"call-{number}", counts={"n": number})


async def filled(path: Path, size: int) -> Path:
    log = await AuditLog.open(path, KEY)
    for number in range(size):
        assert await log.append(entry(number)) == number
        if number == size // 2:
            await log.checkpoint()
    await log.aclose()
    return path


def tamper(path: Path, statement: str, *values: object) -> int:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        return db.execute(statement, values).rowcount


def reasons(path: Path, *external: str) -> list[tuple[int, str]]:
    return [(item.index, item.reason) for item in verify(path, PUBLIC, external).contradictions]


async def test_entries_are_read_back_in_order(tmp_path: Path) -> None:
    log = await AuditLog.open(await filled(tmp_path / "audit.db", 5), KEY)
    rows = [(index, json.loads(body)) async for index, body in log.entries()]
    assert rows == [(number, entry(number).to_json()) for number in range(5)]
    assert [index async for index, _ in log.entries(3)] == [3, 4]
    assert await log.size() == 5
    await log.aclose()


async def test_a_sound_log_verifies_and_goes_on_after_a_restart(tmp_path: Path) -> None:
    path = await filled(tmp_path / "audit.db", 11)
    assert verify(path, PUBLIC).contradictions == ()
    log = await AuditLog.open(path, KEY)
    assert await log.append(entry(11)) == 11
    await log.aclose()
    report = verify(path, PUBLIC)
    assert (report.size, report.contradictions) == (12, ())


async def test_a_checkpoint_proves_growth_to_a_witness(tmp_path: Path) -> None:
    log = await AuditLog.open(tmp_path / "audit.db", KEY)
    for number in range(3):
        await log.append(entry(number))
    old = verified(await log.checkpoint(), PUBLIC)
    for number in range(3, 8):
        await log.append(entry(number))
    new = verified(await log.checkpoint(), PUBLIC)
    assert (old.size, new.size) == (3, 8)
    verify_consistency(old.size, new.size, old.root, new.root, await log.consistency(3, 8))
    assert verified(checkpoint_file(tmp_path / "audit.db").read_text(), PUBLIC) == new
    await log.aclose()


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return asyncio.run(filled(tmp_path_factory.mktemp("sound") / "audit.db", 9))


TAMPERINGS = st.one_of(
    st.tuples(st.just("UPDATE entry SET body = CAST(body || x'20' AS BLOB) WHERE number = ?"), st.integers(0, 8)),
    st.tuples(st.just("UPDATE entry SET number = number + 100 WHERE number = ?"), st.integers(0, 8)),
    st.tuples(st.just("DELETE FROM entry WHERE number = ?"), st.integers(0, 8)),
    st.tuples(st.just("DELETE FROM entry WHERE number >= ?"), st.integers(0, 8)),
    st.tuples(st.just("INSERT INTO entry VALUES (?, x'7b7d')"), st.integers(-3, 40).filter(lambda n: not 0 <= n <= 8)),
    st.tuples(st.just("UPDATE hash SET value = zeroblob(32) WHERE number = ?"), st.integers(0, 8)),
    st.tuples(st.just("DELETE FROM hash WHERE level = ?"), st.integers(0, 3)),
    st.tuples(st.just("INSERT INTO hash VALUES (9, ?, zeroblob(32))"), st.integers(0, 8)),
    st.tuples(st.just("UPDATE head SET size = ?"), st.integers(0, 8)),
    st.tuples(st.just("UPDATE head SET note = (SELECT note FROM checkpoint), size = 9 - ?"), st.integers(0, 8)),
    st.tuples(st.just("UPDATE head SET note = replace(note, '9', ?)"), st.integers(0, 8)),
    st.tuples(st.just("DELETE FROM head WHERE one < 100 + ?"), st.integers(0, 8)),
    st.tuples(st.just("UPDATE checkpoint SET note = replace(note, '5', ?)"), st.sampled_from(["4", "6", "55"])),
    st.tuples(st.just("UPDATE checkpoint SET size = ?"), st.sampled_from([1, 4, 9])),
)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TAMPERINGS)
def test_any_change_to_any_row_is_found(sound: Path, tmp_path: Path, tampering: tuple[str, object]) -> None:
    path = tmp_path / "audit.db"
    shutil.copy(sound, path)
    shutil.copy(checkpoint_file(sound), checkpoint_file(path))
    assert tamper(path, *tampering) > 0
    assert reasons(path) != []


@pytest.mark.parametrize(
    ("statement", "finding"),
    [
        ("UPDATE entry SET body = x'00' WHERE number = 4", (4, "the entry was changed")),
        ("DELETE FROM entry WHERE number = 4", (4, "the entry is missing")),
        ("DELETE FROM entry WHERE number >= 7", (7, "entries 7 to 8 were cut off: 9 are signed")),
        ("DELETE FROM head", (9, "the signed head does not end with the last entry")),
        ("UPDATE checkpoint SET size = 6", (5, "the checkpoint is signed for another size than 6")),
    ],
)
def test_the_report_says_where(sound: Path, tmp_path: Path, statement: str, finding: tuple[int, str]) -> None:
    path = tmp_path / "audit.db"
    shutil.copy(sound, path)
    tamper(path, statement)
    assert finding in reasons(path)


async def test_a_log_cut_together_with_its_head_contradicts_the_text_beside_it_and_the_hub(tmp_path: Path) -> None:
    path = await filled(tmp_path / "audit.db", 6)
    older = tmp_path / "older" / "audit.db"
    older.parent.mkdir()
    shutil.copy(path, older)
    log = await AuditLog.open(path, KEY)
    await log.append(entry(6))
    hub = await log.checkpoint()
    await log.aclose()
    shutil.copy(checkpoint_file(path), checkpoint_file(older))
    cut = (6, "entries 6 to 6 were cut off: 7 are signed")
    assert reasons(older) == [cut]
    checkpoint_file(older).unlink()
    assert reasons(older) == []
    assert reasons(older, hub) == [cut]
    with pytest.raises(AuditError, match="is not signed by this log's key"):
        verify(older, SigningKey(b"\x02" * 32).verify_key, [hub])


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM entry WHERE number = 8",
        "UPDATE hash SET value = zeroblob(32) WHERE level = 3",
        "DELETE FROM hash WHERE level = 3",
        "DELETE FROM head",
        "UPDATE head SET size = 8, note = (SELECT note FROM checkpoint)",
    ],
)
async def test_a_log_that_contradicts_its_head_is_not_opened(sound: Path, tmp_path: Path, statement: str) -> None:
    path = tmp_path / "audit.db"
    shutil.copy(sound, path)
    tamper(path, statement)
    with pytest.raises(AuditError) as refused:
        await AuditLog.open(path, KEY)
    assert (refused.value.thing, refused.value.fix) == (str(path), REPAIR)


async def test_a_log_of_another_key_or_name_is_not_opened(sound: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(sound, tmp_path / "audit.db"))
    with pytest.raises(AuditError, match="is not signed"):
        await AuditLog.open(path, SigningKey(b"\x02" * 32))
    with pytest.raises(AuditError, match="contradicts"):
        await AuditLog.open(path, KEY, "another/name")


async def test_nothing_is_appended_to_a_log_that_was_tampered_with_meanwhile(tmp_path: Path) -> None:
    path = await filled(tmp_path / "audit.db", 4)
    log = await AuditLog.open(path, KEY)
    tamper(path, "DELETE FROM entry WHERE number = 3")
    with pytest.raises(AuditError, match="contradicts"):
        await log.append(entry(4))
    await log.aclose()


async def test_a_rewritten_history_is_not_signed_by_the_next_entry(tmp_path: Path) -> None:
    path, other = tmp_path / "audit.db", tmp_path / "other.db"
    log = await AuditLog.open(path, KEY)
    forged = await AuditLog.open(other, SigningKey(b"\x02" * 32))
    for number in range(6):
        await log.append(entry(number))
        await forged.append(entry(number if number != 2 else 99))
    await forged.aclose()
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("ATTACH DATABASE ? AS other", (str(other),))
        for table in ("entry", "hash"):
            db.execute(f"DELETE FROM main.{table}")
            db.execute(f"INSERT INTO main.{table} SELECT * FROM other.{table}")
    with pytest.raises(AuditError, match="contradicts its signed head"):
        await log.append(entry(6))
    await log.aclose()
    assert reasons(path)


def test_what_is_not_there_or_no_database_is_named(tmp_path: Path) -> None:
    with pytest.raises(AuditError, match="does not exist"):
        verify(tmp_path / "audit.db", PUBLIC)
    (tmp_path / "audit.db").write_bytes(b"junk" * 1000)
    with pytest.raises(UnavailableError):
        verify(tmp_path / "audit.db", PUBLIC)


async def test_two_processes_append_in_turns(tmp_path: Path) -> None:
    path = tmp_path / "audit.db"
    logs = [await AuditLog.open(path, KEY) for _ in range(2)]
    indexes = await asyncio.gather(*(log.append(entry(number)) for number in range(20) for log in logs))
    assert sorted(indexes) == list(range(40))
    for log in logs:
        await log.aclose()
    assert verify(path, PUBLIC).contradictions == ()


def test_a_kill_loses_no_acknowledged_entry(tmp_path: Path) -> None:
    path = tmp_path / "audit.db"
    acknowledged: list[int] = []
    for lines in (20, 33, 41):
        child = subprocess.Popen([sys.executable, str(CHILD), str(path)], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        acknowledged += [int(child.stdout.readline()) for _ in range(lines)]
        child.kill()
        acknowledged += [int(line) for line in child.stdout if line.endswith("\n")]
        child.stdout.close()
        child.wait()
        report = verify(path, PUBLIC)
        assert report.contradictions == ()
        assert report.size >= len(acknowledged)
    with closing(sqlite3.connect(path)) as db:
        calls = [json.loads(body)["call"] for (body,) in db.execute("SELECT body FROM entry ORDER BY number")]
    assert calls == [str(number) for number in range(len(calls))]
    assert len(set(acknowledged)) == len(acknowledged)


async def test_a_start_sees_the_head_and_reading_it_through_sees_all(tmp_path: Path) -> None:
    path = await filled(tmp_path / "audit.db", 40)
    tamper(path, "UPDATE entry SET body = ? WHERE number = 3", b"{}")
    log = await AuditLog.open(path, KEY)
    assert log.last_read is None
    await log.append(entry(40))  # nothing is noticed, whoever appends
    await log.read_through()
    assert log.last_read is not None
    assert "entry 3: the entry was changed" in log.last_read.damage
    tamper(path, "UPDATE entry SET body = ?", b"{}")
    await log.read_through()
    assert len(log.last_read.damage) == FOUND
    await log.aclose()


async def test_a_log_at_work_is_read_through_without_a_false_alarm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = await filled(tmp_path / "audit.db", 9)
    grown = []

    async def grow() -> None:
        other = await AuditLog.open(path, KEY)
        grown.append(await other.append(entry(9 + len(grown))))
        await other.checkpoint()
        await other.aclose()

    def beside(log: Path) -> Path:
        asyncio.run(grow())
        return checkpoint_file(log)

    monkeypatch.setattr(audit_verify, "PACE", 1)
    monkeypatch.setattr(audit_verify, "checkpoint_file", beside)
    report = await asyncio.to_thread(verify, path, PUBLIC, pause=lambda: asyncio.run(grow()))
    assert (report.size, report.contradictions) == (10, ())
    assert len(grown) == 1 + 10


async def test_reading_it_through_ends_when_the_edge_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_verify, "PACE", 1)
    monkeypatch.setattr(audit_log, "BREATH", 600.0)
    log = await AuditLog.open(await filled(tmp_path / "audit.db", 9), KEY)
    reading = asyncio.create_task(log.read_through())
    await asyncio.sleep(0.1)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert log.last_read is None
    await log.aclose()
