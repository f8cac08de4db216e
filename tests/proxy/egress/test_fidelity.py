"""What a provider's prompt cache sees: twenty turns of one conversation keep their beginning byte for byte.

Only what must change does: a secret's own bytes, from the request on in which it is known.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import httpx2
import pytest

from safety_core.cli.demo.model import Reply
from tests.proxy.egress.setting import CLIENT_TOKEN
from tests.proxy.providers.test_echoes import told, unframed
from tests.proxy.sdks.scene import AWS, Scene, knowing, scene
from tests.simulators.bedrock import VAULT, Bedrock, signature_trouble
from tests.simulators.prompt_world import KEY, NEW_KEY, SECRETS
from tests.simulators.providers import say

PASSWORD, TOKEN, _ = SECRETS.values()
REF, TOKEN_REF = b"SECRET_REF(DB_PASSWORD)", b"SECRET_REF(DEPLOY_TOKEN)"
TURNS = 20
CACHED = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
LONG = "You are a baker. Temperatures are in °C; 1.0 and 1 are not the same. " * 8


@dataclass(frozen=True)
class Api:
    """How one API's conversation is written: what stands before the messages, a message, what stands after."""

    path: str
    head: str
    message: Callable[[str, str], Any]
    tail: str

    def body(self, texts: Sequence[str]) -> bytes:
        """Return the request of a turn; spacing and number spellings are the client's own."""
        roles = ["user", "assistant"]
        messages = [self.message(roles[number % 2], text) for number, text in enumerate(texts)]
        listed = ", ".join(json.dumps(each, ensure_ascii=number % 3 == 0) for number, each in enumerate(messages))
        return (self.head + listed + self.tail).encode()


def content(role: str, text: str) -> Any:
    return {"role": role, "content": text}


def blocks(role: str, text: str) -> Any:
    return {"role": role, "content": [{"type": "text", "text": text, **(CACHED if "bread" in text else {})}]}


def parts(role: str, text: str) -> Any:
    return {"parts": [{"text": text}], "role": "model" if role == "assistant" else role}


def converse(role: str, text: str) -> Any:
    return {"role": role, "content": [{"text": text}, {"cachePoint": {"type": "default"}}]}


TOOLS = '[{"type":"function","function":{"name":"exec","parameters":{"type":"object", "x-order":[1.0,1e5,-0]}}}]'
SYSTEM = json.dumps([{"type": "text", "text": LONG, **CACHED}], ensure_ascii=False)
APIS = {
    "openai": Api(
        "/openai/v1/chat/completions",
        f'{{"model":"m", "temperature": 1.0,\n "tools":{TOOLS},"prompt_cache_key":"baker", "messages": [',
        content,
        '],\n "seed":123456789012345678901234567890}',
    ),
    "openai, streamed": Api(
        "/openai/v1/chat/completions", f'{{"model":"m","tools":{TOOLS},"messages":[', content, '], "stream" :true }'
    ),
    "responses": Api(
        "/openai/v1/responses", '{"model":"m","instructions":"bake","input":[', content, '],"store":false}'
    ),
    "anthropic": Api(
        "/anthropic/v1/messages",
        f'{{"model":"m","max_tokens": 64 ,"system":{SYSTEM},"messages":[',
        blocks,
        '],"metadata":{"user_id":"u-1"}}',
    ),
    "gemini": Api(
        "/gemini/v1beta/models/m:generateContent",
        f'{{"systemInstruction":{{"parts":[{{"text":{json.dumps(LONG)}}}]}},"contents":[',
        parts,
        '],"generationConfig":{"temperature":0.10}}',
    ),
    "bedrock": Api(
        "/bedrock/model/anthropic.claude-3-5-sonnet-20241022-v2%3A0/converse",
        '{"system":[{"text":"bake"},{"cachePoint":{"type":"default"}}],"messages":[',
        converse,
        '],"inferenceConfig":{"maxTokens":64}}',
    ),
}

PLAIN = [f"turn {number}: a loaf of bread, and one of “Käse” \\ / \t €{number}.50" for number in range(2 * TURNS)]


def holding(secret: str, *turns: int) -> list[str]:
    return [
        f"{text}; log in with {secret}, then go on" if number in turns else text for number, text in enumerate(PLAIN)
    ]


def answer(request: Any) -> Reply:
    if "/model/" in request.target:
        return Bedrock("ok")(request)
    return say("ok")(request)


async def turns(
    here: Scene, api: Api, texts: Sequence[str], first: int = 1, last: int = TURNS
) -> list[tuple[bytes, bytes]]:
    """Send the conversation turn by turn; return what was sent and what arrived."""
    here.play(answer)
    found = []
    signed = f"AWS4-HMAC-SHA256 Credential={CLIENT_TOKEN}/20261126/us-east-1/bedrock/aws4_request, Signature=0"
    key = signed if "/bedrock/" in api.path else f"Bearer {CLIENT_TOKEN}"
    async with httpx2.AsyncClient(base_url=here.url, timeout=30, trust_env=False) as client:
        for turn in range(first, last + 1):
            sent = api.body(texts[: 2 * turn - 1])
            headers = {"authorization": key, "content-type": "application/json"}
            reply = await client.post(api.path, content=sent, headers=headers)
            assert reply.status_code == 200, reply.text
            request = here.model.requests[-1]
            assert "/bedrock/" not in api.path or signature_trouble(request) == ""
            found.append((sent, request.body))
    return found


def kept(before: bytes, after: bytes) -> bool:
    """Tell whether a request begins with all of the one before, to the end of its messages: the last bracket."""
    return after.startswith(before[: before.rindex(b"]")])


@pytest.mark.parametrize("name", APIS)
async def test_without_secrets_every_byte_arrives(name: str) -> None:
    api = APIS[name]
    async with scene() as here:
        found = await turns(here, api, PLAIN)
    for sent, arrived in found:
        assert arrived == sent or (name == "openai, streamed" and _without_usage(arrived) == sent)
    for (_, before), (_, after) in pairwise(found):
        assert kept(before, after)


def _without_usage(body: bytes) -> bytes:
    """Take out again what was asked for on the client's behalf."""
    return body.replace(b',"stream_options":{"include_usage":true}', b"").replace(
        b'"stream_options":{"include_usage":true},', b""
    )


@pytest.mark.parametrize("name", APIS)
@pytest.mark.parametrize("secret", ["known", "of a known kind"])
async def test_a_secret_of_an_early_turn_is_the_same_reference_in_all_later_ones(name: str, secret: str) -> None:
    api, value = APIS[name], TOKEN if secret == "known" else NEW_KEY
    async with scene() as here:
        found = await turns(here, api, holding(value, 0, 3, 4))
    for (_, before), (_, after) in pairwise(found):
        assert kept(before, after)
    sent, arrived = found[-1]
    assert value.encode() not in arrived
    ref = TOKEN_REF if secret == "known" else _reference(arrived)
    assert _without_usage(arrived) == sent.replace(_spelled(sent, value), ref), "only the spans differ"
    assert arrived.count(ref) == 3


def _reference(body: bytes) -> bytes:
    begin = body.index(b"SECRET_REF(")
    return body[begin : body.index(b")", begin) + 1]


def _spelled(body: bytes, value: str) -> bytes:
    return value.encode() if value.encode() in body else json.dumps(value)[1:-1].encode()


@pytest.mark.parametrize("name", APIS)
async def test_a_secret_that_becomes_known_changes_its_own_bytes_once(name: str) -> None:
    api, texts = APIS[name], holding(PASSWORD, 2, 7)
    before_it = {KEY: SECRETS[KEY], AWS: VAULT}
    async with scene() as here:
        here.redactor = knowing(before_it)
        early = await turns(here, api, texts, last=9)
        here.redactor = knowing({**before_it, **SECRETS})
        late = await turns(here, api, texts, first=9)
    assert PASSWORD.encode() in early[-1][1], "nobody knew it"
    for found in (early, late):
        for (_, before), (_, after) in pairwise(found):
            assert kept(before, after)
    assert late[0][1] == early[-1][1].replace(PASSWORD.encode(), REF), "the same turn: nothing else has changed"
    cached = late[0][1].index(REF)
    assert late[0][1][:cached] == early[-1][1][:cached], "what stands before it stays in the cache"


async def test_headers_keep_their_order_and_their_spelling() -> None:
    sent = [
        ("Authorization", f"Bearer {CLIENT_TOKEN}"),
        ("X-Stainless-Lang", "python"),
        ("accept", "application/json"),
        ("anthropic-beta", "b, a"),
        ("X-Second", "2"),
        ("anthropic-beta", "c"),
        ("Content-Type", "application/json"),
    ]
    async with scene() as here, httpx2.AsyncClient(timeout=30, trust_env=False) as client:
        here.play(answer)
        body = APIS["openai"].body(PLAIN)
        request = client.build_request("POST", f"{here.url}/openai/v1/chat/completions", content=body)
        request.headers = httpx2.Headers([("host", "edge"), *sent, ("content-length", str(len(body)))])
        assert (await client.send(request)).status_code == 200
        arrived = here.model.requests[0].headers
        passed = [(name.lower(), value) for name, value in sent[1:]]
        assert [pair for pair in arrived if pair in passed] == passed


async def test_what_two_readers_could_read_differently_is_refused_and_says_so() -> None:
    body = b'{"model":"m","messages":[],"user":"a","user":"b"}'
    async with scene() as here, httpx2.AsyncClient(timeout=30, trust_env=False) as client:
        headers = {"authorization": f"Bearer {CLIENT_TOKEN}", "content-type": "application/json"}
        reply = await client.post(f"{here.url}/openai/v1/chat/completions", content=body, headers=headers)
        assert reply.status_code == 400
        assert "the same key twice" in reply.json()["error"]["message"]
        assert here.model.requests == []


CHAT = "/openai/v1/chat/completions"
ANSWERS: dict[str, tuple[str, Any]] = {
    "openai": (CHAT, {"model": "m", "stream": True, "stream_options": {"include_usage": True}}),
    "openai, whole": (CHAT, {"model": "m"}),
    "responses": ("/openai/v1/responses", {"model": "m", "stream": True}),
    "anthropic": ("/anthropic/v1/messages", {"model": "m", "stream": True}),
    "gemini": ("/gemini/v1beta/models/m:streamGenerateContent?alt=sse", {}),
    "gemini, an array": ("/gemini/v1beta/models/m:streamGenerateContent", {}),
    "ollama": ("/ollama/api/chat", {"model": "m"}),
    "bedrock": ("/bedrock/model/m/converse-stream", {}),
}


def strings(name: str, raw: bytes) -> dict[str, str]:
    """Return what a client puts together of an answer's strings, by the name under which they stand."""
    if name in {"openai, whole", "gemini, an array"}:
        return told(json.loads(raw))
    return told(*unframed(name, raw))


@pytest.mark.parametrize("name", ANSWERS)
async def test_an_answer_without_secrets_says_the_same_in_every_place(name: str) -> None:
    """Whole ones to the byte; in a stream, a word may have to wait for its end."""
    path, fields = ANSWERS[name]
    sent: list[bytes] = []

    def script(request: Any) -> Reply:
        text = "Grüße, “bread” \\ / \u200d🥐. " * 9
        reply = Bedrock(text)(request) if "/model/" in request.target else say(text)(request)
        sent.append(b"".join(chunk for chunk in reply.chunks if isinstance(chunk, bytes)))
        return reply

    async with scene() as here, httpx2.AsyncClient(base_url=here.url, timeout=30, trust_env=False) as client:
        here.play(script)
        key = f"AWS4-HMAC-SHA256 Credential={CLIENT_TOKEN}/20261126/r/bedrock/aws4_request, Signature=0"
        headers = {"authorization": key, "content-type": "application/json"}
        reply = await client.post(path, json={**fields, "messages": []}, headers=headers)
        assert reply.status_code == 200
        assert strings(name, reply.content) == strings(name, sent[0])
        assert reply.content == sent[0] or name != "openai, whole"
