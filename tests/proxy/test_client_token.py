"""A client is known by its token, wherever its SDK puts a key; and no key of its own goes on to a provider."""

from __future__ import annotations

import hashlib

import pytest

from proxy.client_token import agent_of, without_token
from safety_core.model.tool_call import AgentId
from tests.proxy.egress_setting import CLIENT_TOKEN, egress
from tests.simulators.providers import say

CLIENTS = {hashlib.sha256(b"made-up").hexdigest(): AgentId("ada")}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("authorization", "Bearer made-up"),  # openai, mistral, groq, cohere, deepseek, ollama
        ("authorization", "bearer   made-up "),
        ("authorization", "made-up"),
        ("x-api-key", "made-up"),  # anthropic
        ("api-key", "made-up"),  # azure
        ("x-goog-api-key", "made-up"),  # google-genai
        ("authorization", "AWS4-HMAC-SHA256 Credential=made-up/20260101/us-east-1/bedrock/aws4_request, Signature=0"),
    ],
)
def test_a_token_is_found_in_every_header_that_sdks_use(name: str, value: str) -> None:
    assert agent_of(CLIENTS, ((b"accept", b"made-up"), (name.encode(), value.encode())), "") == "ada"


def test_a_token_is_found_in_the_url_and_nowhere_else() -> None:
    assert agent_of(CLIENTS, (), "alt=sse&key=made-up") == "ada"
    assert agent_of(CLIENTS, ((b"cookie", b"made-up"), (b"authorization", b"Basic made-up")), "token=made-up") is None


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ("alt=sse&key=made-up", "alt=sse"),
        ("k%65y=made-up&alt=sse", "alt=sse"),
        ("KEY=a&access_token=b&api-key=c&subscription-key=d", ""),
        ("api-version=2024-10-21&monkey=1&key", "api-version=2024-10-21&monkey=1"),
        ("a=%20+b&c", "a=%20+b&c"),
    ],
)
def test_keys_are_taken_out_of_a_url_and_the_rest_stays_as_it_was(query: str, left: str) -> None:
    assert without_token(query) == left


async def test_no_key_of_a_client_s_own_reaches_a_provider() -> None:
    own = "own-key-" + "of-the-client"
    names = ("x-api-key", "api-key", "x-goog-api-key", "cookie", "proxy-authorization", "ocp-apim-subscription-key")
    headers = dict.fromkeys(names, own) | {"x-http-method-override": "DELETE"}
    async with egress(say("hi")) as setting, setting.client(**headers) as client:
        for path in (
            "/openai/v1/chat/completions",
            "/gemini/v1beta/models/m:generateContent",
            "/azure/openai/v1/responses",
        ):
            body = {"model": "m", "messages": [], "contents": []}
            answer = await client.post(f"{path}?key={own}&access_token={own}&api-version=1", json=body)
            assert answer.status_code == 200
        for request in setting.model.requests:
            assert own not in str(request)
            assert CLIENT_TOKEN not in str(request)
            assert request.header("x-http-method-override") == ""
            assert request.target.endswith("?api-version=1")
