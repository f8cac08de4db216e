"""What an edge tells of itself: all that there is, and no secret, wherever somebody has put one."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from proxy.background.heartbeat import Heart, seen
from proxy.background.sight import Sight
from proxy.force import Force
from safety_core.bundle.contents import TrustedBundle
from safety_core.edge.halts import Hand
from safety_core.edge.hub import HubClient
from safety_core.errors import UnderSignedError, UnknownSecretError
from safety_core.model.record import AuditEntry, Event
from safety_core.model.secret import SecretName, SecretValue, Use
from safety_core.model.tool_call import AgentId, TenantId
from safety_core.wire.activity import Count, Trouble
from safety_core.wire.fleet import Component, Heartbeat
from safety_core.wire.halts import Halt
from safety_core.wire.presence import CheckIn
from tests.simulators.policies import policy
from tests.simulators.sights import SECRET, in_force, opened_sight

MAIN = AgentId("main")
USE = Use(MAIN, "exec", "call-1")


@pytest.fixture
async def sight(tmp_path: Path) -> AsyncIterator[Sight]:
    async with opened_sight(tmp_path) as sight:
        yield sight


@pytest.fixture
async def force() -> AsyncIterator[Force]:
    holder = in_force()
    yield await holder.activate(TrustedBundle(policy(), {}, {}, {}, ()))
    await holder.close()


async def beat(sight: Sight, force: Force | None) -> Heartbeat:
    return await seen(Heartbeat({}), sight, force)


def checks_in(sight: Sight, agent: str, *, version: str = "1.0.0", host: str = "2026.9.6") -> None:
    sight.guards.presence.check_in(CheckIn(AgentId(agent), "openclaw", version, host, "ab" * 16), time.time())


async def test_all_that_there_is_is_told(sight: Sight, force: Force) -> None:
    checks_in(sight, "main")
    sight.services.tally.note(AuditEntry(100.0, Event.PROPOSED, "other", outcome="deny"))
    await sight.guards.halts.set(Halt(MAIN, True, ""), Hand.HUB)
    await sight.guards.halts.set(Halt(AgentId("other"), True, ""))
    sight.backups.make(time.time())
    told = await beat(sight, force)
    assert told.versions[Component.PLUGIN] == "1.0.0"
    assert told.versions[Component.OPENCLAW] == "2026.9.6"
    assert told.activity is not None
    assert told.activity.counts[Count.PROMPTS] == 7
    assert (told.activity.counts[Count.CALLS], told.activity.counts[Count.DENIED]) == (1, 1)
    assert (told.halted, told.hub_halts) == (2, ("main",))
    assert told.backup is not None
    assert told.backup.ok
    agents = {agent.name: agent for agent in told.agents}
    assert agents[AgentId("other")].seen == 100
    assert agents[AgentId("other")].halted
    assert agents[AgentId("other")].tier is force.policy.default_tier
    assert agents[MAIN].seen > 100
    assert set(force.policy.agents) <= set(agents)
    assert told.secrets == ("OVEN",)
    assert (await beat(sight, None)).agents == ()


async def test_a_name_that_was_asked_for_in_vain_is_told_until_there_is_such_a_secret(
    sight: Sight, force: Force
) -> None:
    with pytest.raises(UnknownSecretError):
        sight.services.secrets.check((SecretName("OVEN"), SecretName("SMTP")), USE)
    assert (await beat(sight, force)).missing == ("SMTP",)
    sight.services.secrets._vault.put(SecretName("SMTP"), SecretValue("h8sd7f6Hs8d7fGh2Q"), now=2.0)
    assert (await beat(sight, force)).missing == ()


async def test_names_are_told_only_where_the_settings_let_them(sight: Sight, force: Force) -> None:
    with pytest.raises(UnknownSecretError):
        sight.services.secrets.check((SecretName("SMTP"),), USE)
    told = await beat(replace(sight, secret_names=False), force)
    assert (told.secrets, told.missing) == (None, ())


async def test_a_secret_is_not_told_wherever_an_agent_or_a_person_has_put_it(sight: Sight, force: Force) -> None:
    """Agents name themselves, the versions they say they have, and what they refer to; people name secrets."""
    checks_in(sight, SECRET, version=SECRET, host=SECRET)
    sight.services.tally.note(AuditEntry(100.0, Event.PROPOSED, SECRET))
    sight.services.tally.note(AuditEntry(100.0, Event.PROPOSED, f"agent-{SECRET}"))
    await sight.guards.halts.set(Halt(AgentId(SECRET), True, SECRET), Hand.HUB)
    sight.services.secrets._vault.put(SecretName(SECRET), SecretValue("h8sd7f6Hs8d7fGh2Q"), now=2.0)
    for name in (f"x{SECRET}", f"{SECRET}.y"):
        with pytest.raises(UnknownSecretError):
            sight.services.secrets.check((SecretName(name),), USE)
    told = json.dumps((await beat(sight, force)).to_json())
    assert SECRET not in told
    assert SECRET.lower() not in told


async def test_only_so_many_names_are_remembered(sight: Sight) -> None:
    for number in range(60):
        with pytest.raises(UnknownSecretError):
            sight.services.secrets.check((SecretName(f"N{number}"),), USE)
    assert sight.services.secrets.missed() == tuple(SecretName(f"N{number}") for number in range(10, 60))


async def test_why_a_policy_is_not_in_force_is_one_word(sight: Sight) -> None:
    holder = in_force()
    hub = HubClient("http://127.0.0.1:9", TenantId("acme"), SigningKey(b"1" * 32))
    heart = Heart(hub, sight.services, holder, sight=sight)
    assert (await heart._message()).trouble is Trouble.MISSING
    holder.trouble = UnderSignedError("bundle", f"holds {SECRET}")
    told = await heart._message()
    assert told.trouble is Trouble.UNDER_SIGNED
    assert SECRET not in json.dumps(told.to_json())
    holder.trouble = None
    await holder.activate(TrustedBundle(policy(), {}, {}, {}, (), expires=1.0))
    assert (await heart._message()).trouble is Trouble.EXPIRED
    await holder.close()
    await hub.close()
