"""prompt -> redact -> egress -> meter, told as conversations between the flow and its world."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.providers.anthropic import Anthropic
from proxy.providers.openai import OpenAi
from safety_core.edge.driver import arun, run
from safety_core.errors import BudgetError, ClientGoneError, LimitError, SafetyError, UnknownSecretError
from safety_core.flow import effects
from safety_core.flow.dialect import Dialect, Operation, Purpose
from safety_core.flow.egress_effects import Afford, AskStanding, Cancel, Emit, Forward, NextChunk, Respond, Standing
from safety_core.flow.exchange import Exchange, Prompt, PromptContext
from safety_core.flow.headers import NOT_SENT, clean_headers, text_of
from safety_core.flow.interlock import Interlock
from safety_core.flow.prompt import forward
from safety_core.model.record import Event
from safety_core.model.tool_call import AgentId
from safety_core.model.usage import Usage
from tests.simulators.prompt_world import KEY, NEW_KEY, SECRETS, PromptWorld, redactor

PASSWORD, TOKEN, PROVIDER_KEY = SECRETS.values()
REDACTOR = redactor()
CONTEXT = PromptContext(REDACTOR, body_limit=100_000)
HEADERS = (
    (b"host", b"127.0.0.1:8100"),
    (b"authorization", b"Bearer edge-client-token"),
    (b"content-type", b"application/json"),
    (b"x-stainless-lang", b"python"),
    (b"connection", b"keep-alive, x-hop"),
    (b"x-hop", b"1"),
    (b"openai-beta", b"a"),
    (b"openai-beta", b"b"),
    (b"content-length", b"999"),
)
TURN = Operation(Purpose.TURN)
STREAM_TYPE = ((b"content-type", b"text/event-stream; charset=utf-8"),)


def prompt(content: str = "hello", *, dialect: Dialect | None = None, **fields: Any) -> Prompt:
    body = {"model": "m-1", "messages": [{"role": "user", "content": content}], **fields}
    return Prompt(
        AgentId("ada"),
        "openai",
        dialect or OpenAi(),
        TURN,
        KEY,
        "POST",
        "/v1/chat/completions",
        HEADERS,
        json.dumps(body).encode(),
    )


def answer(content: str = "hi", **fields: Any) -> bytes:
    usage = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}
    message = {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": "stop"}
    return json.dumps({"id": "c1", "choices": [message], "usage": usage, **fields}).encode()


def sse(*pieces: str, usage: bool = True) -> list[bytes]:
    chunks = [
        {"id": "c1", "choices": [{"index": 0, "delta": {"content": piece}, "finish_reason": None}]} for piece in pieces
    ]
    chunks.append({"id": "c1", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    if usage:
        counts = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}
        chunks.append({"id": "c1", "choices": [], "usage": counts})  # type: ignore[dict-item]
    return [b"data: %s\n\n" % json.dumps(chunk).encode() for chunk in chunks] + [b"data: [DONE]\n\n"]


def said(stream: bytes) -> str:
    """Return the text that a client puts together."""
    text = ""
    for line in stream.decode().split("\n"):
        if line.startswith("data: {"):
            for choice in json.loads(line[6:]).get("choices", []):
                text += choice["delta"].get("content") or ""
    return text


def done(world: PromptWorld, question: Prompt, context: PromptContext = CONTEXT) -> Exchange:
    return run(forward(question, context), world.handlers)


def test_a_clean_prompt_passes_byte_for_byte() -> None:
    world = PromptWorld(chunks=[answer()[:10], answer()[10:]])
    question = prompt()
    exchange = done(world, question)
    (sent,) = world.sent
    assert sent.request.body == question.body
    assert sent.request.headers == (
        (b"content-type", b"application/json"),
        (b"x-stainless-lang", b"python"),
        (b"openai-beta", b"a"),
        (b"openai-beta", b"b"),
        (b"accept-encoding", b"identity"),
    )
    assert {name: value.reveal() for name, value in sent.key.items()} == {KEY: PROVIDER_KEY}
    assert (exchange.status, exchange.rule, exchange.usage) == (200, "", Usage(9, 3))
    assert bytes(world.shown) == answer()
    assert world.answered[0].headers == (
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(answer())),
    )
    assert [type(effect) for effect in world.asked] == [
        effects.NewId,
        Afford,
        effects.Resolve,
        effects.Now,
        effects.Record,
        Forward,
        NextChunk,
        NextChunk,
        NextChunk,
        effects.Now,
        effects.Record,
        effects.Meter,
        Respond,
        Emit,
    ]
    assert world.events() == [Event.PROMPT, Event.RESPONSE]
    assert world.log[0].call == world.log[1].call == exchange.id == world.metered[0].request
    assert (world.metered[0].agent, world.metered[0].provider, world.metered[0].model) == ("ada", "openai", "m-1")


def test_only_the_secret_changes() -> None:
    world = PromptWorld(chunks=[answer()])
    question = prompt(f"the password is {PASSWORD}, keep it")
    done(world, question)
    assert world.sent[0].request.body == question.body.replace(PASSWORD.encode(), b"SECRET_REF(DB_PASSWORD)")
    assert world.log[0].counts["findings"] == 1


def test_a_secret_in_a_header_is_replaced_and_one_in_the_path_is_refused() -> None:
    world = PromptWorld(chunks=[answer()])
    question = prompt()
    done(world, replace(question, headers=((b"x-note", TOKEN.encode()), (b"x-id", b"\xe9"))))
    assert world.sent[0].request.headers[:2] == ((b"x-note", b"SECRET_REF(DEPLOY_TOKEN)"), (b"x-id", b"\xe9"))
    refused = done(PromptWorld(), replace(question, target=f"/v1/chat/completions?note={PASSWORD}"))
    assert (refused.status, refused.rule) == (400, "InputError")


def test_what_only_looks_random_may_stand_in_a_header() -> None:
    value = b"Zk3" + b"x9Qw7Lp2Vt8Rm4" + b"Hd6Ny1Bc5"
    headers = clean_headers(((b"x-request-id", value), (b"cookie", b"a")), NOT_SENT, REDACTOR)
    assert (headers.headers, headers.findings, headers.discovered) == (((b"x-request-id", value),), 0, {})
    assert text_of("ключ".encode()) == "ключ"


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


def test_an_unknown_secret_is_kept_under_its_placeholder_before_it_leaves() -> None:
    unknown = "api_key = " + "Zk3x9Qw7" + "Lp2Vt8Rm4Hd6" + "Ny1Bc5"
    world = PromptWorld(chunks=[answer(unknown)])
    done(world, prompt(unknown))
    kinds = [type(effect) for effect in world.asked]
    assert kinds.index(effects.Remember) < kinds.index(Forward)
    assert kinds.count(effects.Remember) == 2
    assert set(world.vault) != set(SECRETS)
    assert unknown.encode() not in world.sent[0].request.body + world.shown


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
    ("change", "status"),
    [
        ({"body": b"{"}, 400),
        ({"body": b"[]"}, 400),
        ({"body": b'{"messages": []}'}, 400),
        ({"headers": ((b"content-encoding", b"gzip"),)}, 400),
    ],
)
def test_what_cannot_be_looked_into_is_refused_in_the_provider_s_shape(change: dict[str, Any], status: int) -> None:
    world = PromptWorld()
    exchange = done(world, replace(prompt(), **change))
    assert (exchange.status, world.answered[0].status, world.sent) == (status, status, [])
    assert json.loads(bytes(world.shown))["error"]["type"] == "invalid_request_error"
    assert world.events() == [Event.PROMPT_REFUSED]


def test_an_agent_that_is_not_admitted_is_refused_on_the_record() -> None:
    def refuse(agent: AgentId) -> None:
        raise SafetyError(f"agent {agent}", "its plugin has not checked in")

    world = PromptWorld()
    exchange = done(world, prompt(), PromptContext(REDACTOR, 1000, refuse))
    assert (exchange.status, world.sent, world.events()) == (424, [], [Event.PROMPT_REFUSED])
    assert json.loads(bytes(world.shown))["error"]["type"] == "safety_gateway"


TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
GUARDED = PromptContext(REDACTOR, 100_000, interlock=Interlock.ENFORCE)
OBSERVED = PromptContext(REDACTOR, 100_000, interlock=Interlock.OBSERVE)
FINE = Standing("", True, frozenset({"call1"}))
RESULTS = [{"role": "tool", "tool_call_id": "call_1", "content": "bread"}]


def guarded(*messages: Any) -> Prompt:
    headers = (*HEADERS, (b"traceparent", f"00-{TRACE}-00f067aa0ba902b7-01".encode()))
    return replace(prompt(messages=[*messages]), headers=headers)


def test_a_prompt_that_its_plugin_stands_behind_passes() -> None:
    world = PromptWorld(chunks=[answer()], standing=FINE)
    assert done(world, guarded(*RESULTS), GUARDED).status == 200
    looked = [effect for effect in world.asked if isinstance(effect, AskStanding)]
    assert looked == [AskStanding(AgentId("ada"), TRACE), AskStanding(AgentId("ada"), "", frozenset({"call1"}))]


def test_without_results_nothing_more_is_looked_up() -> None:
    world = PromptWorld(chunks=[answer()], standing=FINE)
    assert done(world, guarded(), GUARDED).status == 200
    assert len([effect for effect in world.asked if isinstance(effect, AskStanding)]) == 1


def test_no_announcement_is_looked_for_where_there_is_no_turn() -> None:
    world = PromptWorld(chunks=[answer()], standing=replace(FINE, announced=False))
    assert done(world, replace(guarded(), operation=Operation(Purpose.NUMBERS)), GUARDED).status == 200
    assert [effect for effect in world.asked if isinstance(effect, AskStanding)] == [AskStanding(AgentId("ada"), "")]


@pytest.mark.parametrize(
    "standing", [Standing("its plugin has gone", True), Standing("", False), replace(FINE, decided=frozenset())]
)
def test_one_that_its_plugin_does_not_stand_behind_is_refused(standing: Standing) -> None:
    world = PromptWorld(standing=standing)
    exchange = done(world, guarded(*RESULTS), GUARDED)
    assert (exchange.status, exchange.rule, world.sent) == (424, "UnguardedError", [])
    assert world.events() == [Event.PROMPT_REFUSED]
    assert json.loads(bytes(world.shown))["error"]["type"] == "safety_gateway"


def test_where_the_interlock_observes_it_is_recorded_and_passes() -> None:
    world = PromptWorld(chunks=[answer()], standing=Standing("its plugin has gone", True))
    exchange = done(world, guarded(*RESULTS), OBSERVED)
    assert (exchange.status, exchange.rule) == (200, "")
    assert "its plugin has gone" in exchange.observed
    assert "'call_1'" in exchange.observed
    assert world.events() == [Event.UNGUARDED, Event.UNGUARDED, Event.PROMPT, Event.RESPONSE]


def test_what_cannot_be_looked_up_is_refused_even_where_the_interlock_observes() -> None:
    world = PromptWorld(fail_on=AskStanding)
    assert done(world, guarded(), OBSERVED).status == 503
    assert world.sent == []


def test_an_id_that_looks_like_a_secret_is_still_the_one_that_came() -> None:
    results = [{"role": "tool", "tool_call_id": f"call_{PASSWORD}", "content": "bread"}]
    spelling = f"call{PASSWORD}".replace("-", "")
    world = PromptWorld(chunks=[answer()], standing=Standing("", True, frozenset({spelling})))
    assert done(world, guarded(*results), GUARDED).status == 200


def test_a_missing_provider_key_refuses() -> None:
    world = PromptWorld(vault={})
    exchange = done(world, prompt(dialect=Anthropic()))
    assert exchange.status == 503
    assert json.loads(bytes(world.shown)) == {
        "type": "error",
        "error": {"type": "api_error", "message": exchange.reason},
    }
    assert "PROVIDER_KEY" in exchange.reason


def test_an_unreachable_provider_is_a_502_and_costs_nothing() -> None:
    world = PromptWorld(fail_on=Forward)
    exchange = done(world, prompt())
    assert (exchange.status, world.metered, world.cancelled) == (502, [], 1)
    assert json.loads(bytes(world.shown))["error"]["code"] == "upstream_unavailable"
    assert world.events() == [Event.PROMPT, Event.RESPONSE]


def test_whoever_leaves_while_the_provider_is_at_work_pays_for_what_was_asked() -> None:
    world = PromptWorld(fail_on=Forward, failure=ClientGoneError("client", "has left"))
    exchange = done(world, prompt())
    (meter,) = world.metered
    assert (exchange.status, meter.usage.estimated, meter.usage.output_total) == (502, True, 0)
    assert meter.usage.input_total > 0


def test_a_budget_that_is_used_up_is_told_in_the_provider_s_shape_and_nothing_leaves() -> None:
    world = PromptWorld(fail_on=Afford, failure=BudgetError("agent ada", "has used 9 of its 9 tokens of today", "wait"))
    exchange = done(world, prompt())
    assert (exchange.status, exchange.rule, world.metered) == (424, "BudgetError", [])
    told = "agent ada: has used 9 of its 9 tokens of today. Fix: wait"
    assert json.loads(bytes(world.shown))["error"]["message"] == told
    assert world.events() == [Event.PROMPT_REFUSED]
    assert Forward not in {type(effect) for effect in world.asked}
    broken = done(PromptWorld(fail_on=Afford), prompt())
    assert (broken.status, broken.rule) == (503, "EffectFailed")


def test_what_was_wrong_is_told_and_counted_not_that_an_effect_failed() -> None:
    missing = UnknownSecretError("secret KEY", "is not in the vault", "safety secret set KEY")
    world = PromptWorld(fail_on=effects.Resolve, failure=missing)
    exchange = done(world, prompt())
    assert (exchange.status, exchange.rule, exchange.reason) == (503, "UnknownSecretError", str(missing))
    assert json.loads(bytes(world.shown))["error"]["message"] == str(missing)
    assert world.log[0].rules == ("UnknownSecretError",)


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


def test_a_request_past_a_limit_of_the_scan_is_told_so() -> None:
    class Limited(OpenAi):
        def prepare(self, body: bytes, operation: Operation) -> Any:
            raise LimitError("request body", "is too deep")

    assert done(PromptWorld(), prompt(dialect=Limited())).status == 413


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


WORLDS = {
    "whole": lambda: PromptWorld(chunks=[answer(f"{PASSWORD}")]),
    "stream": lambda: PromptWorld(headers=STREAM_TYPE, chunks=sse("a", PASSWORD, "b")),
    "unknown": lambda: PromptWorld(chunks=[answer("password=" + "Zk3x9Qw7" + "Lp2Vt8Rm4Hd6")]),
    "header": lambda: PromptWorld(headers=(*STREAM_TYPE, (b"x-echo", NEW_KEY.encode())), chunks=sse("a")),
    "unknown in a stream": lambda: PromptWorld(headers=STREAM_TYPE, chunks=sse(f"key: {NEW_KEY} ", "b")),
}


@pytest.mark.parametrize("kind", WORLDS)
async def test_whatever_fails_nothing_secret_passes_and_before_the_forward_nothing_at_all(kind: str) -> None:
    """Every effect of every world fails once, by itself and with all after it of its kind, under both drivers."""
    question = prompt(
        f"use {PASSWORD} and password=" + "Qp8Wz2Lm" + "Vx5Rt7Ky4", stream=kind not in {"whole", "unknown"}
    )
    calm = WORLDS[kind]()
    done(calm, question)
    before = next(index for index, effect in enumerate(calm.asked) if isinstance(effect, Forward))
    for index in range(len(calm.asked)):
        for failure in (OSError("disk full"), SafetyError("thing", "reason")):
            for drive in (run, arun):
                world = WORLDS[kind]()
                world.fail_at, world.failure = index, failure
                flow = drive(forward(question, CONTEXT), world.handlers)
                exchange = flow if isinstance(flow, Exchange) else await flow
                assert exchange.rule
                assert len(world.sent) == (index > before)
                assert len(world.answered) <= 1
                if index <= before:
                    assert exchange.status in {502, 503}
                    assert world.metered == []
                for secret in (*SECRETS.values(), NEW_KEY):
                    assert secret.encode() not in world.shown


def test_a_refusal_that_cannot_be_recorded_or_shown_is_a_refusal_still() -> None:
    for kind in (effects.Record, Respond, effects.NewId, effects.Now):
        world = PromptWorld(fail_on=kind)
        exchange = done(world, replace(prompt(), body=b"{"))
        assert exchange.status in {400, 503}
        assert world.sent == []


def test_a_failed_cancel_changes_nothing() -> None:
    for headers in (STREAM_TYPE, ((b"content-encoding", b"br"),)):
        world = PromptWorld(headers=headers, chunks=[b"data: {]\n\n"], fail_on=Cancel)
        assert done(world, prompt()).rule in {"InputError", "UnscannableError"}


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
