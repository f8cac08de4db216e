"""Whom an agent may answer: who wrote, whom the session's key names, whom a permitted message names; nobody else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.correspondents import NAMED_SECONDS, WROTE_SECONDS, Correspondents, address_of
from safety_core.model.facts import Action, Facts, Kind, Target, TargetKind
from safety_core.model.tool_call import AgentId, CallId, SessionId, TenantId, ToolCall
from safety_core.wire.outbound import Inbound, Outbound

NOW = 1_000_000.0
MAIN = "agent:main:main"


def said(to: str = "4711", **changes: Any) -> Outbound:
    given: dict[str, Any] = {"agent": "main", "session": MAIN, "channel": "telegram", "reply": True, **changes}
    return Outbound(to=to, content="hello", **given)


def heard(sender: str = "4711", **changes: Any) -> Inbound:
    given: dict[str, Any] = {"agent": "main", "session": MAIN, "channel": "telegram", **changes}
    return Inbound(sender=sender, **given)


def test_who_wrote_in_a_session_is_answered_there_for_a_while() -> None:
    known = Correspondents()
    assert known.known(said(), NOW) == ""
    known.heard(heard(), NOW)
    assert known.known(said(), NOW) == known.known(said(), NOW + WROTE_SECONDS) == "reply"
    assert known.known(said(), NOW + WROTE_SECONDS + 1) == ""
    for other in (
        said("4712"),
        said(agent="other"),
        said(session="agent:main:cron"),
        said(channel="signal"),
        said(channel=""),
        said(""),
        said(session=""),
    ):
        assert known.known(other, NOW) == "", other


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
    ],
)
def test_a_sessions_key_may_name_its_peer(session: str, channel: str, to: str, known: bool) -> None:
    assert (Correspondents().known(said(to, session=session, channel=channel), NOW) == "reply") == known


def test_the_operators_own_page_needs_no_permission() -> None:
    assert Correspondents().known(said("", channel="webchat"), NOW) == "operator"


def message(facts_tool: str = "message", kind: Kind = Kind.OUTWARD, **params: Any) -> tuple[ToolCall, Facts]:
    call = ToolCall(CallId("c"), TenantId("bakery"), AgentId("main"), SessionId("s"), "message", params)
    values = [str(value) for name, value in params.items() if name in {"channel", "to"}]
    targets = tuple(Target(TargetKind.RECIPIENT, value) for value in values)
    return call, Facts(facts_tool, "main", (Action(kind, "message", "message send", targets),))


def test_whom_a_permitted_message_names_is_reached_for_ten_minutes() -> None:
    known = Correspondents()
    known.permitted(*message(channel="telegram", to="4711"), NOW)
    assert known.known(said(), NOW + NAMED_SECONDS) == "permitted"
    assert known.known(said(), NOW + NAMED_SECONDS + 1) == ""
    assert known.known(said(), NOW - 1) == "", "the clock went back"
    assert known.known(said(channel="signal"), NOW) == ""
    assert known.known(said("telegram"), NOW) == "", "the channel is no recipient"
    known.permitted(*message(to="4800"), NOW)
    assert known.known(said("4800", channel="signal"), NOW) == "permitted", "it named no channel"


@pytest.mark.parametrize(("tool", "kind"), [("web_fetch", Kind.OUTWARD), ("message", Kind.READ)])
def test_other_calls_name_nobody(tool: str, kind: Kind) -> None:
    known = Correspondents()
    known.permitted(*message(tool, kind, to="4711"), NOW)
    assert len(known) == 0


def test_what_is_remembered_is_bounded_and_what_was_not_used_for_longest_goes() -> None:
    known = Correspondents(limit=2)
    for sender in ("1", "2", "1", "3"):
        known.heard(heard(sender), NOW)
    assert [known.known(said(to), NOW) for to in ("1", "2", "3")] == ["reply", "", "reply"]
    known.named(AgentId("main"), "telegram", map(str, range(100)), NOW)
    assert len(known) == 4


def test_letters_that_fold_into_others_are_not_taken_for_them() -> None:
    assert address_of("mail", "Anna@Shop.example") == "anna@shop.example"
    assert address_of("mail", "\u212aim@shop.example") != address_of("mail", "kim@shop.example")


@given(st.text(max_size=30), st.text(max_size=30))
def test_only_who_wrote_is_known(sender: str, to: str) -> None:
    known = Correspondents()
    known.heard(heard(sender), NOW)
    answered = known.known(said(to), NOW) == "reply"
    assert answered == (address_of("telegram", sender) == address_of("telegram", to) != "")
