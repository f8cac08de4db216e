"""Whom an agent may answer: who wrote, whom the session's key names, whom a permitted message names; nobody else."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.sessions.correspondents import NAMED_SECONDS, Correspondents, address_of
from safety_core.edge.correspondents import CorrespondentStore
from safety_core.model.facts import Action, Facts, Kind, Target, TargetKind
from safety_core.model.tool_call import AgentId, CallId, SessionId, TenantId, ToolCall
from safety_core.wire.outbound import Inbound, Outbound

NOW = 1_000_000.0
MAIN = "agent:main:main"


@pytest.fixture
async def people(tmp_path: Path) -> AsyncGenerator[Correspondents, None]:
    store = await CorrespondentStore.open(tmp_path / "edge.db")
    yield Correspondents(store, limit=2)
    await store.aclose()


def said(to: str = "4711", **changes: Any) -> Outbound:
    given: dict[str, Any] = {"agent": "main", "session": MAIN, "channel": "telegram", **changes}
    return Outbound(to=to, content="hello", **given)


def heard(sender: str = "4711", **changes: Any) -> Inbound:
    given: dict[str, Any] = {"agent": "main", "session": MAIN, "channel": "telegram", **changes}
    return Inbound(sender=sender, **given)


async def test_who_wrote_in_a_session_is_answered_there_and_nowhere_else(people: Correspondents) -> None:
    assert await people.known(said(), NOW) == ""
    await people.heard(heard("telegram:4711"), NOW)
    assert await people.known(said(), NOW) == "reply"
    for other in (
        said("4712"),
        said(agent="other"),
        said(session="agent:main:cron"),
        said(channel="signal"),
        said(channel=""),
        said(""),
        said(session=""),
    ):
        assert await people.known(other, NOW) == "", other


@pytest.mark.parametrize(
    ("session", "channel", "to", "known"),
    [
        ("agent:main:telegram:direct:4711", "telegram", "4711", True),
        ("agent:main:telegram:direct:4711", "telegram", "telegram:4711", True),
        ("agent:main:telegram:default:direct:4711", "telegram", "4711", True),
        ("agent:main:telegram:group:-1001:topic:42", "telegram", "-1001", True),
        ("agent:main:telegram:group:-1001", "telegram", "-1001:topic:7", True),
        ("agent:main:discord:channel:123:thread:9", "discord", "channel:123", True),
        ("agent:main:matrix:channel:!room:shop.example", "matrix", "!room:shop.example", True),
        ("agent:main:telegram:direct:4711", "telegram", "4712", False),
        ("agent:main:telegram:direct:4711", "signal", "4711", False),
        ("agent:main:direct:4711", "telegram", "4711", False),
        ("agent:main:main", "telegram", "main", False),
        ("agent:main:telegram:slash:4711", "telegram", "4711", False),
        ("agent:main:subagent:direct:4711", "telegram", "4711", False),
        ("agent:other:telegram:direct:4711", "telegram", "4711", False),
    ],
)
async def test_a_sessions_key_may_name_its_peer(
    people: Correspondents, session: str, channel: str, to: str, known: bool
) -> None:
    assert (await people.known(said(to, session=session, channel=channel), NOW) == "reply") == known


async def test_the_operators_own_page_needs_no_permission(people: Correspondents) -> None:
    assert await people.known(said("", channel="webchat"), NOW) == "operator"


def message(facts_tool: str = "message", kind: Kind = Kind.OUTWARD, **params: Any) -> tuple[ToolCall, Facts]:
    call = ToolCall(CallId("c"), TenantId("bakery"), AgentId("main"), SessionId("s"), "message", params)
    values = [str(value) for name, value in params.items() if name in {"channel", "to"}]
    targets = tuple(Target(TargetKind.RECIPIENT, value) for value in values)
    return call, Facts(facts_tool, "main", (Action(kind, "message", "message send", targets),))


async def test_whom_a_permitted_message_names_is_reached_for_ten_minutes(people: Correspondents) -> None:
    people.permitted(*message(channel="telegram", to="4711"), NOW)
    assert await people.known(said(), NOW + NAMED_SECONDS) == "permitted"
    assert await people.known(said(), NOW + NAMED_SECONDS + 1) == ""
    assert await people.known(said(), NOW - 1) == "", "the clock went back"
    assert await people.known(said(channel="signal"), NOW) == ""
    assert await people.known(said("telegram"), NOW) == "", "the channel is no recipient"
    people.permitted(*message(to="4800"), NOW)
    assert await people.known(said("4800", channel="signal"), NOW) == "permitted", "it named no channel"


@pytest.mark.parametrize(("tool", "kind"), [("web_fetch", Kind.OUTWARD), ("message", Kind.READ)])
async def test_other_calls_name_nobody(people: Correspondents, tool: str, kind: Kind) -> None:
    people.permitted(*message(tool, kind, to="4711"), NOW)
    assert len(people) == 0


async def test_whom_messages_name_is_bounded_and_the_oldest_go(people: Correspondents) -> None:
    for to in ("1", "2", "1", "3"):
        people.named(AgentId("main"), "telegram", (to,), NOW)
    assert len(people) == 2
    assert [await people.known(said(to), NOW) for to in ("1", "2", "3")] == ["permitted", "", "permitted"]


def test_letters_that_fold_into_others_are_not_taken_for_them() -> None:
    assert address_of("mail", "Anna@Shop.example") == "anna@shop.example"
    assert address_of("mail", "\u212aim@shop.example") != address_of("mail", "kim@shop.example")


@given(st.text(max_size=30), st.sampled_from(["telegram", "Matrix", ""]))
def test_an_address_is_the_same_whatever_it_is_written_with(text: str, channel: str) -> None:
    bare = address_of(channel, text)
    assert address_of(channel, f"group:{bare}") in {bare, address_of(channel, bare)}
