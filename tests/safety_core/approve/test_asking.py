"""What a question says of a call beside the call itself, and the code by which people compare two screens."""

from __future__ import annotations

import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from safety_core.approve import code, new_request
from safety_core.canonical import Digest
from safety_core.model.approval import RequestId
from safety_core.model.facts import Action, Facts, Kind, Target, TargetKind
from safety_core.model.level import Level
from safety_core.model.tool_call import AgentId, CallId, SessionId, ToolCall
from safety_core.model.verdict import Hit, Verdict
from tests.simulators.policies import TENANT, policy

CALL = ToolCall(CallId("c1"), TENANT, AgentId("helper"), SessionId("s"), "message", {"to": "ann@shop.example"})
MAIL = Action(
    Kind.OUTWARD,
    "message",
    "message send",
    (
        Target(TargetKind.RECIPIENT, "ann@shop.example"),
        Target(TargetKind.RECIPIENT, "ann@shop.example"),
        Target(TargetKind.HOST, "mail.example"),
        Target(TargetKind.PATH, "offer.pdf"),
    ),
)
PAID = Action(
    Kind.MONEY, "pay", "pay", (Target(TargetKind.AMOUNT, "499.00 EUR"), Target(TargetKind.AMOUNT, "499.00 EUR"))
)


def test_a_question_says_whom_it_reaches_what_it_costs_and_how_many_people_it_takes() -> None:
    facts = Facts("message", "helper", (MAIL, PAID))
    verdict = Verdict(Level.RED, "r", (Hit("r", Level.RED, "pays"),), facts, outward=True, revision="r1")
    rules = policy(quorum={Level.RED: 2})
    asked = new_request(RequestId("q1"), CALL, verdict, rules, strong=False, now=0.0)
    assert asked.recipients == ("ann@shop.example", "mail.example")
    assert asked.amounts == ("499.00 EUR",)
    assert asked.quorum == 2
    mild = replace(verdict, level=Level.YELLOW)
    assert new_request(RequestId("q2"), CALL, mild, rules, strong=False, now=0.0).quorum == 1


@given(st.binary(min_size=32, max_size=32))
def test_a_code_is_eight_letters_that_nobody_mistakes(raw: bytes) -> None:
    shown = code(Digest(raw.hex()))
    assert re.fullmatch(r"[A-HJ-NP-Z2-9]{4}-[A-HJ-NP-Z2-9]{4}", shown)
    assert code(Digest(raw[:5].hex() + "0" * 54)) == shown
    assert code(Digest(bytes([raw[0] ^ 1]).hex() + raw[1:].hex())) != shown
