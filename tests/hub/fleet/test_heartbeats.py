"""The hub remembers each tenant's audit log: whoever cuts or rewrites it contradicts the hub."""

from __future__ import annotations

import pytest
from nacl.signing import SigningKey

from hub import admin
from hub.store import alerts as alerts_store
from safety_core.audit.checkpoint import Checkpoint, sign, verify_cosignature
from safety_core.audit.tree import Tree, consistency_proof
from safety_core.errors import RefusedError
from safety_core.model.tool_call import TenantId
from safety_core.wire.fleet import Component, ConsistencyProof, Heartbeat, HeartbeatReply
from safety_core.wire.posture import Check, Posture, Result
from tests.simulators.hub import START, RunningHub

KEY = SigningKey(b"\x07" * 32)


class Log:
    """An edge's audit log in memory, and the heartbeats it makes."""

    def __init__(self, hub: RunningHub, origin: str = "safety-gateway/acme") -> None:
        self.hub, self.origin, self.tree = hub, origin, Tree()
        self.edge = hub.client("acme", KEY)

    def grow(self, *entries: str) -> Log:
        for entry in entries:
            self.tree.append(entry.encode())
        return self

    def note(self) -> str:
        return sign(Checkpoint(self.origin, self.tree.size, self.tree.root()), KEY)

    async def beat(self, proven: int | None = None) -> HeartbeatReply:
        proof = None
        if proven is not None:
            hashes = consistency_proof(proven, self.tree.size, self.tree.read)
            proof = ConsistencyProof(proven, tuple(item.hex() for item in hashes))
        return await self.edge.heartbeat(Heartbeat({}, audit=self.note(), proof=proof))


async def alerts(hub: RunningHub) -> list[str]:
    async with hub.context.database.read() as connection:
        return [alert.reason for alert in await alerts_store.open_of(connection, TenantId("acme"))]


async def test_a_log_that_only_grows_is_cosigned(hub: RunningHub) -> None:
    await hub.edge("acme", KEY)
    log, public = Log(hub).grow("a", "b", "c"), hub.context.keys.audit.verify_key
    first = await log.beat()
    assert verify_cosignature(log.note() + first.cosignature, "safety-hub", public) == START
    assert (await log.beat()).cosignature == first.cosignature
    grown = await log.grow("d", "e").beat(first.proven)
    assert (grown.proven, grown.contradiction) == (5, "")
    verify_cosignature(log.note() + grown.cosignature, "safety-hub", public)
    assert await alerts(hub) == []


async def test_growth_without_a_proof_is_noted_but_not_cosigned(small_hub: RunningHub) -> None:
    await small_hub.edge("acme", KEY)
    log = Log(small_hub).grow("a", "b", "c")
    await log.beat()
    assert await log.grow("d").beat() == HeartbeatReply(START, 3)
    assert await log.grow("e").beat(4) == HeartbeatReply(START, 3)
    proved = await log.beat(3)
    assert proved.proven == 5
    assert proved.cosignature


async def test_a_cut_log_is_found(small_hub: RunningHub) -> None:
    await small_hub.edge("acme", KEY)
    await Log(small_hub).grow("a", "b", "c").beat()
    cut = Log(small_hub).grow("a", "b")
    for _ in range(3):
        reply = await cut.beat()
        assert reply == HeartbeatReply(START, 3, contradiction="the log has 2 entries, but had 3")
    assert await alerts(small_hub) == ["the log has 2 entries, but had 3"]


async def test_a_rewritten_log_is_found_at_the_same_size_and_later(hub: RunningHub) -> None:
    await hub.edge("acme", KEY)
    await Log(hub).grow("a", "b", "c").beat()
    rewritten = Log(hub).grow("a", "X", "c")
    assert "another root" in (await rewritten.beat()).contradiction
    later = await rewritten.grow("d").beat(3)
    assert "not proved to contain the 3 seen before" in later.contradiction
    assert later.cosignature == ""
    assert len(await alerts(hub)) == 1
    honest = await Log(hub).grow("a", "b", "c", "d").beat(3)
    assert honest.proven == 4


async def test_another_log_in_its_place_is_found(small_hub: RunningHub) -> None:
    await small_hub.edge("acme", KEY)
    await Log(small_hub).grow("a").beat()
    assert "is named other" in (await Log(small_hub, "other").grow("a", "b").beat()).contradiction


async def test_a_checkpoint_of_another_key_is_refused(small_hub: RunningHub) -> None:
    edge = await small_hub.edge("acme", KEY)
    log = Log(small_hub).grow("a")
    forged = sign(Checkpoint(log.origin, 1, log.tree.root()), SigningKey.generate())
    with pytest.raises(RefusedError, match="not signed by this log's key"):
        await edge.heartbeat(Heartbeat({}, audit=forged))


async def test_an_admin_sees_what_is_in_force_and_what_needs_a_look(small_hub: RunningHub) -> None:
    edge = await small_hub.edge("acme", KEY)
    await small_hub.edge("globex")
    await admin.add_tenant(small_hub.context, "initech")
    await edge.heartbeat(Heartbeat({Component.GATEWAY: "0.1.0"}, policy="9af1", policy_version=7, pending=2))
    await Log(small_hub).grow("a", "b").beat()
    await Log(small_hub).grow("a").beat()
    await edge.heartbeat(Heartbeat({Component.GATEWAY: "0.1.0"}, policy="9af1", policy_version=7))
    small_hub.clock.now += 30
    assert await admin.describe_tenants(small_hub.context) == (
        "acme  seen 30 s ago, policy 9af1 (version 7)",
        "  alert 2027-01-15 08:00:00Z: audit contradiction: the log has 1 entries, but had 2",
        "globex  registered, has not reported yet",
        "initech  waits for its edge to register",
    )


async def test_an_admin_sees_what_a_doctor_found_and_that_nobody_has_looked_since(hub: RunningHub) -> None:
    edge = await hub.edge("acme", KEY)
    posture = Posture(int(START), 1001, {Check.DNS_UDP: Result.BLOCKED, Check.UDP_443: Result.OPEN})
    await edge.heartbeat(Heartbeat({}, posture=posture))
    hub.clock.now += 60
    line = "  doctor: open: udp_443 (1 blocked), tried as uid 1001 1 min ago"
    alert = "  alert 2027-01-15 08:00:00Z: open posture: the agent's user gets out by udp_443; see `safety doctor`"
    assert (await admin.describe_tenants(hub.context))[1:] == (line, alert)
    hub.clock.now += 24 * 3600
    assert "  doctor: stale, run safety doctor again: " in (await admin.describe_tenants(hub.context))[1]
    await hub.client("acme", KEY).heartbeat(Heartbeat({}))
    assert len(await admin.describe_tenants(hub.context)) == 1
