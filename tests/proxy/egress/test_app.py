"""The egress with real clients (the providers' own SDKs, and httpx2 for bytes), real sockets and a scripted model."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncGenerator
from typing import Any

import anthropic
import openai
import pytest

from proxy.egress.app import EgressApp
from proxy.settings import Provider
from safety_core.cli.demo.answers import COST, call_tool, fail, say
from safety_core.cli.demo.model import STREAM, Reply
from safety_core.errors import PolicyError, UnavailableError
from safety_core.model.record import Event
from safety_core.model.tool_call import AgentId
from safety_core.redact.redactor import Redactor
from tests.proxy.egress.setting import AGENT, CLIENT_TOKEN, CLIENTS, Setting, egress, known, served
from tests.simulators.prompt_world import KEY, SECRETS

PASSWORD, TOKEN, PROVIDER_KEY = SECRETS.values()


def openai_client(setting: Setting, **options: Any) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=setting.openai_url, api_key=CLIENT_TOKEN, **{"max_retries": 0, **options})


def anthropic_client(setting: Setting) -> anthropic.AsyncAnthropic:
    return anthropic.AsyncAnthropic(base_url=setting.anthropic_url, api_key=CLIENT_TOKEN, max_retries=0)


def user(content: str) -> list[Any]:
    return [{"role": "user", "content": content}]


async def test_openai_whole() -> None:
    async with egress(say(f"it was {PASSWORD}.")) as setting, openai_client(setting) as client:
        reply = await client.chat.completions.create(model="m-1", messages=user(f"use {TOKEN} please"))
        assert reply.choices[0].message.content == "it was SECRET_REF(DB_PASSWORD)."
        (request,) = setting.model.requests
        assert request.target == "/v1/chat/completions"
        assert request.json()["messages"] == user("use SECRET_REF(DEPLOY_TOKEN) please")
        assert request.header("authorization") == f"Bearer {PROVIDER_KEY}"
        assert (request.header("accept-encoding"), request.header("cookie")) == ("identity", "")
        assert request.header("user-agent").startswith("AsyncOpenAI/")
        assert CLIENT_TOKEN not in str(request)
        (meter,) = setting.books.metered
        assert (meter.agent, meter.provider, meter.model, meter.usage) == (AGENT, "openai", "m-1", COST)
        assert [entry.event for entry in setting.books.log] == [Event.PROMPT, Event.RESPONSE]


@pytest.mark.parametrize("asked", [True, False])
async def test_openai_stream(asked: bool) -> None:
    text = f"one {PASSWORD} two {TOKEN}"
    options: dict[str, Any] = {"stream_options": {"include_usage": True}} if asked else {}
    async with egress(say(text)) as setting, openai_client(setting) as client:
        stream = await client.chat.completions.create(model="m-1", messages=user("hi"), stream=True, **options)
        chunks = [chunk async for chunk in stream]
        said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
        assert said == "one SECRET_REF(DB_PASSWORD) two SECRET_REF(DEPLOY_TOKEN)"
        assert chunks[-1 - asked].choices[0].finish_reason == "stop"
        assert [chunk.usage.total_tokens for chunk in chunks if chunk.usage] == (
            [COST.input_total + COST.output_total] if asked else []
        )
        await setting.books.settled.wait()
        assert setting.books.metered[0].usage == COST


async def test_openai_tool_call_stream() -> None:
    script = call_tool("exec", {"command": f"login --password {PASSWORD}", "n": 1})
    async with egress(script) as setting, openai_client(setting) as client:
        stream = await client.chat.completions.create(model="m-1", messages=user("hi"), stream=True)
        arguments, names, reason = "", [], None
        async for chunk in stream:
            choice = chunk.choices[0]
            reason = choice.finish_reason or reason
            for call in choice.delta.tool_calls or []:
                assert call.function is not None
                assert reason is None
                names.append(call.function.name)
                arguments += call.function.arguments or ""
        assert json.loads(arguments) == {"command": "login --password SECRET_REF(DB_PASSWORD)", "n": 1}
        assert names[0] == "exec"
        assert reason == "tool_calls"


async def test_anthropic_whole_and_stream() -> None:
    text = f"one {PASSWORD}"
    async with egress(say(text)) as setting, anthropic_client(setting) as client:
        message = await client.messages.create(model="m-2", max_tokens=9, messages=user(TOKEN))
        assert message.content[0].text == "one SECRET_REF(DB_PASSWORD)"  # type: ignore[union-attr]
        async with client.messages.stream(model="m-2", max_tokens=9, messages=user(TOKEN)) as stream:
            final = await stream.get_final_message()
        assert final.content[0].text == "one SECRET_REF(DB_PASSWORD)"  # type: ignore[union-attr]
        assert final.usage.output_tokens == COST.output_total
        for request in setting.model.requests:
            assert request.target == "/v1/messages"
            assert request.header("x-api-key") == PROVIDER_KEY
            assert request.json()["messages"] == user("SECRET_REF(DEPLOY_TOKEN)")
        await setting.books.settled.wait()
        assert [meter.usage for meter in setting.books.metered] == [COST, COST]


async def test_anthropic_tool_call_stream() -> None:
    script = call_tool("exec", {"command": PASSWORD}, piece=3)
    async with egress(script) as setting, anthropic_client(setting) as client:
        async with client.messages.stream(model="m-2", max_tokens=9, messages=user("go")) as stream:
            final = await stream.get_final_message()
        assert final.content[0].input == {"command": "SECRET_REF(DB_PASSWORD)"}  # type: ignore[union-attr]
        assert final.stop_reason == "tool_use"


async def test_a_body_that_needs_no_change_arrives_byte_for_byte_and_so_does_the_response() -> None:
    odd = b'{ "model":"m-1",\n "n" : 1.50e1,"messages":[{"role":"user","content":"\\u00e4 \\/ \xc3\xa4"}]}\n'
    reply = b'{ "ok" : 1.0e2 }\r\n'
    async with egress(fail(200, reply)) as setting, setting.client() as client:
        response = await client.post(
            "/v1/chat/completions?beta=1", content=odd, headers={"content-type": "application/json"}
        )
        assert (response.status_code, response.content) == (200, reply)
        assert setting.model.requests[0].body == odd
        assert setting.model.requests[0].target == "/v1/chat/completions?beta=1"


async def test_a_stream_that_needs_no_change_arrives_byte_for_byte_as_it_comes() -> None:
    go = asyncio.Event()
    first = b': hi\r\n\r\ndata: {"choices":[{"index":0, "delta":{"content":"one "}}]}\r\n\r\n'
    second = b'data: {"choices":[{"index":0,"delta":{"content":"two."},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
    async with (
        egress(lambda _: Reply(headers=STREAM, chunks=[first, go, second])) as setting,
        setting.client() as client,
    ):
        body = {"model": "m-1", "messages": [], "stream": True}
        async with client.stream("POST", "/openai/v1/chat/completions", json=body) as response:
            chunks = response.aiter_raw()
            assert await anext(chunks) == first
            go.set()
            assert b"".join([chunk async for chunk in chunks]) == second


@pytest.mark.parametrize(
    ("path", "token", "status"),
    [
        ("/openai/v1/chat/completions", "wrong", 401),
        ("/openai/v1/files", CLIENT_TOKEN, 404),
        ("/openai/v1/chat/completions/", CLIENT_TOKEN, 404),
        ("/anthropic/v1/messages/../../v1/files", CLIENT_TOKEN, 404),
        ("/gemini/v1/chat/completions", CLIENT_TOKEN, 404),
        ("/v1/messages", "none", 401),
    ],
)
async def test_what_is_not_listed_is_refused_in_the_provider_s_shape(
    path: str, token: str, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "proxy.egress.app")
    async with egress(say("no")) as setting, setting.client(authorization=f"Bearer {token}") as client:
        response = await client.post(path, json={"model": "m", "messages": []})
        assert response.status_code == status
        error = response.json()["error"]
        assert (response.json().get("type") == "error") == ("messages" in path)
        assert error["message"]
        assert setting.model.requests == []
        assert f"a request was turned away with {status}: {error['message']}" in caplog.messages


async def test_openai_s_other_paths_pass_and_are_metered() -> None:
    reply = b'{"object":"list","data":[],"usage":{"prompt_tokens":3,"total_tokens":3}}'
    async with egress(fail(200, reply)) as setting, openai_client(setting) as client:
        await client.embeddings.create(model="m-3", input=f"embed {PASSWORD}", encoding_format="float")
        await client.responses.create(model="m-3", input="hi")
        assert [request.target for request in setting.model.requests] == ["/v1/embeddings", "/v1/responses"]
        assert setting.model.requests[0].json()["input"] == "embed SECRET_REF(DB_PASSWORD)"
        assert [meter.usage.input_total for meter in setting.books.metered] == [3, 3]


async def test_only_post() -> None:
    async with egress(say("no")) as setting, setting.client() as client:
        assert (await client.get("/openai/v1/chat/completions")).status_code == 405


async def test_sdks_raise_their_own_errors() -> None:
    def refuse(agent: AgentId) -> None:
        raise PolicyError(f"agent {agent}", "its plugin has not checked in")

    async with egress(say("no"), admit=refuse) as setting:
        async with openai_client(setting) as client:
            with pytest.raises(openai.APIStatusError, match="not checked in"):
                await client.chat.completions.create(model="m", messages=user("x"))
        async with anthropic_client(setting) as other:
            with pytest.raises(anthropic.APIStatusError, match="not checked in"):
                await other.messages.create(model="m", max_tokens=1, messages=user("x"))
    async with egress(say("no")) as setting:
        async with openai_client(setting, default_headers={"Content-Encoding": "br"}) as client:
            with pytest.raises(openai.BadRequestError, match="compressed"):
                await client.chat.completions.create(model="m", messages=user("x"))
        assert setting.model.requests == []


async def test_a_provider_s_own_error_reaches_the_sdk() -> None:
    body = b'{"error":{"message":"slow down","type":"requests","code":"rate_limit_exceeded","param":null}}'
    async with egress(fail(429, body)) as setting, openai_client(setting) as client:
        with pytest.raises(openai.RateLimitError, match="slow down"):
            await client.chat.completions.create(model="m", messages=user("x"))
        assert setting.books.metered == []


async def test_an_unreachable_provider_is_a_502() -> None:
    async with egress(say("no"), base_url="http://127.0.0.1:9") as setting:
        async with openai_client(setting) as client:
            with pytest.raises(openai.InternalServerError) as caught:
                await client.chat.completions.create(model="m", messages=user("x"))
            assert caught.value.status_code == 502
        async with anthropic_client(setting) as other:
            with pytest.raises(anthropic.InternalServerError, match="did not answer"):
                await other.messages.create(model="m", max_tokens=1, messages=user("x"))
        assert setting.books.metered == []


async def test_a_provider_that_breaks_off_before_its_answer_may_bill_what_it_was_asked() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"}]}")
        writer.write(b"HTTP/1.1 200 O")
        writer.close()

    body = {"model": "m", "messages": [{"role": "user", "content": "x"}]}
    async with (
        await asyncio.start_server(serve, "127.0.0.1", 0) as server,
        egress(say("no"), base_url=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}") as setting,
        setting.client() as client,
    ):
        answer = await client.post("/openai/v1/chat/completions", json=body)
        assert answer.status_code == 502
        assert setting.books.log[-1].rules == ("UnansweredError",)
        (meter,) = setting.books.metered
        assert (meter.usage.estimated, meter.usage.output_total) == (True, 0)
        assert meter.usage.input_total > 0


async def test_a_private_address_is_refused_unless_listed() -> None:
    async with egress(say("no")) as setting:
        public = Provider("openai", "openai", setting.model.url.replace("http:", "https:"), KEY)
        app = EgressApp((public,), CLIENTS, redactor=known, handlers=setting.books.handlers())
        async with served(app) as url, setting.client() as client:
            response = await client.post(f"{url}/openai/v1/chat/completions", json={"model": "m", "messages": []})
        await app.aclose()
        assert response.status_code == 502
        assert "private address" in response.json()["error"]["message"]
        assert setting.model.requests == []


async def test_without_a_redactor_nothing_passes() -> None:
    async def broken() -> Redactor:
        raise UnavailableError("policy", "none is in force")

    async with egress(say("no")) as setting:
        app = EgressApp(setting.app._providers, CLIENTS, redactor=broken, handlers=setting.books.handlers())
        async with served(app) as url, setting.client() as client:
            response = await client.post(f"{url}/openai/v1/chat/completions", json={"model": "m", "messages": []})
        assert response.status_code == 503
        assert "none is in force" in response.json()["error"]["message"]
        assert setting.model.requests == []


async def test_a_provider_that_breaks_off_a_whole_response_is_a_502() -> None:
    script = lambda _: Reply(chunks=[b'{"choices":'], broken=True)  # noqa: E731
    async with egress(script) as setting, setting.client() as client:
        response = await client.post("/openai/v1/chat/completions", json={"model": "m", "messages": []})
        assert response.status_code == 502
        assert setting.books.metered[0].usage.estimated


async def test_a_redirect_is_neither_followed_nor_passed_on() -> None:
    script = fail(307, b"", (("location", "http://127.0.0.1:9/elsewhere"),))
    async with egress(script) as setting, setting.client() as client:
        response = await client.post("/openai/v1/chat/completions", json={"model": "m", "messages": []})
        assert (response.status_code, response.headers.get("location")) == (502, None)


async def test_a_body_past_the_limit_is_refused_by_its_head_or_its_length() -> None:
    async def endless() -> AsyncGenerator[bytes, None]:
        for _ in range(5):
            yield b"x" * 50

    async with egress(say("no"), body=100) as setting, setting.client() as client:
        for content in (b"x" * 101, endless()):
            response = await client.post("/v1/chat/completions", content=content)
            assert response.status_code == 413
        assert setting.model.requests == []


async def test_a_client_that_leaves_before_the_answer_stops_the_provider() -> None:
    never = asyncio.Event()
    async with egress(lambda _: Reply(chunks=[never])) as setting, setting.client() as client:
        asking = asyncio.create_task(client.post("/openai/v1/chat/completions", json={"model": "m", "messages": []}))
        await asyncio.wait_for(setting.model.arrived.wait(), 60)
        asking.cancel()
        await asyncio.wait([asking])
        await asyncio.wait_for(setting.model.left.wait(), 60)
        await asyncio.wait_for(setting.books.settled.wait(), 60)
        assert setting.books.log[-1].rules == ("ClientGoneError",)
        (meter,) = setting.books.metered
        assert meter.usage.estimated
        assert meter.usage.input_total > 0, "the provider may bill what it was asked for"


async def test_a_client_that_leaves_a_stream_stops_the_provider_and_is_metered() -> None:
    never = asyncio.Event()
    chunk = b'data: {"choices":[{"index":0,"delta":{"content":"one two three "}}]}\n\n'
    async with egress(lambda _: Reply(headers=STREAM, chunks=[chunk, never])) as setting, setting.client() as client:
        body = {"model": "m", "messages": [], "stream": True}
        async with client.stream("POST", "/v1/chat/completions", json=body) as response:
            assert await anext(response.aiter_raw()) == chunk
        await asyncio.wait_for(setting.model.left.wait(), 60)
        await asyncio.wait_for(setting.books.settled.wait(), 60)
        (meter,) = setting.books.metered
        assert meter.usage.estimated
        assert meter.usage.output_total == 4


async def test_a_provider_that_breaks_off_ends_the_stream_with_an_error() -> None:
    chunk = b'data: {"choices":[{"index":0,"delta":{"content":"one "}}]}\n\n'
    script = lambda _: Reply(headers=STREAM, chunks=[chunk], broken=True)  # noqa: E731
    async with egress(script) as setting, openai_client(setting) as client:
        stream = await client.chat.completions.create(model="m", messages=user("x"), stream=True)
        with pytest.raises(openai.APIError, match="did not answer"):
            _ = [piece async for piece in stream]


async def test_many_at_once() -> None:
    async with egress(say("hello there")) as setting, setting.client() as client:
        body = {"model": "m", "messages": [], "stream": True}
        replies = await asyncio.gather(*(client.post("/v1/chat/completions", json=body) for _ in range(30)))
        assert {reply.status_code for reply in replies} == {200}
        assert len({reply.content for reply in replies}) == 1
        assert len(setting.books.metered) == 30
        assert len({meter.request for meter in setting.books.metered}) == 30


async def test_lifespan_and_websockets() -> None:
    app = EgressApp((), {}, redactor=known, handlers={})
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message["type"])

    messages = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

    async def receive() -> Any:
        return next(messages)

    await app({"type": "lifespan"}, receive, send)
    await app({"type": "websocket", "path": "/v1/realtime", "headers": []}, receive, send)
    refused = ["websocket.http.response.start", "websocket.http.response.body"]
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete", *refused]
