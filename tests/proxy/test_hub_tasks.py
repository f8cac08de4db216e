"""Usage and heartbeats reach a real hub, again and again, and change nothing twice."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from hub.store import alerts as hub_alerts
from hub.store import usage as hub_usage
from hub.store.fleet import last_seen
from proxy.background.audit import read_through
from proxy.background.heartbeat import Heart
from proxy.background.usage import UsageFlush
from proxy.effects import Services
from proxy.force import InForce
from proxy.secrets import Secrets
from safety_core.bundle.contents import TrustedBundle
from safety_core.edge.approvals import ApprovalStore
from safety_core.edge.audit_log import AuditLog
from safety_core.edge.engine import Engine
from safety_core.edge.hub import HubClient
from safety_core.edge.rego import RegoEngine
from safety_core.edge.usage_store import UsageStore
from safety_core.edge.vault import Vault
from safety_core.edge.vault_key import RawKey
from safety_core.errors import AuditError, UnavailableError
from safety_core.model.record import AuditEntry, Event
from safety_core.model.tool_call import AgentId, TenantId
from safety_core.model.usage import Booking, Usage, UsageBucket
from safety_core.wire.posture import Check, Posture, Result
from tests.simulators.hub import RunningHub, running_hub
from tests.simulators.policies import policy

TENANT = TenantId("acme")


@dataclass
class Office:
    hub: RunningHub
    client: HubClient
    services: Services
    in_force: InForce

    async def totals(self) -> tuple[UsageBucket, ...]:
        async with self.hub.context.database.read() as connection:
            return await hub_usage.listed(connection, TENANT)

    async def count(self, request: str, tokens: int) -> None:
        booking = Booking(request, AgentId("main"), "openai", "m", Usage(input_total=tokens), cost=3 * tokens)
        await self.services.usage.add(booking, time.time())


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async def start(bundle: TrustedBundle) -> Engine:
        return RegoEngine()

    async with running_hub(tmp_path / "hub") as hub:
        hub.clock.now = time.time()
        with Vault.open(tmp_path / "vault.db", RawKey.of(b"3" * 32)) as vault:
            services = Services(
                Secrets(vault),
                await AuditLog.open(tmp_path / "audit.db", SigningKey(b"1" * 32)),
                ApprovalStore.open(tmp_path / "edge.db"),
                UsageStore.open(tmp_path / "edge.db"),
            )
            key = SigningKey(b"1" * 32)
            yield Office(hub, await hub.edge(TENANT, key), services, InForce(start, 0.0))
            await services.audit.aclose()
            await services.approvals.aclose()
            await services.usage.aclose()


async def test_usage_arrives_once_however_often_it_is_sent(office: Office) -> None:
    flush = UsageFlush(office.services.usage, office.client)
    await flush.flush()
    assert await office.totals() == ()
    await office.count("r1", 100)
    unsent = await office.services.usage.unsent()
    await office.client.push_usage(unsent)
    await flush.flush()
    await flush.flush()
    await office.count("r2", 11)
    await flush.flush()
    (bucket,) = await office.totals()
    assert (bucket.requests, bucket.totals.input_total) == (2, 111)
    assert await office.services.usage.unsent() == ()


async def test_an_outage_keeps_usage_for_later(office: Office) -> None:
    away = HubClient("http://127.0.0.1:9", TENANT, office.client.key)
    await office.count("r1", 100)
    with pytest.raises(UnavailableError):
        await UsageFlush(office.services.usage, away).flush()
    await away.close()
    await UsageFlush(office.services.usage, office.client).flush()
    assert (await office.totals())[0].totals.input_total == 100


async def test_each_beat_proves_that_the_audit_log_only_grew(office: Office) -> None:
    heart = Heart(office.client, office.services, office.in_force)
    await heart.beat()
    for number in range(5):
        await office.services.audit.append(AuditEntry(float(number), Event.RESULT, "main"))
        await heart.beat()
        assert heart.proven == number + 1
    await office.in_force.activate(TrustedBundle(policy(), {}, {}, {}, ()))
    await heart.beat()


async def test_a_beat_carries_what_the_doctor_found_last(office: Office) -> None:
    found = Posture(int(time.time()), 1001, {Check.ICMP: Result.BLOCKED})
    await office.services.posture.put(found)
    await Heart(office.client, office.services, office.in_force).beat()
    async with office.hub.context.database.read() as connection:
        assert [seen.posture for seen in await last_seen(connection)] == [found]


async def test_after_a_restart_the_hub_still_remembers_the_log(office: Office) -> None:
    for number in range(3):
        await office.services.audit.append(AuditEntry(float(number), Event.RESULT, "main"))
    await Heart(office.client, office.services, office.in_force).beat()
    await office.services.audit.append(AuditEntry(9.0, Event.RESULT, "main"))
    heart = Heart(office.client, office.services, office.in_force)
    for _ in range(2):
        await heart.beat()
    assert heart.proven == 4


async def test_a_log_that_was_cut_contradicts_the_hub(office: Office, tmp_path: Path) -> None:
    heart = Heart(office.client, office.services, office.in_force)
    for number in range(3):
        await office.services.audit.append(AuditEntry(float(number), Event.RESULT, "main"))
    await heart.beat()
    other = await AuditLog.open(tmp_path / "other.db", SigningKey(b"1" * 32))
    await other.append(AuditEntry(7.0, Event.RESULT, "main"))
    forged = Services(office.services.secrets, other, office.services.approvals, office.services.usage)
    with pytest.raises(AuditError, match="contradicts"):
        await Heart(office.client, forged, office.in_force, heart.proven).beat()
    await other.aclose()


async def test_an_old_entry_that_was_changed_becomes_an_alert(
    office: Office, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """No head tells it: what was signed is still what the log's hashes say."""
    audit, heart = office.services.audit, Heart(office.client, office.services, office.in_force)
    for number in range(3):
        await audit.append(AuditEntry(float(number), Event.RESULT, "main"))
    await read_through(audit)
    with closing(sqlite3.connect(tmp_path / "audit.db", isolation_level=None)) as db:
        db.execute("UPDATE entry SET body = x'7b7d' WHERE number = 1")
    await heart.beat()
    assert (await alerts(office), caplog.messages) == ({}, [])
    await read_through(audit)
    await heart.beat()
    assert "were changed" in (await alerts(office))["damaged audit log"]
    assert "entry 1: the entry was changed" in caplog.text


async def alerts(office: Office) -> dict[str, str]:
    """Return the reasons of open alerts by their kinds, without what this edge lacks anyway."""
    async with office.hub.context.database.read() as connection:
        found = await hub_alerts.open_of(connection, TENANT)
    return {alert.kind: alert.reason for alert in found if alert.kind == "damaged audit log"}


async def test_secrets_follow_the_vault(tmp_path: Path) -> None:
    from safety_core.model.secret import SecretName, SecretValue

    with (
        Vault.open(tmp_path / "vault.db", RawKey.of(b"3" * 32)) as vault,
        Vault.open(tmp_path / "vault.db", RawKey.of(b"3" * 32)) as elsewhere,
    ):
        secrets = Secrets(vault)
        name, value = SecretName("OVEN"), SecretValue("kJ8sd7f6Hs8d7fGh2")
        for number in range(20):
            elsewhere.put(SecretName(f"S{number}"), SecretValue(f"fG{number}h8sd7f6Hs8d7fkJ"), now=1.0)
        await secrets.refresh()
        assert len(secrets) == 20
        elsewhere.put(name, value, now=1.0)
        await secrets.refresh()
        assert secrets.current().text(f"x {value.reveal()}").text == "x SECRET_REF(OVEN)"
        elsewhere.rotate(name, SecretValue("Zq9Xw8Yv7Ut6Sr5Qp"), now=2.0)
        await secrets.refresh()
        assert secrets.current().text("x Zq9Xw8Yv7Ut6Sr5Qp").text == "x SECRET_REF(OVEN)"
        elsewhere.remove(name)
        await secrets.refresh()
        assert name not in json.dumps([*vault.names()])
        assert len(secrets) == 20
        await secrets.remember({name: value, SecretName("S1"): SecretValue("another-Value-77")})
        assert vault.get((name,))[name] == value
        assert len(secrets) == 21
