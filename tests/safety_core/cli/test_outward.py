"""Outward grants at the machine that they hold on: seen, and ended there whatever the hub says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from nacl.signing import SigningKey

from safety_core.cli.main import run
from safety_core.edge.approvals import ApprovalStore
from safety_core.edge.audit_log import AuditLog
from safety_core.edge.home import Home
from safety_core.edge.key_file import edge_key, read_or_create_key_file
from safety_core.edge.standing import StandingStore
from safety_core.model.approval import StandingGrant
from tests.simulators.policies import signed_standing

NOW = 1_000_000.0
GRANT = signed_standing(SigningKey(b"1" * 32))


def doing(home: Home, *grants: StandingGrant) -> Any:
    async def keep() -> Any:
        store = ApprovalStore.open(home.edge_db)
        standing = StandingStore(store.database)
        for grant in grants:
            await standing.keep(grant, NOW)
        held = await standing.recall(GRANT.agent, GRANT.tool, NOW)
        await store.aclose()
        return held

    return done(keep())


def done(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr("safety_core.edge.clock.now", lambda: NOW)
    monkeypatch.setenv("SAFETY_HOME", str(tmp_path / "home"))
    home = Home(tmp_path / "home").create()
    read_or_create_key_file(home.edge_key)
    return home


def test_those_that_hold_are_listed_with_what_is_left(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    over = replace(GRANT, id="b" * 32, not_after=NOW - 1)
    hostile = replace(GRANT, id="c" * 32, recipient="x\x1b[2J@y.example")
    doing(home, GRANT, over, hostile)
    assert run(["approvals", "outward"]) == 0
    shown = capsys.readouterr().out
    assert "message to anna@x.example  until 1970-01-12 14:46 UTC, 2 of 2 left  by olga" in shown
    assert "b" * 32 not in shown
    assert "\x1b" not in shown
    assert run(["approvals", "outward", "--all", "--json"]) == 0
    every = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(item["id"][0], item["remaining"], item["ended"]) for item in every] == [
        ("b", 2, ""),
        ("a", 2, ""),
        ("c", 2, ""),
    ]


def test_one_is_ended_here_for_good_and_on_record(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert doing(home, GRANT) == (GRANT,)
    assert run(["approvals", "outward", "--withdraw", GRANT.id]) == 0
    assert doing(home, GRANT) == ()
    assert run(["approvals", "outward"]) == 0
    assert capsys.readouterr().err.endswith("none\n")
    assert run(["approvals", "outward", "--all"]) == 0
    assert "withdrawn here" in capsys.readouterr().out

    async def entries() -> list[Any]:
        log = await AuditLog.open(home.audit, edge_key(home))
        found = [json.loads(body) async for _, body in log.entries()]
        await log.aclose()
        return [(entry["event"], entry["outcome"], entry["call"]) for entry in found]

    assert done(entries()) == [("outward_grant", "withdrawn", GRANT.id)]


def test_what_is_not_held_here_cannot_be_ended_here(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["approvals", "outward", "--withdraw", "nothing"]) == 2
    assert "is not held here" in capsys.readouterr().err
