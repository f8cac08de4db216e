"""What comes back: scanned, booked, and shown, told as conversations between the flow and its world."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.providers.anthropic import Anthropic
from safety_core.edge.driver import run
from safety_core.flow import effects
from safety_core.flow.dialect import Operation, Purpose
from safety_core.flow.egress_effects import Emit
from safety_core.flow.exchange import PromptContext
from safety_core.flow.prompt import forward
from safety_core.model.record import Event
from safety_core.model.usage import Usage
from tests.safety_core.flow.prompts import (
    CONTEXT,
    PASSWORD,
    REDACTOR,
    STREAM_TYPE,
    TOKEN,
    answer,
    done,
    prompt,
    said,
    sse,
)
from tests.simulators.prompt_world import SECRETS, PromptWorld


def test_a_response_is_scanned_too() -> None:
    world = PromptWorld(
        chunks=[answer(f"it is {PASSWORD}")], headers=(*PromptWorld().headers, (b"x-echo", TOKEN.encode()))
    )
    done(world, prompt())
    assert bytes(world.shown) == answer("it is SECRET_REF(DB_PASSWORD)")
    assert (b"x-echo", b"SECRET_REF(DEPLOY_TOKEN)") in world.answered[0].headers
    assert world.log[1].counts["findings"] == 2


def test_an_empty_response_passes() -> None:
    world = PromptWorld(status=429, chunks=[])
    assert (done(world, prompt()).status, bytes(world.shown)) == (429, b"")


def test_what_would_tell_a_secret_again_is_forgotten() -> None:
    choice = {"index": 0, "message": {"content": PASSWORD}, "logprobs": {"content": [{"token": PASSWORD[:4]}]}}
    world = PromptWorld(chunks=[json.dumps({"choices": [choice]}).encode()])
    done(world, prompt())
    (shown,) = json.loads(bytes(world.shown))["choices"]
    assert shown == {"index": 0, "message": {"content": "SECRET_REF(DB_PASSWORD)"}, "logprobs": None}


def test_a_stream_passes_byte_for_byte_and_is_metered() -> None:
    chunks = sse("Hel ", "lo ")
    world = PromptWorld(headers=STREAM_TYPE, chunks=chunks)
    exchange = done(world, prompt(stream=True, stream_options={"include_usage": True}))
    assert bytes(world.shown) == b"".join(chunks)
    assert exchange.usage == Usage(9, 3)
    assert world.events() == [Event.PROMPT, Event.RESPONSE]
    assert world.answered[0].headers == STREAM_TYPE


def test_usage_is_asked_for_on_the_client_s_behalf_and_hidden_again() -> None:
    question = prompt(stream=True)
    world = PromptWorld(headers=STREAM_TYPE, chunks=sse("Hel ", "lo "))
    exchange = done(world, question)
    assert world.sent[0].request.body == question.body[:-1] + b',"stream_options":{"include_usage":true}}'
    assert bytes(world.shown) == b"".join(sse("Hel ", "lo ", usage=False))
    assert exchange.usage == Usage(9, 3)


def test_a_stream_without_usage_is_estimated() -> None:
    question = prompt(stream=True)
    exchange = done(PromptWorld(headers=STREAM_TYPE, chunks=sse("Hello, you", usage=False)), question)
    sent = len(question.body) + len(',"stream_options":{"include_usage":true}')
    assert exchange.usage == Usage(-(-sent // 4), 3, estimated=True)


def test_a_secret_in_a_stream_is_found_across_its_pieces() -> None:
    pieces = [f"it is {PASSWORD[:5]}", PASSWORD[5:9], f"{PASSWORD[9:]} and", " more"]
    world = PromptWorld(headers=STREAM_TYPE, chunks=sse(*pieces))
    done(world, prompt(stream=True))
    assert said(bytes(world.shown)) == "it is SECRET_REF(DB_PASSWORD) and more"
    assert world.log[1].counts["findings"] == 1


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=12)
STORY = st.lists(st.one_of(TEXT, st.sampled_from([PASSWORD, TOKEN, PASSWORD[:6], TOKEN[:-1]])), max_size=6).map("".join)


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[start:end] for start, end in itertools.pairwise(edges)]


@given(STORY, st.lists(st.integers(0, 60), max_size=6), st.lists(st.integers(0, 5000), max_size=10))
def test_however_a_stream_is_cut_its_text_is_the_same_and_holds_no_secret(
    story: str, pieces: list[int], places: list[int]
) -> None:
    edges = sorted({0, len(story), *(piece % (len(story) + 1) for piece in pieces)})
    deltas = [story[start:end] for start, end in itertools.pairwise(edges)]
    one = PromptWorld(headers=STREAM_TYPE, chunks=[b"".join(sse(story))])
    other = PromptWorld(headers=STREAM_TYPE, chunks=cut(b"".join(sse(*deltas)), places))
    for world in (one, other):
        assert done(world, prompt(stream=True)).rule == ""
    assert said(bytes(other.shown)) == said(bytes(one.shown))
    assert not [1 for secret in SECRETS.values() if secret in said(bytes(other.shown))]


def test_a_stream_that_cannot_be_read_ends_in_the_provider_s_own_error() -> None:
    world = PromptWorld(headers=STREAM_TYPE, chunks=[*sse("Hel ", usage=False)[:1], b"data: {]\n\n", *sse("lo")])
    exchange = done(world, prompt(stream=True))
    assert exchange.rule == "InputError"
    assert world.cancelled == 1
    frames = bytes(world.shown).split(b"\n\n")
    assert json.loads(frames[1][6:])["error"]["type"] == "api_error"
    assert exchange.usage is not None
    assert exchange.usage.estimated
    assert world.log[1].rules == ("InputError",)


def test_whoever_leaves_early_is_metered_all_the_same() -> None:
    start = {"type": "message_start", "message": {"usage": {"input_tokens": 40, "output_tokens": 1}}}
    world = PromptWorld(
        headers=STREAM_TYPE, chunks=[b"event: message_start\ndata: %s\n\n" % json.dumps(start).encode()], fail_on=Emit
    )
    exchange = done(world, prompt(dialect=Anthropic(), stream=True))
    assert world.metered[0].usage == exchange.usage == Usage(40, 1, estimated=True)
    assert world.cancelled == 1
    assert exchange.rule == "EffectFailed"


@pytest.mark.parametrize(
    ("status", "headers", "rule"),
    [
        (307, ((b"location", b"https://elsewhere.example"),), "UnavailableError"),
        (200, ((b"content-type", b"application/json"), (b"content-encoding", b"br")), "UnscannableError"),
    ],
)
def test_a_redirect_or_a_compressed_response_is_not_passed_on(status: int, headers: Any, rule: str) -> None:
    world = PromptWorld(status=status, headers=headers, chunks=[b"x"])
    exchange = done(world, prompt())
    assert (exchange.status, exchange.rule, world.cancelled) == (502, rule, 1)
    assert len(world.metered) == (status < 400)


def test_a_response_past_the_limit_is_cut_off_and_estimated() -> None:
    world = PromptWorld(chunks=[answer("x" * 60), answer("x" * 60)])
    exchange = done(world, prompt(), PromptContext(REDACTOR, body_limit=100))
    assert (exchange.status, exchange.rule, world.cancelled) == (502, "LimitError", 1)
    assert world.metered[0].usage.estimated


def test_a_provider_s_error_passes_and_costs_nothing() -> None:
    body = b'{"error": {"message": "slow down"}}'
    world = PromptWorld(status=429, chunks=[body], headers=(*PromptWorld().headers, (b"retry-after", b"7")))
    exchange = done(world, prompt())
    assert (exchange.status, bytes(world.shown), world.metered) == (429, body, [])
    assert (b"retry-after", b"7") in world.answered[0].headers


def test_a_response_that_is_no_json_is_scanned_as_what_it_says_it_is() -> None:
    world = PromptWorld(status=502, headers=((b"content-type", b"text/html"),), chunks=[f"<p>{PASSWORD}".encode()])
    done(world, prompt())
    assert bytes(world.shown) == b"<p>SECRET_REF(DB_PASSWORD)"


def test_booking_that_fails_does_not_take_the_answer_away() -> None:
    world = PromptWorld(chunks=[answer()], fail_on=effects.Meter)
    exchange = done(world, prompt())
    assert bytes(world.shown) == answer()
    assert (exchange.status, exchange.rule) == (200, "EffectFailed")


@pytest.mark.parametrize("status", [200, 502])
def test_a_whole_response_that_cannot_be_put_on_record_is_not_shown_and_booked_once(status: int) -> None:
    world = PromptWorld(status=status, chunks=[answer("the answer")])
    record = world.handlers[effects.Record]

    def full(effect: effects.Record) -> object:
        if effect.entry.event is Event.RESPONSE:
            raise OSError("disk full")
        return record(effect)

    exchange = run(forward(prompt(), CONTEXT), {**world.handlers, effects.Record: full})
    assert (exchange.status, exchange.rule) == (502, "EffectFailed")
    assert b"the answer" not in world.shown
    assert [metered.usage for metered in world.metered] == [exchange.usage]
    assert exchange.usage is not None
    assert not exchange.usage.estimated


def test_what_is_only_counted_or_looked_at_is_not_booked_whatever_it_states() -> None:
    for purpose in (Purpose.COUNT, Purpose.LOOK, Purpose.BATCH):
        for headers, chunks in ((PromptWorld().headers, [answer()]), (STREAM_TYPE, sse("hi"))):
            world = PromptWorld(headers=headers, chunks=chunks)
            body = b'{"model": "m", "requests": [{"params": {"model": "m"}}]}'
            exchange = done(world, replace(prompt(), operation=Operation(purpose), body=body))
            assert (exchange.status, exchange.usage, world.metered) == (200, None, [])


def test_an_error_in_a_stream_s_place_is_booked_only_where_it_states_usage() -> None:
    for usage in (False, True):
        world = PromptWorld(status=500, headers=STREAM_TYPE, chunks=sse("sorry", usage=usage))
        done(world, prompt(stream=True, stream_options={"include_usage": True}))
        assert [meter.usage.output_total for meter in world.metered] == [3] * usage


def test_a_list_of_answers_is_booked_answer_by_answer_under_ids_that_stay() -> None:
    usage = {"input_tokens": 5, "output_tokens": 3}
    lines = [
        {"custom_id": name, "result": {"message": {"model": f"m-{name}", "usage": usage}}} for name in ("a", "b", "a")
    ]
    chunks = [json.dumps(each).encode() + b"\n" for each in lines]
    look = replace(prompt(dialect=Anthropic()), operation=Operation(Purpose.LOOK), method="GET", body=b"")
    booked = []
    for target in (
        "/v1/messages/batches/b/results",
        "/v1/messages/batches/b/results?x=1",
        "/v1/messages/batches/c/results",
    ):
        world = PromptWorld(headers=((b"content-type", b"application/x-jsonl"),), chunks=chunks)
        assert done(world, replace(look, target=target)).usage is None
        assert [(meter.model, meter.usage) for meter in world.metered] == [
            (f"m-{name}", Usage(5, 3, mode="batch")) for name in "aba"
        ]
        booked.append([meter.request for meter in world.metered])
    assert booked[0] == booked[1]
    assert booked[0][0] == booked[0][2] != booked[0][1]
    assert not {*booked[0]} & {*booked[2]}


def test_a_stream_that_knows_its_own_end_gets_that_where_it_goes_wrong() -> None:
    look = replace(prompt(dialect=Anthropic()), operation=Operation(Purpose.LOOK), body=b"")
    world = PromptWorld(headers=((b"content-type", b"application/x-jsonl"),), chunks=[b"{}\n", b"no json\n"])
    exchange = done(world, look)
    assert exchange.rule == "InputError"
    first, last = bytes(world.shown).splitlines()
    assert (first, json.loads(last)["type"]) == (b"{}", "error")


@pytest.mark.parametrize("status", [400, 422])
def test_a_provider_that_refuses_what_metering_asks_for_gets_the_request_as_it_came(status: int) -> None:
    world = PromptWorld(headers=STREAM_TYPE, chunks=sse("hi there", usage=False), refusing=(b"include_usage", status))
    question = prompt(stream=True)
    exchange = done(world, question)
    assert exchange.status == 200
    assert b"include_usage" in world.sent[0].request.body
    assert world.sent[1].request.body == question.body
    assert world.events() == [Event.PROMPT, Event.PROMPT, Event.RESPONSE]
    assert world.log[0].action_digest != world.log[1].action_digest
    assert world.cancelled == 1
    assert bytes(world.shown) == b"".join(sse("hi there", usage=False))
    assert world.metered[0].usage.estimated


def test_what_is_refused_as_it_came_is_refused() -> None:
    world = PromptWorld(status=400, chunks=[b'{"error":{"message":"too long"}}'])
    assert done(world, prompt(stream=True)).status == 400
    assert len(world.sent) == 2
    once = PromptWorld(status=400, chunks=[b"{}"])
    assert done(once, prompt(stream=True, stream_options={"include_usage": True})).status == 400
    assert len(once.sent) == 1
    assert [*world.metered, *once.metered] == []
