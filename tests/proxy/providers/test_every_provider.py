"""Every provider's API through the egress, on real sockets, with a scripted model that speaks them all."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import openai
import pytest

from proxy.providers.dialects import DIALECTS
from safety_core.cli.demo.answers import fail as answer_with
from safety_core.cli.demo.model import Reply
from safety_core.errors import PolicyError
from safety_core.model.tool_call import AgentId
from safety_core.model.usage import Usage
from tests.proxy.egress.setting import AGENT, CLIENT_TOKEN, egress
from tests.proxy.providers.ways import (
    COMPATIBLE,
    PASSWORD,
    PROVIDER_KEY,
    TOKEN,
    WAYS,
    Way,
    ask,
    chat,
    chat_text,
    events,
    gemini,
    stating,
)
from tests.simulators.providers import NUMBERS_COST, call_tool, cut, fail, say

REF, TOKEN_REF = "SECRET_REF(DB_PASSWORD)", "SECRET_REF(DEPLOY_TOKEN)"
COST = Usage(1200, 20)
"""What every API can state."""


every_way = pytest.mark.parametrize("way", WAYS, ids=str)


@every_way
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_a_turn_passes_redacted_both_ways_and_is_metered(way: Way, stream: bool) -> None:
    async with egress(stating(way, say(f"it was {PASSWORD}, yes", usage=COST))) as setting:
        answer = await ask(setting, way, f"use {TOKEN}", stream=stream)
        assert answer.status_code == 200
        told = [*events(answer.content)] if stream else [answer.json()]
        assert "".join(map(way.text, told)) == f"it was {REF}, yes"
        (request,) = setting.model.requests
        assert TOKEN_REF.encode() in request.body
        assert TOKEN.encode() not in request.body
        assert request.header(way.key[0]) == way.key[1]
        assert CLIENT_TOKEN not in str(request)
        assert request.target == (way.streams if stream and way.streams else way.target)
        (meter,) = setting.books.metered
        assert (meter.agent, meter.provider, meter.model, meter.usage) == (AGENT, way.provider, way.model, COST)


@every_way
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_a_tool_call_is_redacted(way: Way, stream: bool) -> None:
    if way.target.endswith("/generate"):
        return  # has no tools
    async with egress(call_tool("connect", {"password": PASSWORD, "port": 5432})) as setting:
        answer = await ask(setting, way, "go", stream=stream)
        told = [*events(answer.content)] if stream else [answer.json()]
        assert json.loads("".join(map(way.text, told))) == {"password": REF, "port": 5432}


@every_way
async def test_a_stream_in_which_nothing_changes_passes_byte_for_byte_and_so_does_its_request(way: Way) -> None:
    async with egress(say("one two.")) as setting, setting.client() as client:
        target = way.streams or way.target
        asked = way.body("hello") | ({} if way.streams or way.whole else {"stream": True})
        if way.text is chat_text and not way.unasked:
            asked["stream_options"] = {"include_usage": True}
        odd = json.dumps(asked, indent=1).replace(": 9", ": 0.9e1").replace("hello", "h\\u00e4 \\/ ä").encode()
        answer = await client.post(
            f"/{way.provider}{target}", content=odd, headers={"content-type": "application/json"}
        )
        (request,) = setting.model.requests
        assert request.body == odd
        reply = say("one two.")(request)
        assert answer.content == b"".join(chunk for chunk in reply.chunks if isinstance(chunk, bytes))


def message_of(error: Any) -> str:
    """Return what an error says, in any provider's shape."""
    if isinstance(error, list):
        return message_of(error[-1])
    inner = error.get("error") or error.get("message") or (error.get("delta") or {}).get("error")
    return str(inner["message"] if isinstance(inner, dict) else inner)


ERRORS = {
    "openai": {"error"},
    "anthropic": {"type", "error"},
    "gemini": {"error"},
    "ollama": {"error"},
    "cohere": {"message"},
    "mistral": {"object", "message", "type", "param", "code"},
    "azure": {"error"},
    "openrouter": {"error"},
}


@every_way
async def test_a_refusal_has_the_provider_s_own_shape(way: Way) -> None:
    def refuse(agent: AgentId) -> None:
        raise PolicyError(f"agent {agent}", "its plugin has not checked in")

    async with egress(say("no"), admit=refuse) as setting:
        answer = await ask(setting, way, "hello", stream=False)
        assert answer.status_code == 424
        assert "has not checked in" in message_of(answer.json())
        kind = {"messages": "anthropic", "completions": "openai"}.get(way.target.rpartition("/")[2], way.provider)
        kind = way.provider if way.provider in {"azure", "mistral", "openrouter"} and kind == "openai" else kind
        assert set(answer.json()) == ERRORS[kind]
        wrong = await ask(setting, way, "hello", stream=False, authorization="Bearer wrong")
        assert wrong.status_code == 401
        assert "client token" in message_of(wrong.json())
        assert setting.model.requests == []


@every_way
async def test_a_stream_that_breaks_off_ends_in_the_provider_s_own_error(way: Way) -> None:
    async with egress(cut(say("one two three"), 2)) as setting:
        answer = await ask(setting, way, "hello", stream=True)
        assert answer.status_code == 200
        *_, last = events(answer.content)
        assert "did not answer" in message_of(last)
        (meter,) = setting.books.metered
        assert meter.usage.estimated or way.provider == "gemini"


@every_way
async def test_a_provider_s_own_error_passes_and_is_not_billed(way: Way) -> None:
    async with egress(fail(429, "slow down")) as setting:
        for stream in (False, True):
            answer = await ask(setting, way, "hello", stream=stream)
            assert answer.status_code == 429
            assert message_of(answer.json()) == "slow down"
        assert setting.books.metered == []


async def test_an_error_of_gemini_s_in_an_array_is_not_billed() -> None:
    body = b'[{"error":{"code":429,"message":"slow down","status":"RESOURCE_EXHAUSTED"}}\n]'
    async with egress(answer_with(429, body)) as setting, setting.client() as client:
        answer = await client.post("/gemini/v1beta/models/m:streamGenerateContent", json=gemini("hello"))
        assert (answer.status_code, answer.content) == (429, body)
        assert setting.books.metered == []


def test_every_provider_has_been_asked() -> None:
    assert {way.provider for way in WAYS} | {"bedrock"} == set(DIALECTS)


NUMBERS = [
    *((name, "/v1/embeddings", {"model": "m", "input": PASSWORD}) for name in COMPATIBLE),
    ("azure", "/openai/deployments/m/embeddings?api-version=1", {"input": PASSWORD}),
    ("gemini", "/v1beta/models/m:embedContent", {"content": {"parts": [{"text": PASSWORD}]}}),
    ("gemini", "/v1/models/m:batchEmbedContents", {"requests": [{"content": {"parts": [{"text": PASSWORD}]}}]}),
    ("ollama", "/api/embed", {"model": "m", "input": PASSWORD}),
    ("ollama", "/api/embeddings", {"model": "m", "prompt": PASSWORD}),
    ("cohere", "/v2/embed", {"model": "m", "texts": [PASSWORD]}),
    ("cohere", "/v2/rerank", {"model": "m", "query": PASSWORD, "documents": []}),
]


@pytest.mark.parametrize(("provider", "target", "body"), NUMBERS)
async def test_numbers_are_redacted_and_metered(provider: str, target: str, body: Any) -> None:
    async with egress(say("no")) as setting, setting.client() as client:
        assert (await client.post(f"/{provider}{target}", json=body)).status_code == 200
        (request,) = setting.model.requests
        assert REF.encode() in request.body
        (meter,) = setting.books.metered
        assert (meter.usage == NUMBERS_COST) or meter.usage.estimated
        assert meter.model == "m"


LOOKS = [
    *(("GET", name, "/v1/models") for name in (*COMPATIBLE, "anthropic", "cohere")),
    ("GET", "openrouter", "/v1/models/nimbus/small-2"),
    ("GET", "azure", "/openai/v1/models"),
    ("GET", "gemini", "/v1beta/models?pageSize=50"),
    ("GET", "gemini", "/v1beta/models/m"),
    ("GET", "ollama", "/api/tags"),
    ("GET", "ollama", "/api/version"),
    ("GET", "ollama", "/api/ps"),
    ("POST", "ollama", "/api/show"),
    ("GET", "openai", "/v1/responses/resp_1"),
    ("DELETE", "openai", "/v1/responses/resp_1"),
    ("POST", "openai", "/v1/responses/resp_1/cancel"),
    ("GET", "anthropic", "/v1/messages/batches"),
    ("GET", "anthropic", "/v1/messages/batches/b1"),
    ("POST", "anthropic", "/v1/messages/batches/b1/cancel"),
    ("POST", "anthropic", "/v1/messages/count_tokens"),
    ("POST", "gemini", "/v1beta/models/m:countTokens"),
]


@pytest.mark.parametrize(("method", "provider", "target"), LOOKS)
async def test_what_is_only_looked_at_or_counted_costs_nothing(method: str, provider: str, target: str) -> None:
    body = b'{"model":"m","messages":[]}' if method == "POST" and "cancel" not in target else b""
    usage = b'{"id":"r","usage":{"input_tokens":9,"output_tokens":9,"total_tokens":18}}'
    async with egress(answer_with(200, usage)) as setting, setting.client() as client:
        answer = await client.request(method, f"/{provider}{target}", content=body)
        assert (answer.status_code, answer.content) == (200, usage)
        assert setting.model.requests[0].target == target
        assert setting.books.metered == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/ollama/api/pull"),
        ("POST", "/ollama/api/create"),
        ("DELETE", "/ollama/api/delete"),
        ("POST", "/openai/v1/files"),
        ("POST", "/openai/v1/batches"),
        ("POST", "/gemini/v1beta/models/m:batchGenerateContent"),
        ("POST", "/gemini/v1beta/cachedContents"),
        ("POST", "/cohere/v1/chat"),
        ("POST", "/mistral/v1/agents/completions"),
        ("POST", "/azure/openai/deployments/m/images/generations"),
        ("DELETE", "/anthropic/v1/messages/batches/b1"),
    ],
)
async def test_what_nobody_has_listed_is_refused(method: str, path: str) -> None:
    async with egress(say("no")) as setting, setting.client() as client:
        assert (await client.request(method, path, json={"model": "m"})).status_code in {404, 405}
        assert setting.model.requests == []


async def test_openrouter_s_comments_pass_while_a_model_is_waited_for() -> None:
    go = asyncio.Event()
    wait, rest = b": OPENROUTER PROCESSING\n\n", b'data: {"choices":[{"index":0,"delta":{"content":"one two."}}]}\n\n'
    script = lambda _: Reply(headers=(("content-type", "text/event-stream"),), chunks=[wait, go, rest])  # noqa: E731
    async with egress(script) as setting, setting.client() as client:
        asked = {**chat("hi"), "stream": True}
        async with client.stream("POST", "/openrouter/v1/chat/completions", json=asked) as answer:
            chunks = answer.aiter_raw()
            assert await anext(chunks) == wait
            go.set()
            assert b"".join([chunk async for chunk in chunks]) == rest


async def test_azure_s_own_client_reaches_a_deployment() -> None:
    async with egress(say(f"it was {PASSWORD}, yes")) as setting:
        here = {"azure_endpoint": f"{setting.url}/azure", "api_version": "2024-10-21"}
        async with openai.AsyncAzureOpenAI(**here, api_key=CLIENT_TOKEN, max_retries=0) as client:
            asked: list[Any] = [{"role": "user", "content": TOKEN}]
            reply = await client.chat.completions.create(model="big-one", messages=asked)
            assert reply.choices[0].message.content == f"it was {REF}, yes"
            stream = await client.chat.completions.create(model="big-one", messages=asked, stream=True)
            said = [chunk.choices[0].delta.content or "" async for chunk in stream]
            assert "".join(said) == f"it was {REF}, yes"
        for request in setting.model.requests:
            assert request.target == "/openai/deployments/big-one/chat/completions?api-version=2024-10-21"
            assert (request.header("api-key"), request.header("authorization")) == (PROVIDER_KEY, "")
        assert [meter.model for meter in setting.books.metered] == ["big-one"] * 2


@pytest.mark.parametrize(
    "name", ["mistral", "groq", "openrouter", "deepseek", "compatible", "ollama", "gemini", "cohere"]
)
async def test_openai_s_client_speaks_with_all_of_its_kind(name: str) -> None:
    below = {"gemini": "/v1beta/openai", "cohere": "/compatibility/v1", "deepseek": ""}.get(name, "/v1")
    async with egress(cut(say("one two three", usage=COST), 3)) as setting:
        here = openai.AsyncOpenAI(base_url=f"{setting.url}/{name}{below}", api_key=CLIENT_TOKEN, max_retries=0)
        async with here as client:
            asked: list[Any] = [{"role": "user", "content": TOKEN}]
            stream = await client.chat.completions.create(model="m", messages=asked, stream=True)
            with pytest.raises(openai.APIError, match="did not answer"):
                _ = [chunk async for chunk in stream]
            with pytest.raises(openai.NotFoundError, match="is not listed"):
                await client.post("/images/generations", cast_to=object, body={"model": "m"})


async def test_a_compaction_is_a_turn_whose_result_passes_and_is_metered() -> None:
    counts = {"input_tokens": 90, "input_tokens_details": {"cached_tokens": 8}, "output_tokens": 7, "total_tokens": 97}
    told = {
        "object": "response.compaction",
        "output": [{"type": "compaction", "encrypted_content": "AAAA"}],
        "usage": counts,
    }
    async with egress(answer_with(200, json.dumps(told).encode())) as setting, setting.client() as client:
        asked = {"model": "m", "input": [{"role": "user", "content": PASSWORD}]}
        answer = await client.post("/openai/v1/responses/compact", json=asked)
        assert answer.json() == told
        assert PASSWORD.encode() not in setting.model.requests[0].body
        assert setting.books.metered[0].usage == Usage(90, 7, cache_read=8)
