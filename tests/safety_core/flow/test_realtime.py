"""One socket, told as a conversation between the flow and its world: every message of the client is a prompt, every
answer is booked once."""

from __future__ import annotations

import base64
import itertools
import json
import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from proxy.providers.openai import OpenAi
from proxy.providers.realtime import Realtime, heard, told
from safety_core.edge.driver import run
from safety_core.errors import BudgetError, EffectFailed, LimitError, UnscannableError
from safety_core.flow import effects
from safety_core.flow.dialect import Operation
from safety_core.flow.effects import Flow
from safety_core.flow.egress_effects import Afford, Foresee, Standing, Weigh
from safety_core.flow.exchange import Exchange, Prompt, PromptContext
from safety_core.flow.interlock import Interlock, UnguardedError
from safety_core.flow.prompt import Refusal
from safety_core.flow.realtime import ASKED, SWITCHED, Kind, Talk, check_sound
from safety_core.flow.tool_results import spellings
from safety_core.model.record import Event
from safety_core.model.secret import SecretName, SecretValue
from safety_core.model.tool_call import AgentId
from safety_core.model.usage import Usage
from safety_core.redact.redactor import Redactor
from tests.simulators.prompt_world import KEY, NEW_KEY, SECRETS, PromptWorld, redactor
from tests.simulators.realtime import begins, ends, said

PASSWORD, TOKEN, _ = SECRETS.values()
REF = "SECRET_REF(DB_PASSWORD)"
CONTEXT = PromptContext(redactor(), 100_000)
DIALECT = Realtime(OpenAi())
COST = Usage(132, 121, cache_read=64, audio_input=13, audio_output=91)
TRACE = "0af7651916cd43dd8448eb211c80319c"
HEADERS = ((b"traceparent", f"00-{TRACE}-b7ad6b7169203331-01".encode()),)
PROMPT = Prompt(
    AgentId("ada"), "openai", DIALECT, Operation(heard(b'{"type":"response.create"}')[1], "gpt-realtime"), KEY, "GET",
    "/v1/realtime?model=gpt-realtime", HEADERS, b"",
)  # fmt: skip
ASK = {"type": "response.create"}


def result(call: str) -> dict[str, Any]:
    item = {"type": "function_call_output", "call_id": call, "output": "x"}
    return {"type": "conversation.item.create", "item": item}


class Socket:
    """A socket under way, in a world."""

    def __init__(self, world: PromptWorld | None = None, context: PromptContext = CONTEXT) -> None:
        self.world = world or PromptWorld()
        self.context = context
        self.talk = Talk(PROMPT, lambda redactor: DIALECT.editor(redactor, "", hide_usage=False))
        self._ids = map(str, itertools.count())

    def run(self, flow: Flow[Any]) -> Any:
        return run(flow, {**self.world.handlers, effects.NewId: lambda _: next(self._ids)})

    def hear(self, message: Mapping[str, Any]) -> bytes | Refusal:
        raw = json.dumps(message).encode()
        kind, purpose = heard(raw)
        prompt = replace(PROMPT, operation=Operation(purpose, "gpt-realtime"), body=raw)
        left: bytes | Refusal = self.run(self.talk.heard(kind, prompt, self.context))
        return left

    def tell(self, *messages: Mapping[str, Any]) -> list[dict[str, Any]]:
        raws = [json.dumps(message).encode() for message in messages]
        return [json.loads(part) for raw in raws for part in self.run(self.talk.told(raw, told(raw), self.context))]

    def over(self, reason: str = "") -> list[Exchange]:
        self.run(self.talk.over(reason))
        return self.ended

    @property
    def ended(self) -> list[Exchange]:
        return [exchange for _, exchange in self.talk.ended]


def test_an_answer_is_asked_for_shown_and_booked() -> None:
    socket = Socket()
    assert socket.hear(ASK) == json.dumps(ASK).encode()
    shown = socket.tell(*said(f"it is {PASSWORD}"))
    assert "".join(event.get("delta", "") for event in shown) == f"it is {REF}"
    assert shown[-1]["type"] == "response.done"
    (meter,) = socket.world.metered
    assert (meter.request, meter.agent, meter.model, meter.usage) == ("0", "ada", "gpt-realtime", COST)
    assert socket.world.events() == [Event.PROMPT, Event.RESPONSE]
    assert (len(socket.talk.begun), socket.ended) == (
        1,
        [Exchange("0", SWITCHED, COST, model="gpt-realtime", findings=2)],
    )
    assert socket.world.afforded == [Afford("0", AgentId("ada"), "openai", "gpt-realtime", len(json.dumps(ASK)), None)]
    assert socket.tell(ends())[0]["response"]["id"] == "resp_1"
    assert len(socket.world.metered) == 1, "an answer is booked once, however often its end is told"
    assert len(socket.over()) == 1
    assert socket.talk.ended[0][0] is socket.talk.begun[0]


def test_what_the_client_says_is_on_record_and_without_secrets_before_it_leaves() -> None:
    socket = Socket()
    left = socket.hear({"type": "session.update", "session": {"instructions": f"use {PASSWORD} and {NEW_KEY}"}})
    assert isinstance(left, bytes)
    assert REF.encode() in left
    assert NEW_KEY.encode() not in left
    assert NEW_KEY in {value.reveal() for value in socket.world.vault.values()}
    assert socket.world.events() == [Event.PROMPT]
    assert (socket.world.afforded, socket.talk.begun) == ([], [])


def test_an_answer_that_begins_by_itself_must_be_affordable_too() -> None:
    socket = Socket()
    socket.tell(*said("hello"))
    assert [entry.event for entry in socket.world.log] == [Event.PROMPT, Event.RESPONSE]
    assert len(socket.world.afforded) == 1
    poor = Socket(PromptWorld(fail_on=Afford, failure=BudgetError("agent ada", "has used 9 of its 9 tokens of today")))
    with pytest.raises(BudgetError):
        poor.tell(begins())
    assert poor.world.events() == [Event.PROMPT_REFUSED]
    assert [(exchange.status, exchange.rule) for exchange in poor.ended] == [(424, "BudgetError")]


def test_an_answer_that_is_not_affordable_is_refused() -> None:
    socket = Socket(
        PromptWorld(fail_on=Afford, failure=BudgetError("agent ada", "has used 9 of its 9 tokens of today"))
    )
    left = socket.hear(ASK)
    assert isinstance(left, Refusal)
    assert left.status == 424
    assert (len(socket.talk.begun), len(socket.ended)) == (1, 1)


@pytest.mark.parametrize("asked", [True, False])
def test_a_guarded_agent_speaks_only_in_announced_turns_of_decided_calls(asked: bool) -> None:
    guarded = replace(CONTEXT, interlock=Interlock.ENFORCE)
    unannounced = Socket(PromptWorld(standing=Standing("", announced=False)), guarded)
    if asked:
        left = unannounced.hear(ASK)
        assert isinstance(left, Refusal)
        assert isinstance(left.error, UnguardedError)
    else:
        with pytest.raises(UnguardedError):
            unannounced.tell(begins())
    there = Socket(PromptWorld(standing=Standing("", announced=True, decided=frozenset(spellings("call_1")))), guarded)
    assert isinstance(there.hear(ASK), bytes)
    assert isinstance(there.hear(result("call_1")), bytes)
    stranger = there.hear(result("call_2"))
    assert isinstance(stranger, Refusal)
    assert isinstance(stranger.error, UnguardedError)
    inside = there.hear({**ASK, "response": {"input": [result("call_3")["item"]], "max_output_tokens": 7}})
    assert isinstance(inside, Refusal)


def test_where_the_interlock_observes_it_is_told_with_the_answer() -> None:
    socket = Socket(context=replace(CONTEXT, interlock=Interlock.OBSERVE))
    socket.hear({**ASK, "response": {"max_output_tokens": 7}})
    assert socket.world.afforded[0].most_output == 7
    socket.tell(*said("hello"))
    assert "has not checked in" in socket.ended[0].observed


@pytest.mark.parametrize("asked", [{"max_output_tokens": 7.0}, {"max_response_output_tokens": "7"}])
def test_how_long_an_answer_may_be_is_read_as_in_any_request(asked: dict[str, object]) -> None:
    socket = Socket()
    socket.hear({**ASK, "response": asked})
    assert socket.world.afforded[0].most_output == 7


def test_no_more_answers_are_asked_for_than_can_be_held() -> None:
    socket = Socket()
    for _ in range(ASKED):
        socket.hear(ASK)
    socket.hear({"type": "input_audio_buffer.commit"})
    with pytest.raises(LimitError, match="asks for 256 answers that have not begun"):
        socket.hear(ASK)
    socket.tell(begins())
    socket.hear(ASK)


def test_sound_passes_as_it_is_but_not_with_a_known_secret() -> None:
    socket = Socket()
    noise = {"type": "input_audio_buffer.append", "audio": base64.b64encode(os.urandom(60)).decode()}
    assert socket.hear(noise) == json.dumps(noise).encode()
    back = {
        "type": "response.output_audio.delta",
        "response_id": "r",
        "delta": base64.b64encode(os.urandom(60)).decode(),
    }
    assert socket.tell(back) == [back]
    assert socket.world.log == []
    with pytest.raises(UnscannableError):
        socket.hear({**noise, "audio": base64.b64encode(PASSWORD.encode()).decode()})
    with pytest.raises(UnscannableError):
        check_sound(json.dumps({"audio": PASSWORD}).encode(), CONTEXT.redactor)


@pytest.mark.parametrize(
    ("end", "usage"),
    [
        (ends(usage=None), True),
        (ends(status="failed", usage=None), False),
        (ends(status="cancelled"), True),
    ],
)
def test_an_answer_without_numbers_is_estimated_if_it_came_to_its_end(end: dict[str, Any], usage: bool) -> None:
    socket = Socket()
    socket.hear(ASK)
    socket.tell(begins(), {"type": "response.output_text.delta", "response_id": "resp_1", "delta": "x" * 40}, end)
    assert [bool(meter.usage.input_total) for meter in socket.world.metered] == [True] * usage
    assert socket.world.events()[-1] is Event.RESPONSE


def test_answers_that_are_cut_off_are_estimated() -> None:
    socket = Socket()
    socket.hear(ASK)
    socket.hear(ASK)
    socket.hear(ASK)
    socket.tell(begins("a"), {"type": "response.output_text.delta", "response_id": "a", "delta": "x" * 40}, begins("b"))
    ended = socket.over("UnscannableError")
    assert [(exchange.id, exchange.rule) for exchange in ended] == [(name, "UnscannableError") for name in "012"]
    assert [meter.usage.estimated for meter in socket.world.metered] == [True, True]
    assert socket.world.metered[0].usage.output_total == 10
    assert ended[2].usage is None, "what was never begun costs nothing"
    assert socket.world.log[-1].rules == ("UnscannableError",)


def test_who_leaves_pays_for_what_had_begun() -> None:
    socket = Socket()
    socket.hear(ASK)
    socket.tell(begins())
    (exchange,) = socket.over()
    assert exchange.rule == "UnavailableError"
    assert exchange.usage is not None
    assert exchange.usage.estimated


def test_booking_that_fails_is_told_and_the_answer_is_shown() -> None:
    socket = Socket(PromptWorld(fail_on=effects.Meter))
    socket.hear(ASK)
    assert socket.tell(*said("hello"))[-1]["type"] == "response.done"
    assert [exchange.rule for exchange in socket.ended] == [EffectFailed.__name__]


@pytest.mark.parametrize("failing", [None, Foresee, Weigh])
def test_calls_that_an_answer_proposes_are_noted_before_it_is_shown_and_judged_after(failing: Any) -> None:
    socket = Socket(PromptWorld(fail_on=failing))
    socket.hear(ASK)
    call = {"type": "function_call", "name": "exec", "call_id": "call_1", "arguments": '{"command": "ls"}'}
    socket.tell(begins(), ends(output=[call]))
    assert [effect.calls[0].tool for effect in socket.world.foreseen] == ["exec"] * (failing is not Foresee)
    assert [effect.trace for effect in socket.world.weighed] == [TRACE] * (failing is not Weigh)
    other = Socket()
    other.tell({"type": "response.output_item.done", "response_id": "nobody's", "item": call})
    assert other.world.foreseen == []


def test_a_secret_that_was_set_meanwhile_is_known_once_nothing_is_under_way() -> None:
    late = SecretValue("r8Wq2" + "-Lm5Xz7" + "vTb3Nd9")
    wiser = replace(CONTEXT, redactor=_knowing(late))
    socket = Socket()
    heard_text = {"type": "conversation.item.input_audio_transcription.delta", "item_id": "i", "content_index": 0}
    assert socket.tell({**heard_text, "delta": f"say {PASSWORD[:6]}"})[0]["delta"] == "say "
    socket.context = wiser
    shown = socket.tell(*said(late.reveal()))
    assert shown[0]["delta"] == PASSWORD[:6], "what was held back comes first"
    assert "".join(each.get("delta", "") for each in shown[1:]) == "SECRET_REF(LATE)"
    socket.hear(ASK)
    socket.tell(begins("b"))
    socket.context = CONTEXT
    assert late.reveal() not in json.dumps(socket.tell(*said(late.reveal(), "b")[1:]))


def _knowing(value: SecretValue) -> Redactor:
    matcher = redactor().matcher
    return redactor().with_matcher(
        type(matcher)(matcher.registry.with_secret(SecretName("LATE"), value), matcher.patterns)
    )


@pytest.mark.parametrize("form", ["now", "before", "none"])
def test_what_it_costs_to_write_down_what_is_spoken_is_booked_once(form: str) -> None:
    transcription = {"model": "gpt-4o-transcribe"}
    forms = {"now": {"audio": {"input": {"transcription": transcription}}},
             "before": {"input_audio_transcription": transcription}, "none": {"audio": None}}  # fmt: skip
    usage = {"type": "tokens", "total_tokens": 26, "input_tokens": 17, "output_tokens": 9}
    words = {"type": "conversation.item.input_audio_transcription.completed", "item_id": "i", "content_index": 0,
             "transcript": f"say {PASSWORD}"}  # fmt: skip
    socket = Socket(PromptWorld(fail_on=effects.Meter) if form == "none" else None)
    socket.tell({"type": "session.updated", "session": forms[form]})
    assert socket.tell(words)[0]["transcript"] == f"say {REF}"
    for _ in range(2):
        assert len(socket.tell({**words, "usage": usage})) == 1
    booked = [(meter.model, meter.usage) for meter in socket.world.metered]
    assert booked == [("gpt-4o-transcribe", Usage(17, 9))] * (form != "none")


def test_what_the_provider_tells_of_a_new_secret_is_kept() -> None:
    socket = Socket()
    shown = socket.tell(*said(f"take {NEW_KEY}, please"))
    assert NEW_KEY not in json.dumps(shown)
    assert NEW_KEY in {value.reveal() for value in socket.world.vault.values()}


def test_findings_are_told_with_the_answer_that_they_belong_to() -> None:
    socket = Socket()
    socket.hear({"type": "conversation.item.create", "item": {"type": "message", "content": [{"text": PASSWORD}]}})
    socket.hear(ASK)
    socket.tell(*said(f"a {TOKEN}")[:-2], ends())
    socket.hear(ASK)
    socket.tell(*said("b", "resp_2"))
    assert [exchange.findings for exchange in socket.ended] == [2, 0]
    assert [entry.counts["findings"] for entry in socket.world.log if entry.event is Event.RESPONSE] == [2, 0]


def test_messages_say_what_they_are() -> None:
    assert {kind for kind, _ in (heard(json.dumps({"type": name}).encode()) for name in ("response.create", "x"))} == {
        Kind.ASKS,
        Kind.OTHER,
    }
