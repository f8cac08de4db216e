"""The kill switch: each hand takes back its own, a person on the machine takes back all."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from proxy.guards.halts import Halts
from safety_core.edge.audit_log import AuditLog
from safety_core.edge.halts import HaltStore, Hand
from safety_core.flow.interlock import HaltedError
from safety_core.model.tool_call import AgentId
from safety_core.wire.halts import EVERY, Halt

MAIN, OTHER = AgentId("main"), AgentId("other")


@pytest.fixture
async def halts(tmp_path: Path) -> AsyncIterator[Halts]:
    audit = await AuditLog.open(tmp_path / "audit.db", SigningKey(b"1" * 32))
    store = HaltStore.open(tmp_path / "edge.db")
    yield Halts(store, audit)
    await store.aclose()
    await audit.aclose()


async def test_the_hub_takes_back_its_own_halts_alone(halts: Halts) -> None:
    assert await halts.set(Halt(MAIN, True, "by me"))
    assert await halts.set(Halt(MAIN, True, "by the hub"), Hand.HUB)
    assert not await halts.set(Halt(MAIN, True, "by the hub, again"), Hand.HUB)
    assert halts.reason(MAIN) == "by me"
    assert await halts.set(Halt(MAIN, False, ""), Hand.HUB)
    assert not await halts.set(Halt(MAIN, False, ""), Hand.HUB)
    assert halts.reason(MAIN) == "by me"
    with pytest.raises(HaltedError, match="was halted by a person: by me"):
        halts.demand(MAIN)
    assert await halts.set(Halt(MAIN, False, ""))
    halts.demand(MAIN)


async def test_a_person_on_the_machine_takes_back_both(halts: Halts) -> None:
    await halts.set(Halt(AgentId(" Main "), True, "by the hub"), Hand.HUB)
    with pytest.raises(HaltedError, match="was halted by the hub: by the hub"):
        halts.demand(MAIN)
    assert await halts.set(Halt(MAIN, False, ""))
    halts.demand(MAIN)
    assert halts.thrown() == ()
    assert not await halts.set(Halt(MAIN, False, ""))


async def test_a_halt_of_every_agent_outlasts_the_edge_whoever_threw_it(halts: Halts) -> None:
    await halts.set(Halt(EVERY, True, ""), Hand.HUB)
    await halts.set(Halt(OTHER, True, "by me"))
    again = Halts(halts._store, halts._audit)
    await again.load()
    assert (again.reason(MAIN), again.reason(OTHER)) == ("no reason was given", "by me")
    assert [(told["agent"], told["by"]) for told in again.to_json()] == [("*", "hub"), ("other", "person")]
    with pytest.raises(HaltedError, match="was halted by the hub"):
        again.demand(MAIN)


async def test_the_audit_says_whose_word_it_was(halts: Halts) -> None:
    await halts.set(Halt(MAIN, True, ""))
    await halts.set(Halt(MAIN, True, ""), Hand.HUB)
    entries = [json.loads(body) async for _, body in halts._audit.entries()]
    assert [(entry["outcome"], entry["approver"]) for entry in entries] == [("halted", ""), ("halted", "hub")]
