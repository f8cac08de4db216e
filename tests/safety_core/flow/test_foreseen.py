"""What a response proposes: noted before it is shown, judged after, and never a reason to change it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from proxy.providers.proposals import proposed_in
from safety_core.edge.driver import run
from safety_core.errors import UnavailableError
from safety_core.flow import effects
from safety_core.flow.effects import Effect
from safety_core.flow.egress_effects import Emit, Foresee, Weigh
from safety_core.flow.tool_call import foresee
from safety_core.model.level import Level
from safety_core.model.record import AuditEntry, Event
from safety_core.model.tool_call import ProposedCall
from tests.safety_core.flow.conftest import call, context, world
from tests.safety_core.flow.prompts import CONTEXT, HEADERS, PASSWORD, STREAM_TYPE, done, prompt
from tests.simulators.prompt_world import PromptWorld

TRACE = "a" * 32
LOOKING = replace(CONTEXT, calls=proposed_in)
CALL = ProposedCall("call_1", "exec", {"command": "ls"})


def asked(command: str = "ls", *, where: str = "message", **fields: Any) -> bytes:
    function = {"name": "exec", "arguments": json.dumps({"command": command})}
    calls = [{"index": 0, "id": "call_1", "type": "function", "function": function}]
    choice = {"index": 0, where: {"role": "assistant", "tool_calls": calls}, "finish_reason": "tool_calls"}
    return json.dumps({"id": "c1", "choices": [choice], **fields}).encode()


def order(place: PromptWorld, *kinds: type[Effect[Any]]) -> list[str]:
    found = [effect for effect in place.asked if isinstance(effect, kinds)]
    return [effect.entry.event if isinstance(effect, effects.Record) else type(effect).__name__ for effect in found]


def test_a_response_is_noted_after_its_audit_entry_shown_and_then_judged() -> None:
    place = PromptWorld(chunks=[asked()])
    question = replace(prompt(), headers=(*HEADERS, (b"traceparent", b"00-%s-00f067aa0ba902b7-01" % TRACE.encode())))
    exchange = done(place, question, LOOKING)
    assert order(place, effects.Record, Foresee, Emit, Weigh) == ["prompt", "response", "Foresee", "Emit", "Weigh"]
    assert [effect.calls for effect in place.foreseen] == [(CALL,)]
    assert place.weighed == [Weigh(exchange.id, question.agent, TRACE, (CALL,))]
    assert bytes(place.shown) == asked()


def test_a_stream_is_noted_before_the_bytes_that_complete_a_call_and_judged_after_its_audit_entry() -> None:
    chunk = b"data: %s\n\n" % asked(where="delta")
    place = PromptWorld(headers=STREAM_TYPE, chunks=[chunk, b"data: [DONE]\n\n"])
    done(place, prompt(), LOOKING)
    kinds = order(place, effects.Record, Foresee, Emit, Weigh)
    assert kinds == ["prompt", "Foresee", "Emit", "Emit", "response", "Weigh"]
    assert place.weighed[0].calls == (CALL,)


@pytest.mark.parametrize("streamed", [False, True])
def test_a_response_that_its_agent_has_not_had_whole_says_so(*, streamed: bool) -> None:
    chunks = [b"data: %s\n\n" % asked(where="delta")] if streamed else [asked()]
    place = PromptWorld(headers=STREAM_TYPE if streamed else PromptWorld().headers, chunks=chunks, fail_on=Emit)
    done(place, prompt(), LOOKING)
    assert [(effect.calls, effect.broken) for effect in place.weighed] == [((CALL,), True)]


def test_what_is_judged_is_what_the_agent_sees() -> None:
    place = PromptWorld(chunks=[asked(f"login {PASSWORD}")])
    done(place, prompt(), LOOKING)
    assert place.foreseen[0].calls[0].arguments == {"command": "login SECRET_REF(DB_PASSWORD)"}


@pytest.mark.parametrize("kind", [Foresee, Weigh])
@pytest.mark.parametrize("streamed", [False, True])
def test_its_failure_changes_nothing(kind: type[Effect[Any]], *, streamed: bool) -> None:
    chunks = [b"data: %s\n\n" % asked(where="delta")] if streamed else [asked()]
    headers = STREAM_TYPE if streamed else PromptWorld().headers
    places = [PromptWorld(headers=headers, chunks=chunks, fail_on=failing) for failing in (None, kind)]
    fine, broken = (done(place, prompt(), LOOKING) for place in places)
    assert broken == fine
    assert bytes(places[0].shown) == bytes(places[1].shown)
    assert places[1].events() == [Event.PROMPT, Event.RESPONSE]
    if kind is Foresee:
        assert places[1].weighed[0].calls == (CALL,), "it is judged all the same"


def test_an_error_proposes_nothing() -> None:
    place = PromptWorld(status=500, chunks=[asked()])
    done(place, prompt(), LOOKING)
    assert (place.foreseen, place.weighed) == ([], [])


def test_judging_in_advance_leaves_one_entry_and_nothing_else() -> None:
    place = world(Level.RED)
    run(foresee(call(), "e" * 32, context()), place.handlers)
    (entry,) = place.log
    assert (entry.event, entry.exchange, entry.outcome != "allow") == (Event.PROPOSED, "e" * 32, True)
    assert place.approvals == []
    assert {type(effect) for effect in place.asked} == {
        effects.RecallFiles,
        effects.Judge,
        effects.Now,
        effects.Record,
    }
    (judged,) = [effect for effect in place.asked if isinstance(effect, effects.Judge)]
    assert judged.call is None, "a candidate policy is told once, when the call is reported"


def test_a_failure_while_judging_in_advance_is_raised() -> None:
    place = world()
    place.fail_at, place.failure = 1, UnavailableError("engine", "is gone")
    with pytest.raises(Exception, match="is gone"):
        run(foresee(call(), "e" * 32, context()), place.handlers)
    assert place.log == []


def test_an_audit_line_names_an_exchange_only_where_there_is_one() -> None:
    entry = AuditEntry(1.0, Event.PROPOSED, "ada", "exec", "call_1")
    assert "exchange" not in entry.to_json()
    assert replace(entry, exchange="e" * 32).to_json()["exchange"] == "e" * 32
