"""`safety audit`: reads the log, and its exit status says whether it holds."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from safety_core.cli.main import run
from safety_core.edge.audit_log import AuditLog
from safety_core.edge.audit_rows import checkpoint_file
from safety_core.edge.home import Home
from safety_core.edge.key_file import edge_key
from safety_core.model.record import AuditEntry, Event


async def filled(home: Home) -> str:
    log = await AuditLog.open(home.audit, edge_key(home), "safety-gateway/bakery")
    for number in range(5):
        await log.append(AuditEntry(1.8e9 + number, Event.PROPOSED, "shop", "exec", level="red", rules=("a", "b")))
    note = await log.checkpoint()
    await log.aclose()
    return note


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home").create()
    asyncio.run(filled(made))
    return made


def safety(home: Home, *arguments: str) -> int:
    return run(["audit", *arguments, "--home", str(home.path)])


def tamper(home: Home, statement: str) -> None:
    with closing(sqlite3.connect(home.audit, isolation_level=None)) as db:
        db.execute(statement)


def test_a_sound_log_holds(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert safety(home, "verify") == 0
    assert safety(home, "verify", "--public", edge_key(home).verify_key.encode().hex()) == 0
    assert safety(home, "verify", "--checkpoint", str(checkpoint_file(home.audit))) == 0
    assert capsys.readouterr().out.startswith("5 entries, root ")


@pytest.mark.parametrize("content", [b"\x82\xff no text \x00", b"some text\n", b""])
def test_a_file_that_holds_no_checkpoint_is_named(
    home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_bytes(content)
    assert safety(home, "verify", "--checkpoint", str(wrong)) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"error: {wrong}: holds no checkpoint: ")
    assert ". Fix: name a copy of audit.checkpoint" in told


def test_a_tampered_log_does_not_hold_and_says_where(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    tamper(home, "UPDATE entry SET body = x'7b7d' WHERE number = 3")
    assert safety(home, "verify") == 1
    assert "entry 3: the entry was changed" in capsys.readouterr().out


def test_another_key_does_not_verify_it(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert safety(home, "verify", "--public", "00" * 32) == 1
    assert safety(home, "verify", "--public", "00" * 32, "--checkpoint", str(checkpoint_file(home.audit))) == 1
    assert safety(home, "verify", "--public", "x") == 2
    assert "--public: must be 64 hexadecimal digits" in capsys.readouterr().err


def test_a_log_that_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert safety(Home(tmp_path / "empty"), "verify") == 2
    assert "empty: is no edge's folder: it is not there" in capsys.readouterr().err
    for words in (["verify"], ["tail"], ["export"]):
        assert safety(Home(tmp_path / "empty").create(), *words) == 1
        assert "audit.db: does not exist" in capsys.readouterr().err


def test_the_last_entries(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert safety(home, "tail", "-n", "2") == 0
    assert capsys.readouterr().out == (
        "3 2027-01-15T08:00:03+00:00 proposed shop exec red a,b\n"
        "4 2027-01-15T08:00:04+00:00 proposed shop exec red a,b\n"
    )


def test_all_entries_as_json(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert safety(home, "export") == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["index"] for line in lines] == list(range(5))
    assert lines[0]["event"] == "proposed"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"exchange": "7e6bfbe6" * 4}, "by response 7e6bfbe6"),
        ({"counts": {"foreseen": 1}}, "foreseen"),
        ({"counts": {"changed": 1}}, "changed"),
        ({"counts": {"unforeseen": 1}}, "unforeseen"),
    ],
)
def test_tail_says_how_a_proposed_call_was_foreseen(
    home: Home, capsys: pytest.CaptureFixture[str], fields: dict[str, Any], said: str
) -> None:
    async def append() -> None:
        log = await AuditLog.open(home.audit, edge_key(home))
        await log.append(AuditEntry(1.8e9, Event.PROPOSED, "shop", "exec", level="red", **fields))
        await log.aclose()

    asyncio.run(append())
    assert safety(home, "tail", "-n", "1") == 0
    assert capsys.readouterr().out.rstrip().endswith(f"proposed shop exec red {said}")
