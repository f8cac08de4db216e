"""The pages about tenants, agents, the audit and secrets: all that there is, and to nobody who may not see it."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from nacl.signing import SigningKey

from hub.alerts import raise_alert
from hub.console.agents import agents
from hub.console.tenants import posture_words
from hub.fleet.concerns import STALE_SECONDS
from hub.store import alerts, checkpoints, deeds, tenants
from hub.store.alerts import Alert
from hub.store.deeds import Deed
from safety_core.audit.checkpoint import Checkpoint, sign
from safety_core.audit.tree import Hash
from safety_core.edge.hub import HubClient
from safety_core.model.level import Tier
from safety_core.model.tool_call import AgentId, TenantId
from safety_core.wire.activity import Activity, AgentTold, BackupTold, Count, Trouble
from safety_core.wire.fleet import Component, Heartbeat
from safety_core.wire.orders import OrderKind, OrderOutcome, OrderResult
from safety_core.wire.posture import FRESH_SECONDS, Check, Posture, Result
from tests.simulators.hub import START, RunningHub
from tests.simulators.policies import policy
from tests.simulators.visitors import Visitor, visitor

ACME = TenantId("acme")
KEY = SigningKey(b"\x07" * 32)
EVIL = "<script>alert(1)</script>"


def full_beat(**given: Any) -> Heartbeat:
    fields: dict[str, Any] = {
        "versions": {Component.GATEWAY: "0.0.1", Component.OPENCLAW: "2026.9.6"},
        "policy": "9af1",
        "policy_version": 7,
        "posture": Posture(int(START), 1001, {Check.UDP_443: Result.OPEN}),
        "at": START,
        "expires": START + 9e5,
        "activity": Activity(1.0, {Count.CALLS: 4711, Count.DENIED: 12}),
        "backup": BackupTold(int(START) - 3600, 123_456, ok=True),
        "agents": (AgentTold(AgentId("main"), Tier.TRUSTED, int(START) - 60),),
        "secrets": ("OPENAI_API_KEY",),
        "missing": ("SMTP_PASSWORD",),
    }
    return Heartbeat(**{**fields, **given})


async def edge_of(hub: RunningHub, **given: Any) -> HubClient:
    edge = await hub.edge("acme", KEY)
    note = sign(Checkpoint("safety-gateway/acme", 3, Hash(b"\x01" * 32)), KEY)
    await edge.heartbeat(full_beat(audit=note, **given))
    return edge


async def page(who: Visitor, path: str) -> str:
    answer = await who.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


async def test_tenants_stand_in_the_order_of_their_need(hub: RunningHub) -> None:
    await edge_of(hub)
    for name in ("quiet", "fine", "waits"):
        other = await hub.edge(name)
        if name != "waits":
            await other.heartbeat(Heartbeat({}))
    hub.clock.now += STALE_SECONDS + 1
    edge = hub.client("acme", KEY)
    await edge.heartbeat(full_beat())
    anna = await visitor(hub, "Anna", ("admin", ""))
    shown = await page(anna, "/tenants")
    places = [shown.index(f'href="/tenants/{name}"') for name in ("fine", "quiet", "acme", "waits")]
    assert places == sorted(places)
    assert "stale: silent" in shown
    assert "1 way out open" in shown
    assert "9af1, version 7" in shown
    assert "Enrol a tenant" in shown


async def test_one_tenant_in_full(hub: RunningHub) -> None:
    await edge_of(hub, trouble=Trouble.UNDER_SIGNED)
    olga = await visitor(hub)
    shown = await page(olga, "/tenants/acme")
    for words in (
        "open posture",
        "old version",
        "refused: under signed",
        "QUIC, UDP port 443",
        "123,456 bytes",
        "openclaw 2026.9.6",
        "Kill switch",
        "Cosigned up to",
        "01" * 32,
    ):
        assert words in shown, words
    assert "Take the key back" not in shown


async def test_who_belongs_elsewhere_sees_nothing_and_who_only_looks_changes_nothing(small_hub: RunningHub) -> None:
    edge = await edge_of(small_hub)
    await small_hub.edge("globex")
    stranger = await visitor(small_hub, "Gil", ("owner", "globex"))
    viewer = await visitor(small_hub, "Vera", ("viewer", "acme"))
    paths = ("/tenants/acme", "/agents?tenant=acme", "/audit?tenant=acme", "/audit.csv?tenant=acme")
    for path in (*paths, "/audit/checkpoints.csv?tenant=acme", "/secrets?tenant=acme"):
        assert (await stranger.get(path)).status_code == 404, path
        assert (await viewer.get(path)).status_code == 200, path
    assert "acme" not in await page(stranger, "/tenants")
    shown = await page(viewer, "/tenants/acme")
    assert "Kill switch" not in shown
    assert "I know" not in shown
    acts: tuple[tuple[str, dict[str, str]], ...] = (
        ("/tenants/acme/order", {"kind": "halt", "agent": "*"}),
        ("/tenants/acme/acknowledge", {"alert": "1"}),
        ("/tenants/acme/revoke", {}),
        ("/tenants/acme/accept-log", {}),
    )
    for path, fields in acts:
        assert (await stranger.post(path, **fields)).status_code == 404, path
        assert (await viewer.post(path, **fields)).status_code == 403, path
    assert (await viewer.post("/tenants", name="acme")).status_code == 403
    assert await edge.orders() == ()
    async with small_hub.context.database.read() as connection:
        assert all(alert.acknowledged is None for alert in await alerts.open_of(connection, ACME))


async def test_an_owner_halts_from_the_page_and_sees_what_came_of_it(hub: RunningHub) -> None:
    edge = await edge_of(hub)
    olga = await visitor(hub)
    answer = await olga.post("/tenants/acme/order", kind="halt", agent="main", reason=EVIL, back="agents")
    assert (answer.status_code, answer.headers["location"]) == (303, "/agents?tenant=acme")
    (order,) = await edge.orders()
    assert (order.kind, order.agent, order.reason) == (OrderKind.HALT, "main", f"Olga: {EVIL}")
    assert "waits for the edge" in await page(olga, "/tenants/acme")
    await edge.push_order_result(order.id, OrderResult(OrderOutcome.DONE))
    shown = await page(olga, "/tenants/acme")
    assert "done" in shown
    assert EVIL not in shown
    assert "Yes, resume" in await page(olga, "/agents?tenant=acme")
    assert (await olga.post("/tenants/acme/order", kind="dance")).status_code == 400
    assert (await olga.post("/tenants/acme/order", kind="halt")).status_code == 400
    forged = await olga.http.post("/tenants/acme/order", data={"kind": "halt", "agent": "*", "csrf": "x"})
    assert forged.status_code == 403
    async with hub.context.database.read() as connection:
        assert (await deeds.found(connection, [ACME], limit=1))[0][1].deed == "order halt"


async def test_an_alert_is_acknowledged_once_by_name(hub: RunningHub) -> None:
    await edge_of(hub)
    olga = await visitor(hub)
    async with hub.context.database.read() as connection:
        numbers = [alert.id for alert in await alerts.open_of(connection, ACME)]
    for number in (str(numbers[0]), str(numbers[0]), "7" * 30, "x", "²"):
        assert (await olga.post("/tenants/acme/acknowledge", alert=number)).status_code == 303
    async with hub.context.database.read() as connection:
        known = [alert.person for alert in await alerts.open_of(connection, ACME)]
        words = [deed.deed for _, deed in await deeds.found(connection, [ACME])]
    assert words.count("acknowledge alert") == 1
    assert sorted(known) == sorted(["Olga", *[""] * (len(numbers) - 1)])
    assert "Olga knows since" in await page(olga, "/tenants/acme")


async def test_what_does_not_end_by_itself_is_closed_by_a_person(small_hub: RunningHub) -> None:
    await edge_of(small_hub)
    olga = await visitor(small_hub)
    async with small_hub.context.database.write() as connection:
        await raise_alert(connection, Alert(ACME, START, "spending", "2027-01 cost 80%", f"80 of 100 {EVIL}"))
        numbers = {alert.kind: str(alert.id) for alert in await alerts.open_of(connection, ACME)}
    assert EVIL not in await page(olga, "/tenants/acme")
    for number in numbers.values():
        assert (await olga.post("/tenants/acme/acknowledge", alert=number, over="yes")).status_code == 303
    async with small_hub.context.database.read() as connection:
        left = {alert.kind for alert in await alerts.open_of(connection, ACME)}
    assert left == set(numbers) - {"spending"}


async def test_an_admin_takes_a_key_back_enrols_anew_and_lets_a_log_in(hub: RunningHub) -> None:
    await edge_of(hub)
    anna = await visitor(hub, "Anna", ("admin", "acme"))
    assert (await anna.post("/tenants/acme/revoke")).status_code == 303
    async with hub.context.database.read() as connection:
        known = await tenants.find(connection, ACME)
        assert known is not None
        assert known.public is None
    shown = await anna.post("/tenants", name="acme")
    assert shown.status_code == 200
    token = shown.text.split("safety-register-")[1].split("<")[0]
    await hub.client("acme", SigningKey(b"\x08" * 32)).register(f"safety-register-{token}")
    assert (await anna.post("/tenants/acme/accept-log")).status_code == 303
    async with hub.context.database.read() as connection:
        head = await checkpoints.current(connection, ACME)
        words = [deed.deed for _, deed in await deeds.found(connection, [ACME])]
    assert head is not None
    assert (head.log, head.size) == (2, 0)
    assert words[:3] == ["accept audit log", "enrol", "revoke key"]
    assert (await anna.post("/tenants", name="brandnew")).status_code == 404, "she is an admin of acme alone"


async def test_what_loosens_asks_for_the_passkey_again(small_hub: RunningHub) -> None:
    await edge_of(small_hub)
    anna = await visitor(small_hub, "Anna", ("admin", ""), fresh=False)
    for path, fields in (("/tenants", {"name": "new"}), ("/tenants/acme/accept-log", {})):
        answer = await anna.post(path, **fields)
        assert (answer.status_code, answer.headers["location"].startswith("/confirm")) == (303, True), path


async def test_agents_are_shown_by_policy_and_by_what_the_edge_saw(small_hub: RunningHub) -> None:
    await edge_of(small_hub)
    shown = await page(await visitor(small_hub), "/agents?tenant=acme")
    assert "none was published" in shown
    assert "main" in shown
    known = agents(policy(), (AgentTold(AgentId("zed"), Tier.AUTONOMOUS, 5),))
    zed = next(agent for agent in known if agent.name == "zed")
    assert not zed.listed
    assert zed.differs is (policy().default_tier is not Tier.AUTONOMOUS)
    assert {agent.name for agent in known} == {*policy().agents, "zed"}


async def test_secrets_are_names_and_a_missing_one_says_what_to_type_where(small_hub: RunningHub) -> None:
    await edge_of(small_hub)
    olga = await visitor(small_hub)
    shown = await page(olga, "/secrets?tenant=acme")
    assert "OPENAI_API_KEY" in shown
    assert "safety secret set SMTP_PASSWORD" in shown
    body = shown.split("<main")[1]
    assert "<input" not in body
    assert "<textarea" not in body
    edge = small_hub.client("acme", KEY)
    await edge.heartbeat(full_beat(secrets=None, missing=()))
    assert "tells no names" in await page(olga, "/secrets?tenant=acme")


async def test_the_audit_is_searched_and_downloaded_and_hostile_text_stays_text(hub: RunningHub) -> None:
    await edge_of(hub)
    async with hub.context.database.write() as connection:
        for number in range(60):
            subject = f"{EVIL} 100%_{number}" if number % 2 else "=cmd()"
            await deeds.note(connection, Deed(START + number, "Olga", ACME, "approve", subject, "127.0.0.1"))
        await deeds.note(connection, Deed(START, "Gil", TenantId("globex"), "approve", "theirs"))
        await deeds.note(connection, Deed(START, "Anna", TenantId(""), "sign-in", "nowhere special"))
    olga, anna = await visitor(hub), await visitor(hub, "Anna", ("admin", ""))
    shown = await page(olga, "/audit")
    assert EVIL not in shown
    assert "theirs" not in shown
    assert "nowhere special" not in shown
    assert "nowhere special" in await page(anna, "/audit")
    assert 'rel="next"' in shown
    assert "%_7" in await page(olga, "/audit?q=%25_7+OLGA")
    assert "Nothing found" in await page(olga, "/audit?q=nobody%25")
    answer = await olga.get("/audit.csv?q=cmd")
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert answer.headers["content-type"].startswith("text/csv")
    assert len(rows) == 31
    assert {row[4] for row in rows[1:]} == {"'=cmd()"}
    assert "01" * 32 in await page(olga, "/audit?tenant=acme")
    notes = (await olga.get("/audit/checkpoints.csv?tenant=acme")).text
    assert "safety-gateway/acme" in notes
    assert (await olga.get("/audit?before=x")).status_code == 400


@pytest.mark.parametrize(
    ("results", "age", "words"),
    [
        ({Check.ICMP: Result.BLOCKED}, 0, "contained"),
        ({Check.ICMP: Result.BLOCKED, Check.ROOT: Result.UNKNOWN}, 0, "contained, 1 not proved"),
        ({Check.ICMP: Result.OPEN, Check.ROOT: Result.OPEN}, 0, "2 ways out open"),
        ({}, 0, "nothing proved"),
        ({Check.ICMP: Result.BLOCKED}, FRESH_SECONDS + 1, "contained; nobody has looked for a day"),
    ],
)
def test_a_posture_is_told_in_words(results: dict[Check, Result], age: float, words: str) -> None:
    assert posture_words(Posture(int(START), 1001, results), START + age) == words
    assert posture_words(None, START) == "nobody has run the doctor"
