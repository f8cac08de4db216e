"""A log that was cut, rewritten, forked or set back is found by the hub's memory, whoever signs it now."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from nacl.signing import SigningKey, VerifyKey

from hub import admin
from hub.alerts import Kind
from hub.errors import NotFoundError
from hub.fleet import witness
from hub.store import alerts, checkpoints
from hub.store.deeds import Deed
from safety_core.audit.checkpoint import verified, verify_cosignature
from safety_core.cli.main import run
from safety_core.edge.audit_log import AuditLog
from safety_core.edge.home import Home
from safety_core.edge.hub import HubClient
from safety_core.edge.key_file import edge_key
from safety_core.model.record import AuditEntry, Event
from safety_core.model.tool_call import TenantId
from safety_core.wire.fleet import ConsistencyProof, Heartbeat, HeartbeatReply
from tests.simulators.hub import RunningHub, running_hub

ACME = TenantId("acme")
DAY = 86400


@dataclass
class Machine:
    """A tenant's server: an edge's folder with a real audit log, and the heartbeats that go with it."""

    hub: RunningHub
    home: Home
    client: HubClient
    proven: int = 0

    @property
    def key(self) -> SigningKey:
        return edge_key(self.home)

    async def log(self, *subjects: str) -> None:
        log = await AuditLog.open(self.home.audit, self.key)
        for subject in subjects:
            await log.append(AuditEntry(1.0, Event.RESULT, "main", subject))
        await log.aclose()

    async def beat(self, proven: int | None = None) -> HeartbeatReply:
        proven = self.proven if proven is None else proven
        log = await AuditLog.open(self.home.audit, self.key)
        note, size = await log.checkpoint(), await log.size()
        proof = None
        if 0 < proven <= size:
            proof = ConsistencyProof(proven, tuple(item.hex() for item in await log.consistency(proven, size)))
        await log.aclose()
        reply = await self.client.heartbeat(Heartbeat({}, audit=note, proof=proof))
        self.proven = reply.proven
        return reply

    def remove(self) -> None:
        """Delete the log, as whoever has the machine can."""
        for path in self.home.path.glob("audit.*"):
            path.unlink()

    async def verify(self, capfd: pytest.CaptureFixture[str]) -> tuple[int, str]:
        arguments = ["audit", "verify", "--home", str(self.home.path), "--hub", self.hub.url, "--tenant", "acme"]
        capfd.readouterr()
        return await asyncio.to_thread(run, arguments), capfd.readouterr().out


@pytest.fixture
async def machine(tmp_path: Path) -> AsyncIterator[Machine]:
    async with running_hub(tmp_path / "hub") as hub:
        hub.clock.now = time.time()
        home = Home(tmp_path / "edge").create()
        machine = Machine(hub, home, await hub.edge("acme", edge_key(home)))
        await machine.log("a", "b", "c")
        await machine.beat()
        yield machine


async def contradictions(hub: RunningHub) -> list[str]:
    async with hub.context.database.read() as connection:
        return [alert.reason for alert in await alerts.open_of(connection, ACME) if alert.kind == Kind.AUDIT]


async def test_an_honest_log_agrees_with_what_was_cosigned(machine: Machine, capfd: pytest.CaptureFixture[str]) -> None:
    await machine.log("d", "e")
    assert (await machine.beat()).proven == 5
    await machine.log("f")
    status, said = await machine.verify(capfd)
    assert (status, "the log holds" in said, "has cosigned 1 checkpoints" in said) == (0, True, True)
    assert await contradictions(machine.hub) == []


async def test_a_cut_log_that_was_signed_anew_is_found_on_both_sides(
    machine: Machine, capfd: pytest.CaptureFixture[str]
) -> None:
    machine.remove()
    await machine.log("a", "b")
    assert "has 2 entries, but had 3" in (await machine.beat(0)).contradiction
    status, said = await machine.verify(capfd)
    assert status == 1
    assert "entries 2 to 2 were cut off: 3 are signed" in said
    assert len(await contradictions(machine.hub)) == 1


async def test_a_rewritten_log_is_found_however_long_it_has_grown_since(
    machine: Machine, capfd: pytest.CaptureFixture[str]
) -> None:
    machine.remove()
    await machine.log("a", "X", "c", "d", "e")
    reply = await machine.beat(3)
    assert "is not proved to contain the 3 seen before" in reply.contradiction
    status, said = await machine.verify(capfd)
    assert status == 1
    assert "are not those that were signed" in said


async def test_of_two_branches_of_one_log_the_second_is_found(machine: Machine, tmp_path: Path) -> None:
    other = Home(tmp_path / "other")
    shutil.copytree(machine.home.path, other.path)
    await machine.log("d")
    assert (await machine.beat()).proven == 4
    twin = Machine(machine.hub, other, machine.client, proven=3)
    await twin.log("e")
    assert "another root" in (await twin.beat()).contradiction
    await twin.log("f", "g")
    assert "is not proved" in (await twin.beat(4)).contradiction
    assert (await machine.beat()).contradiction == ""


async def test_an_old_image_of_the_machine_is_found_at_its_first_heartbeat(
    machine: Machine, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    image = tmp_path / "image"
    shutil.copytree(machine.home.path, image)
    await machine.log("d", "e", "f")
    await machine.beat()
    shutil.rmtree(machine.home.path)
    shutil.copytree(image, machine.home.path)
    assert (await machine.verify(capfd))[0] == 1
    assert "has 3 entries, but had 6" in (await machine.beat(3)).contradiction
    await machine.log("x", "y", "z", "u")
    assert "is not proved to contain the 6" in (await machine.beat(6)).contradiction


async def test_another_key_hides_nothing_until_a_person_lets_the_new_log_in(
    machine: Machine, capfd: pytest.CaptureFixture[str]
) -> None:
    machine.remove()
    machine.home.edge_key.unlink()
    machine.client = machine.hub.client("acme", machine.key)
    await machine.client.register(await admin.add_tenant(machine.hub.context, "acme"))
    await machine.log("a")
    assert "has 1 entries, but had 3" in (await machine.beat(0)).contradiction
    assert (await machine.verify(capfd))[0] == 1
    deed = Deed(machine.hub.clock(), "Olga", ACME, "let in a new audit log")
    await witness.let_in_new_log(machine.hub.context, deed)
    assert await contradictions(machine.hub) == []
    assert (await machine.beat(0)).proven == 1
    assert (await machine.verify(capfd))[0] == 0
    async with machine.hub.context.database.read() as connection:
        kept = await checkpoints.kept(connection, ACME)
    assert [(item.log, item.size) for item in kept] == [(2, 1), (1, 3)]


async def test_only_a_log_that_is_known_can_be_replaced(machine: Machine) -> None:
    deed = Deed(0.0, "Olga", ACME, "let in")
    await witness.let_in_new_log(machine.hub.context, deed)
    with pytest.raises(NotFoundError):
        await witness.let_in_new_log(machine.hub.context, deed)


async def test_the_last_checkpoint_of_each_day_is_kept_with_both_signatures(hub: RunningHub, tmp_path: Path) -> None:
    home = Home(tmp_path / "edge").create()
    machine = Machine(hub, home, await hub.edge("acme", edge_key(home)))
    start = hub.clock.now = hub.clock.now // DAY * DAY + 60
    for day in range(3):
        for _ in range(2):
            await machine.log("x")
            await machine.beat()
            hub.clock.now += 3600
        hub.clock.now = start + (day + 1) * DAY
    async with hub.context.database.read() as connection:
        kept = await checkpoints.kept(connection, ACME)
        older = await checkpoints.kept(connection, ACME, 1, before=kept[0].day)
    assert [item.size for item in kept] == [6, 4, 2]
    assert older == kept[1:2]
    for item in kept:
        assert verified(item.note, machine.key.verify_key).size == item.size
        public: VerifyKey = hub.context.keys.audit.verify_key
        assert verify_cosignature(item.note, "safety-hub", public) == item.at


async def test_a_log_with_an_entry_changed_on_disk_is_found_with_what_the_hub_knows(
    machine: Machine, capfd: pytest.CaptureFixture[str]
) -> None:
    with closing(sqlite3.connect(machine.home.audit)) as db:
        db.execute("UPDATE entry SET body = CAST(replace(body, '\"b\"', '\"X\"') AS BLOB) WHERE number = 1")
        db.commit()
    status, said = await machine.verify(capfd)
    assert status == 1
    assert "entry 1: the entry was changed" in said
