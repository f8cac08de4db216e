"""What a question says of a call beside the call itself, and the code by which people compare two screens."""

from __future__ import annotations

import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from safety_core.approve import code, new_request
from safety_core.canonical import Digest
from safety_core.model.approval import RequestId
from safety_core.model.facts import Facts
from safety_core.model.level import Level
from safety_core.model.tool_call import AgentId, CallId, SessionId, ToolCall
from safety_core.model.verdict import Hit, Verdict
from tests.simulators.policies import TENANT, policy

CALL = ToolCall(CallId("c1"), TENANT, AgentId("helper"), SessionId("s"), "message", {"to": "ann@shop.example"})


def test_a_question_says_how_many_people_it_takes() -> None:
    facts = Facts("message", "helper", ())
    verdict = Verdict(Level.RED, "r", (Hit("r", Level.RED, "pays"),), facts, outward=True, revision="r1")
    rules = policy(quorum={Level.RED: 2})
    asked = new_request(RequestId("q1"), CALL, verdict, rules, strong=False, now=0.0)
    assert asked.quorum == 2
    mild = replace(verdict, level=Level.YELLOW)
    assert new_request(RequestId("q2"), CALL, mild, rules, strong=False, now=0.0).quorum == 1


@given(st.binary(min_size=32, max_size=32))
def test_a_code_is_eight_letters_that_nobody_mistakes(raw: bytes) -> None:
    shown = code(Digest(raw.hex()))
    assert re.fullmatch(r"[A-HJ-NP-Z2-9]{4}-[A-HJ-NP-Z2-9]{4}", shown)
    assert code(Digest(raw[:5].hex() + "0" * 54)) == shown
    assert code(Digest(bytes([raw[0] ^ 1]).hex() + raw[1:].hex())) != shown
