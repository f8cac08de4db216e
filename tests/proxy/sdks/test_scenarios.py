"""What applications do, done by every official SDK through the edge: answers, errors, retries, streams that break.

One row of `SCENARIOS` for each; `CANNOT` of `clients` names what an SDK has no words for.
"""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import pytest

from safety_core.cli.demo.model import Reply, Script
from safety_core.errors import BudgetError
from safety_core.flow.interlock import HaltedError
from safety_core.model.record import Event
from tests.proxy.egress.setting import CLIENT_TOKEN
from tests.proxy.sdks.clients import CANNOT, SDKS
from tests.proxy.sdks.scene import Scene, gone, scene, stalled
from tests.proxy.sdks.sdk import ARGUMENTS, PATIENT, TOOL, Options
from tests.simulators.prompt_world import SECRETS
from tests.simulators.providers import NUMBERS, cut, in_turn

PASSWORD, TOKEN, _ = SECRETS.values()
REF, TOKEN_REF = "SECRET_REF(DB_PASSWORD)", "SECRET_REF(DEPLOY_TOKEN)"
LONG = "a word and another one, " * 12
BRIEF = 0.4
"""Seconds that a client waits for a model that does not answer."""


@dataclass
class Try:
    """One SDK in one scenario."""

    make: Callable[[Options], Any]
    here: Scene
    clients: list[Any] = field(default_factory=list)

    def client(self, *, token: str = CLIENT_TOKEN, retries: int = 0, seconds: float = PATIENT) -> Any:
        self.clients.append(self.make(Options(self.here.url, token, retries, seconds)))
        return self.clients[-1]

    async def close(self) -> None:
        for client in self.clients:
            await done(client.close)

    @property
    def backend(self) -> Any:
        return self.make.backend  # type: ignore[attr-defined]

    @property
    def sent(self) -> list[Any]:
        return self.here.model.requests

    async def error(self, kind: type[Exception], work: Callable[..., Any], *arguments: Any) -> Any:
        with pytest.raises(kind) as caught:
            await done(work, *arguments)
        return caught.value


async def done(work: Callable[..., Any], *arguments: Any) -> Any:
    """Do what an SDK does, on a thread of its own where it blocks."""
    if inspect.iscoroutinefunction(work):
        return await work(*arguments)
    return await asyncio.to_thread(work, *arguments)


Scenario: TypeAlias = Callable[[Try], Awaitable[None]]


async def plain_answer(it: Try) -> None:
    it.here.play(it.backend.say("bread and cheese"))
    assert await done(it.client().say, "what is on the menu?") == "bread and cheese"
    assert "what is on the menu?" in it.sent[0].body.decode()


async def a_stream(it: Try) -> None:
    it.here.play(it.backend.say(LONG))
    assert await done(it.client().stream, "tell me") == LONG


async def tool_call_and_result(it: Try) -> None:
    it.here.play(in_turn(it.backend.call_tool(TOOL, ARGUMENTS), it.backend.say("bread")))
    client = it.client()
    asked = await done(client.ask)
    assert (asked.tool, dict(asked.arguments)) == (TOOL, ARGUMENTS)
    assert await done(client.answer, asked, f"bread, {PASSWORD}") == "bread"
    assert f"bread, {REF}" in it.sent[1].body.decode()
    assert "ls menu" in it.sent[1].body.decode()


async def tool_call_streamed(it: Try) -> None:
    arguments = {"command": f'login --password {PASSWORD} "Käse"'}
    it.here.play(in_turn(it.backend.call_tool(TOOL, arguments), it.backend.say("bread")))
    client = it.client()
    asked = await done(client.ask_streamed)
    seen = {"command": f'login --password {REF} "Käse"'}
    assert (asked.tool, dict(asked.arguments)) == (TOOL, seen)
    assert await done(client.answer, asked, "bread") == "bread"
    assert REF in it.sent[1].body.decode()


async def secret_in_the_prompt(it: Try) -> None:
    it.here.play(lambda request: it.backend.say("seen" if REF in request.body.decode() else "not seen")(request))
    assert await done(it.client().say, f"log in with {PASSWORD}") == "seen"
    assert PASSWORD.encode() not in it.sent[0].body
    (prompt,) = [entry for entry in it.here.books.log if entry.event is Event.PROMPT]
    assert prompt.counts["findings"] == 1


async def secret_echoed(it: Try) -> None:
    it.here.play(it.backend.say(f"it was {PASSWORD}, and {TOKEN}."))
    client = it.client()
    for ask in (client.say, client.stream):
        assert await done(ask, "which one was it?") == f"it was {REF}, and {TOKEN_REF}."


async def embeddings(it: Try) -> None:
    it.here.play(getattr(it.backend, "embedding", lambda: it.backend.say(""))())
    assert await done(it.client().embed, f"bread {TOKEN}") == NUMBERS
    assert TOKEN_REF in it.sent[0].body.decode()


async def count_tokens(it: Try) -> None:
    it.here.play(_counts(it.backend.say("")))
    assert await done(it.client().count, f"bread {TOKEN}") in {12, 30}
    assert TOKEN_REF in it.sent[0].body.decode()
    assert it.here.books.metered == [], "counting is not billed"


def _counts(otherwise: Script) -> Script:
    """OpenAI's responses count under a path of their own."""

    def script(request: Any) -> Reply:
        if request.target.endswith("/input_tokens"):
            return Reply(chunks=[json.dumps({"object": "response.input_tokens", "input_tokens": 12}).encode()])
        return otherwise(request)

    return script


async def bad_client_token(it: Try) -> None:
    client = it.client(token="nobody-s-" + "token", retries=2)
    error = await it.error(client.refused, client.say, "hello")
    assert client.status(error) == 401
    assert "client token" in str(error)
    assert it.sent == []


async def error_400(it: Try) -> None:
    it.here.play(it.backend.fail(400, f"there is no such field {PASSWORD}"))
    client = it.client(retries=2)
    for ask in (client.say, client.stream):
        error = await it.error(client.status_error, ask, "hello")
        assert client.status(error) == 400
        assert "there is no such field" in str(error)
        assert PASSWORD not in str(error)
    exchanges = {entry.call for entry in it.here.books.log if entry.event is Event.PROMPT}
    assert len(exchanges) == 2, "the SDK has asked once each"


def _later(reply: Reply) -> Reply:
    return Reply(reply.status, (*reply.headers, ("retry-after", "1")), reply.chunks)


async def error_429_and_again(it: Try) -> None:
    busy = it.backend.fail(429, "slow down")
    it.here.play(in_turn(lambda request: _later(busy(request)), it.backend.say("now")))
    await _again(it, 429)


async def error_500_and_again(it: Try) -> None:
    it.here.play(in_turn(it.backend.fail(500, "oops"), it.backend.say("now")))
    await _again(it, 500)


async def error_503_and_again(it: Try) -> None:
    it.here.play(in_turn(it.backend.fail(503, "overloaded"), it.backend.say("now")))
    await _again(it, 503)


async def _again(it: Try, status: int) -> None:
    client = it.client(retries=2)
    if not client.retries:  # it leaves that to the application
        error = await it.error(client.status_error, client.say, "hello")
        assert client.status(error) == status
    assert await done(client.say, "hello") == "now"
    assert len(it.sent) == 2
    assert it.sent[0].body == it.sent[1].body


async def upstream_gone_before_the_head(it: Try) -> None:
    it.here.play(gone)
    client = it.client()
    for ask in (client.say, client.stream):
        error = await it.error(client.status_error, ask, "hello")
        assert client.status(error) == 502


async def upstream_gone_and_again(it: Try) -> None:
    it.here.play(in_turn(gone, it.backend.say("now")))
    await _again(it, 502)


async def upstream_gone_in_a_whole_answer(it: Try) -> None:
    def half(request: Any) -> Reply:
        reply = it.backend.say(LONG)(request)
        return Reply(reply.status, reply.headers, [b"".join(reply.chunks)[:40]], broken=True)

    it.here.play(half)
    client = it.client()
    error = await it.error(client.status_error, client.say, "hello")
    assert client.status(error) == 502


async def upstream_gone_in_mid_stream(it: Try) -> None:
    it.here.play(cut(it.backend.say(LONG), 9))
    client = it.client()
    await it.error(client.broken, client.stream, "hello")
    (response,) = [entry for entry in it.here.books.log if entry.event is Event.RESPONSE]
    assert response.rules == ("UnavailableError",)


async def client_cancels_a_stream(it: Try) -> None:
    it.here.play(stalled(it.backend.say(LONG * 4), 60))
    assert (await done(it.client().leave, "hello")) in LONG * 4
    await it.here.model.left.wait()


async def time_out(it: Try) -> None:
    it.here.play(stalled(it.backend.say("late"), 0))
    client = it.client(seconds=BRIEF)
    await it.error(client.time_out, client.say, "hello")
    await it.here.model.left.wait()


async def budget_used_up(it: Try) -> None:
    asked = []

    def afford(effect: Any) -> None:
        asked.append(effect)
        raise BudgetError("budget of ada", "is used up for today")

    it.here.afford = afford
    client = it.client(retries=2)
    for ask in (client.say, client.stream):
        error = await it.error(client.status_error, ask, "hello")
        assert client.status(error) == 424
        assert "is used up for today" in str(error)
    assert (len(asked), it.sent) == (2, []), "nobody asks again"


async def kill_switch(it: Try) -> None:
    def admit(agent: Any) -> None:
        raise HaltedError(f"agent {agent}", "is halted")

    it.here.admit = admit
    client = it.client(retries=2)
    error = await it.error(client.status_error, client.say, "hello")
    assert client.status(error) == 424
    assert "is halted" in str(error)
    assert it.sent == []


async def unknown_path(it: Try) -> None:
    it.here.play(it.backend.say("hello"))
    client = it.client(retries=2)
    error = await it.error(client.status_error, client.unlisted)
    assert client.status(error) == 404
    assert it.sent == []


async def unicode_both_ways(it: Try) -> None:
    text = 'Grüße, 東京 🥐\u200d\u00ad e\u0301 \\u0041 "quoted" back\\slash\ttab\nline'
    it.here.play(it.backend.say(text))
    client = it.client()
    for ask in (client.say, client.stream):
        assert await done(ask, text) == text
    for request in it.sent:
        assert text in _strings(request.json())


def _strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for inner in value.values() for text in _strings(inner)]
    if isinstance(value, list):
        return [text for inner in value for text in _strings(inner)]
    return [value] if isinstance(value, str) else []


async def a_mebibyte(it: Try) -> None:
    text = ("Once upon a time there was a baker. " * 30000)[: 1024 * 1024]
    it.here.play(it.backend.say("read"))
    assert await done(it.client().say, text) == "read"
    assert text in _strings(it.sent[0].json())


async def body_too_large(it: Try) -> None:
    client = it.client(retries=1)
    error = await it.error(client.status_error, client.say, "bread, " * 100_000)
    assert client.status(error) == 413
    assert it.sent == []


LIMITS = {"413: body too large": {"body": 200_000}}
"""Limits of the edge, where a scenario needs other ones."""

SCENARIOS: dict[str, Scenario] = {
    "plain answer": plain_answer,
    "stream": a_stream,
    "tool call, and its result": tool_call_and_result,
    "tool call in a stream, and its result": tool_call_streamed,
    "secret in the prompt": secret_in_the_prompt,
    "secret echoed": secret_echoed,
    "embeddings": embeddings,
    "count tokens": count_tokens,
    "401: bad client token": bad_client_token,
    "400 of the provider": error_400,
    "429 with retry-after, then an answer": error_429_and_again,
    "500, then an answer": error_500_and_again,
    "503, then an answer": error_503_and_again,
    "upstream gone before its head": upstream_gone_before_the_head,
    "upstream gone, then an answer": upstream_gone_and_again,
    "upstream gone in a whole answer": upstream_gone_in_a_whole_answer,
    "upstream gone in mid-stream": upstream_gone_in_mid_stream,
    "client cancels a stream": client_cancels_a_stream,
    "time-out": time_out,
    "424: budget used up": budget_used_up,
    "424: kill switch": kill_switch,
    "404: path not listed": unknown_path,
    "413: body too large": body_too_large,
    "Unicode": unicode_both_ways,
    "1 MiB prompt": a_mebibyte,
}


@pytest.mark.parametrize("sdk", SDKS)
@pytest.mark.parametrize("scenario", SCENARIOS)
async def test_scenario(scenario: str, sdk: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    make = SDKS[sdk]
    if (scenario, sdk) in CANNOT:
        assert not hasattr(make, {"embeddings": "embed", "count tokens": "count"}[scenario])
        return
    async with scene(**LIMITS.get(scenario, {})) as here:
        it = Try(make, here)
        try:
            await SCENARIOS[scenario](it)
        finally:
            await it.close()
