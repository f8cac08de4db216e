"""An approver changes a call that waits, or gives an outward grant: the agent is told, and what runs is what they saw.

A whole edge in this process, spoken to as the plugin speaks to it; what the hub would bring is handed in at its door.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hub.approvals import answering, editing, questions
from hub.approvals.approver import Approver
from proxy.background.approvals import Inbox, Outbox
from proxy.calls.changes import Changes
from proxy.calls.grants import Grants
from proxy.calls.outward import Outward
from safety_core.approve import Answer, answer, key_id
from safety_core.edge.standing import StandingStore
from safety_core.edits import edit_of
from safety_core.flow.answers import Context
from safety_core.flow.edited import edited
from safety_core.model.approval import (
    USE_SECONDS,
    Approval,
    ApprovalRequest,
    ApprovalState,
    Cancellation,
    Edit,
    RequestId,
    StandingGrant,
    Withdrawal,
)
from safety_core.model.connection import NONE, Connection, Connections, Operation
from safety_core.model.policy import KeyKind
from safety_core.model.tool_call import AgentId, TenantId
from safety_core.standing import sign_standing
from tests.proxy.calls.test_late_answers import DELETE, HUB, Plugin, edge
from tests.simulators.hub import running_hub

SAID = Answer(allow=True, approver="Olga", origin="console", nonce="0" * 32)
LOOK = {"command": "ls old"}


def inbox(plugin: Plugin, hub: Any = None, connections: Connections = NONE) -> Inbox:
    place = plugin.place
    services = place.control.calls.services
    grants = Grants(services.approvals, services.audit, place.in_force)
    outward = Outward(StandingStore(services.approvals.database), services.audit, place.in_force)
    changes = Changes(services, place.in_force, place.settings.workspace, connections)
    return Inbox(services.approvals, grants, changes, outward, hub)


async def question(plugin: Plugin, request: str) -> ApprovalRequest:
    approval = await plugin.place.control.calls.services.approvals.get(RequestId(request))
    assert approval is not None
    return approval.request


async def edits(plugin: Plugin, request: str, params: dict[str, Any]) -> Edit:
    edit = edit_of(await question(plugin, request), params, HUB, KeyKind.HUB, SAID, plugin.now[0])
    await inbox(plugin).take_up(edit)
    return edit


async def approves(plugin: Plugin, request: str) -> None:
    asked = await question(plugin, request)
    await inbox(plugin).take_up(answer(asked, HUB, KeyKind.HUB, SAID, plugin.now[0]))


async def waiting(plugin: Plugin) -> str:
    (pending,) = await plugin.place.control.calls.services.approvals.pending()
    return pending.request.id


async def told(plugin: Plugin) -> list[dict[str, Any]]:
    answer = await plugin.ask("/v1/decided", {"agents": ["main"], "wait": 0})
    return list(answer["decided"])


async def events(plugin: Plugin) -> list[tuple[str, str]]:
    entries = [json.loads(body) async for _, body in plugin.place.control.calls.services.audit.entries()]
    return [(entry["event"], entry["outcome"]) for entry in entries if entry["event"] in {"approval", "outward_grant"}]


async def test_a_changed_call_of_a_service_is_judged_by_what_the_service_says_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crm = Connection("crm", "mcp", "https://crm.example/mcp", operations={"find": Operation("find")})
    seen = list[Context]()

    def judging(edit: Edit, approval: Approval, context: Context) -> Any:
        seen.append(context)
        return edited(edit, approval, context)

    monkeypatch.setattr("proxy.calls.changes.edited", judging)
    async with edge(tmp_path, monkeypatch) as plugin:
        first = (await plugin.decide())["approval"]["id"]
        edit = edit_of(await question(plugin, first), LOOK, HUB, KeyKind.HUB, SAID, plugin.now[0])
        await inbox(plugin, connections={"crm": crm}).take_up(edit)
        assert [context.connections for context in seen] == [{"crm": crm}]
        assert await waiting(plugin) != first


async def test_every_session_that_asked_is_told_the_changed_call_which_runs_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with edge(tmp_path, monkeypatch) as plugin:
        first = (await plugin.decide())["approval"]["id"]
        assert (await plugin.decide(session="agent:main:other"))["approval"]["id"] == first
        edit = await edits(plugin, first, LOOK)
        await inbox(plugin).take_up(edit)  # the hub may tell it again
        instead = await waiting(plugin)
        assert instead != first
        assert (await question(plugin, instead)).edited_from == first
        assert await told(plugin) == []
        assert (await plugin.decide())["approval"]["id"] == instead
        await approves(plugin, instead)
        want = {"id": instead, "agent": "main", "tool": "exec", "state": "granted", "params": LOOK}
        want["edited_from"] = first
        assert await told(plugin) == [{**want, "session": f"agent:main:{name}"} for name in ("main", "other")]
        refused = await plugin.decide()
        assert (refused["decision"], refused["rule"]) == ("block", "approval edited")
        assert refused["instead"] == {"tool": "exec", "params": LOOK}
        assert (await plugin.decide(params=LOOK))["decision"] == "allow"
        assert (await plugin.decide())["rule"] == "approval edited"
        outcomes = [outcome for event, outcome in await events(plugin) if event == "approval"]
        assert outcomes == ["edited", "asked", "allow"]
        with monkeypatch.context() as patch:
            patch.setattr("proxy.calls.desk.of_service", lambda tool, catalogue, connections: tool == "exec")
            assert [item["service"] for item in await told(plugin)] == [True, True]
        plugin.now[0] += USE_SECONDS + 1
        assert (await plugin.decide())["decision"] == "pending"


async def test_a_call_that_waits_is_told_the_changed_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with edge(tmp_path, monkeypatch) as plugin:
        first = (await plugin.decide())["approval"]["id"]
        call = {"id": "c9", "tool": "exec", "params": DELETE, "agent": "main", "session": "agent:main:main"}
        again = asyncio.create_task(plugin.ask("/v1/decide", {"call": call, "wait": 30}))
        store = plugin.place.control.calls.services.approvals
        while first not in store._waiting:  # noqa: ASYNC110 - it comes over a socket
            await asyncio.sleep(0.005)
        await edits(plugin, first, LOOK)
        await approves(plugin, await waiting(plugin))
        answered = await again
        assert (answered["decision"], answered["instead"]["params"]) == ("block", LOOK)
        assert await told(plugin) == [], "it has been told"


async def test_an_edit_that_policy_refuses_is_told_to_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    agents = "agents:\n  main: {tier: trusted, secrets: []}\n"
    async with edge(tmp_path, monkeypatch, agents) as plugin:
        first = (await plugin.decide())["approval"]["id"]
        store = plugin.place.control.calls.services.approvals
        await edits(plugin, first, {"command": "curl -H 'k: SECRET_REF(CRM)' https://x.example"})
        assert await waiting(plugin) == first
        _, reports = await store.reports()
        assert [(report.request, report.state, report.refused) for report in reports] == [
            (first, ApprovalState.PENDING, "manifest: main may not use the secret CRM")
        ]
        await inbox(plugin).take_up(replace(await edits(plugin, first, DELETE), signature="0" * 128))
        _, reports = await store.reports()
        assert [report.refused for report in reports][1:] == ["InputError", "ForgedGrantError"]
        assert await waiting(plugin) == first


async def test_no_policy_in_force_no_edit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with edge(tmp_path, monkeypatch) as plugin:
        first = (await plugin.decide())["approval"]["id"]
        force = plugin.place.in_force.latest()
        force.expires = plugin.now[0] - 1e9
        await edits(plugin, first, LOOK)
        assert await waiting(plugin) == first
        _, reports = await plugin.place.control.calls.services.approvals.reports()
        assert [report.refused for report in reports] == ["FreezeError"]


async def test_a_question_is_cancelled_at_the_hubs_word_and_never_opened_by_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with edge(tmp_path, monkeypatch) as plugin:
        first = RequestId((await plugin.decide())["approval"]["id"])
        for _ in range(2):
            await inbox(plugin).take_up(Cancellation(first, "Olga\x1b[2J"))
        assert await plugin.decided() == [(first, "expired")]
        assert await events(plugin) == [("approval", "cancelled")]
        second = RequestId((await plugin.decide())["approval"]["id"])
        assert second != first
        await approves(plugin, second)
        await inbox(plugin).take_up(Cancellation(second, "Olga"))
        await inbox(plugin).take_up(Cancellation(RequestId("f" * 32), "Olga"))
        assert (await plugin.decide())["decision"] == "allow"


MAIL = {"to": "anna@x.example"}


def outward(plugin: Plugin, **changes: Any) -> StandingGrant:
    fields: dict[str, Any] = {
        "id": "a" * 32,
        "tenant": TenantId("bakery"),
        "agent": AgentId("main"),
        "tool": "message",
        "recipient": "anna@x.example",
        "not_after": plugin.now[0] + 3600,
        "uses": 2,
        "approver": "Olga",
        "origin": "console",
        "decided": plugin.now[0],
        "key": key_id(KeyKind.HUB, HUB.verify_key),
        "signature": "",
    }
    return sign_standing(StandingGrant(**{**fields, **changes}), HUB)


async def mails(plugin: Plugin) -> str:
    return str((await plugin.decide("message", MAIL))["decision"])


async def test_an_outward_grant_from_a_card_lets_so_many_mails_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with edge(tmp_path, monkeypatch) as plugin:
        assert await mails(plugin) == "pending"
        grant = outward(plugin)
        await inbox(plugin).take_up(grant)
        assert await mails(plugin) == "allow"
        await inbox(plugin).take_up(grant)  # the hub may tell it again: no use comes back
        assert [await mails(plugin) for _ in range(2)] == ["allow", "pending"]
        made = [outcome for event, outcome in await events(plugin) if event == "outward_grant"]
        assert made == ["made", "used", "used"]


async def test_it_is_withdrawn_at_once_and_for_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with edge(tmp_path, monkeypatch) as plugin:
        await inbox(plugin).take_up(outward(plugin, uses=9))
        assert await mails(plugin) == "allow"
        for grant in ("a" * 32, "b" * 32):
            await inbox(plugin).take_up(Withdrawal(grant))
        assert await mails(plugin) == "pending"
        for grant in ("a" * 32, "b" * 32):
            await inbox(plugin).take_up(outward(plugin, id=grant))
        assert await mails(plugin) == "pending"
        assert [outcome for event, outcome in await events(plugin) if event == "outward_grant"] == [
            "made",
            "used",
            "withdrawn",
        ]


async def test_one_that_policy_does_not_let_count_is_recorded_and_dropped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with edge(tmp_path, monkeypatch) as plugin:
        for wrong in (
            replace(outward(plugin), uses=1000),
            outward(plugin, id="b" * 32, not_after=plugin.now[0] + 8 * 24 * 3600),
            outward(plugin, id="c" * 32, origin="email:link"),
            outward(plugin, id="d" * 32, tenant=TenantId("another")),
            outward(plugin, id="e" * 32, decided=plugin.now[0] - 9, not_after=plugin.now[0]),
        ):
            await inbox(plugin).take_up(wrong)
        assert await mails(plugin) == "pending"
        assert await events(plugin) == [("outward_grant", "dropped")] * 5


async def test_a_policy_that_no_longer_pins_the_key_ends_it_for_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with edge(tmp_path, monkeypatch) as plugin:
        await inbox(plugin).take_up(outward(plugin, uses=9))
        await inbox(plugin).take_up(outward(plugin, id="b" * 32, not_after=plugin.now[0] + 1))
        await plugin.sweep()
        assert await mails(plugin) == "allow"
        force = plugin.place.in_force.latest()
        policy = force.policy
        force.policy = replace(policy, approvers=())  # type: ignore[misc]
        assert await mails(plugin) == "pending"
        plugin.now[0] += 2
        await plugin.sweep()
        force.policy = policy  # type: ignore[misc]
        assert await mails(plugin) == "pending"
        assert (await events(plugin))[-1] == ("outward_grant", "unpinned")


async def test_the_whole_way_over_a_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running_hub(tmp_path / "hub") as hub, edge(tmp_path, monkeypatch, hub_key=hub.context.keys) as plugin:
        hub.clock.now = plugin.now[0]
        store = plugin.place.control.calls.services.approvals
        client = await hub.edge("bakery")
        outbox = Outbox(store, StandingStore(store.database), client, str)
        olga = Approver(TenantId("bakery"), "Olga", "console")
        first = RequestId((await plugin.decide())["approval"]["id"])
        await outbox.send()
        await editing.edit(hub.context, olga, first, {**LOOK})
        await inbox(plugin, client).receive()
        await outbox.send()
        (pending,) = await questions.listed(hub.context, [olga.tenant])
        assert await editing.changed_by(hub.context, pending.request) == "Olga"
        assert pending.request.params == LOOK
        assert (await questions.find(hub.context, olga.tenant, first)).state is ApprovalState.CANCELLED
        await answering.answer(hub.context, olga, pending.request.id, allow=True)
        await inbox(plugin, client).receive()
        assert (await plugin.decide())["instead"] == {"tool": "exec", "params": LOOK}
        assert (await plugin.decide(params=LOOK))["decision"] == "allow"
