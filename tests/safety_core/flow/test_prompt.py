"""prompt -> redact -> egress -> meter, told as conversations between the flow and its world."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from proxy.providers.anthropic import Anthropic
from proxy.providers.openai import OpenAi
from safety_core.edge.driver import arun, run
from safety_core.errors import (
    BudgetError,
    ClientGoneError,
    LimitError,
    SafetyError,
    UnansweredError,
    UnknownSecretError,
)
from safety_core.flow import effects
from safety_core.flow.dialect import Operation, Purpose
from safety_core.flow.egress_effects import Afford, AskStanding, Cancel, Emit, Forward, NextChunk, Respond, Standing
from safety_core.flow.exchange import Exchange, Prompt, PromptContext
from safety_core.flow.headers import NOT_SENT, clean_headers, text_of
from safety_core.flow.interlock import Interlock
from safety_core.flow.prompt import forward
from safety_core.model.record import Event
from safety_core.model.tool_call import AgentId
from safety_core.model.usage import Usage
from tests.safety_core.flow.prompts import (
    CONTEXT,
    HEADERS,
    PASSWORD,
    PROVIDER_KEY,
    REDACTOR,
    STREAM_TYPE,
    TOKEN,
    answer,
    done,
    prompt,
    sse,
)
from tests.simulators.prompt_world import KEY, NEW_KEY, SECRETS, PromptWorld


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


def test_an_unknown_secret_is_kept_under_its_placeholder_before_it_leaves() -> None:
    unknown = "api_key = " + "Zk3x9Qw7" + "Lp2Vt8Rm4Hd6" + "Ny1Bc5"
    world = PromptWorld(chunks=[answer(unknown)])
    done(world, prompt(unknown))
    kinds = [type(effect) for effect in world.asked]
    assert kinds.index(effects.Remember) < kinds.index(Forward)
    assert kinds.count(effects.Remember) == 2
    assert set(world.vault) != set(SECRETS)
    assert unknown.encode() not in world.sent[0].request.body + world.shown


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


@pytest.mark.parametrize("failure", [ClientGoneError("client", "has left"), UnansweredError("it", "did not answer")])
def test_what_was_asked_is_paid_for_where_client_or_provider_leaves_while_that_is_at_work(failure: SafetyError) -> None:
    world = PromptWorld(fail_on=Forward, failure=failure)
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


def test_a_request_past_a_limit_of_the_scan_is_told_so() -> None:
    class Limited(OpenAi):
        def prepare(self, body: bytes, operation: Operation) -> Any:
            raise LimitError("request body", "is too deep")

    assert done(PromptWorld(), prompt(dialect=Limited())).status == 413


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
