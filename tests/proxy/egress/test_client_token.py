"""The client's token is found wherever its SDK puts a key, and nowhere else."""

from __future__ import annotations

import hashlib

import pytest

from proxy.egress.client_token import agent_of, leaving_query
from safety_core.model.tool_call import AgentId

TOKEN = "edge-client-" + "token-7"
ADA = AgentId("ada")
CLIENTS = {hashlib.sha256(TOKEN.encode()).hexdigest(): ADA}
SIGNED = f"AWS4-HMAC-SHA256 Credential={TOKEN}/20261126/us-east-1/bedrock/aws4_request, SignedHeaders=host, Signature=0"


@pytest.mark.parametrize(
    ("name", "value", "query", "found"),
    [
        ("authorization", f"Bearer {TOKEN}", "", True),
        ("authorization", SIGNED, "", True),
        ("authorization", SIGNED.replace(TOKEN, "AKIA" + "OTHER"), "", False),
        ("x-api-key", TOKEN, "", True),
        ("api-key", TOKEN, "", True),
        ("x-goog-api-key", TOKEN, "", True),
        ("sec-websocket-protocol", f"realtime, openai-insecure-api-key.{TOKEN}", "", True),
        ("sec-websocket-protocol", f"openai-insecure-api-key.{TOKEN},realtime", "", True),
        ("sec-websocket-protocol", f"realtime, {TOKEN}", "", False),
        ("sec-websocket-protocol", f"openai-insecure-api-key.{TOKEN}x", "", False),
        ("accept", TOKEN, "", False),
        ("accept", "*/*", f"a=1&key={TOKEN}", True),
        ("accept", "*/*", f"token={TOKEN}", False),
    ],
)
def test_a_token_is_found(name: str, value: str, query: str, found: bool) -> None:
    agent = agent_of(CLIENTS, ((name.encode(), value.encode()),), query)
    assert agent == (ADA if found else None)


def test_a_query_leaves_without_it() -> None:
    assert leaving_query(f"a=%41&key={TOKEN}&b") == "a=%41&b"
    assert leaving_query("model=gpt-realtime") == "model=gpt-realtime"


@pytest.mark.parametrize(
    "name", ["oauth_token", "Access_Token", "x-goog-api-key", "%6bey", "api%2dkey", "subscription-key"]
)
def test_a_key_of_the_client_s_own_does_not_leave(name: str) -> None:
    assert leaving_query(f"alt=sse&{name}=mine") == "alt=sse"


@pytest.mark.parametrize("name", ["fields", "$fields", "%24fields", "Callback", "$callback"])
def test_no_answer_is_made_to_hide_its_usage(name: str) -> None:
    assert leaving_query(f"{name}=candidates&alt=sse&fieldset=1") == "alt=sse&fieldset=1"
