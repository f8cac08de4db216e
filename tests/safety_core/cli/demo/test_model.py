"""The scripted model as the providers' own SDKs see it, without anything in between."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import anthropic
import httpx2
import openai
import pytest

from safety_core.cli.demo.answers import COST, Queue, call_tool, fail, say
from safety_core.cli.demo.model import Model, Reply, running

ASKED: Any = [{"role": "user", "content": "bread?"}]


@pytest.fixture
def script() -> Queue:
    return Queue()


@pytest.fixture
def model(script: Queue) -> Generator[Model, None, None]:
    with running(script) as model:
        yield model


@pytest.fixture
def openai_client(model: Model) -> Generator[openai.OpenAI, None, None]:
    with openai.OpenAI(base_url=f"{model.url}/v1", api_key="key-1", max_retries=0) as client:
        yield client


@pytest.fixture
def anthropic_client(model: Model) -> Generator[anthropic.Anthropic, None, None]:
    with anthropic.Anthropic(base_url=model.url, api_key="key-2", max_retries=0) as client:
        yield client


def test_a_queue_is_played_in_order_and_then_says_that_it_has_ended(
    script: Queue, model: Model, openai_client: openai.OpenAI
) -> None:
    script.next(say("spelt"), call_tool("exec", {"command": "ls"}))
    script.next(call_tool("exec", {"command": "pwd"}))
    answers = [openai_client.chat.completions.create(model="m", messages=ASKED) for _ in range(4)]
    messages = [answer.choices[0].message for answer in answers]
    assert [message.content for message in messages] == ["spelt", None, None, "(the script has ended)"]
    calls = [call for message in messages for call in message.tool_calls or [] if call.type == "function"]
    assert [call.function.arguments for call in calls] == ['{"command": "ls"}', '{"command": "pwd"}']
    assert len({call.id for call in calls}) == 2
    assert {request.key for request in model.requests} == {"key-1"}
    assert [request.number for request in model.requests] == [1, 2, 3, 4]


@pytest.mark.parametrize("asked", [True, False])
def test_openai_streams_the_usage_only_to_those_who_ask(
    asked: bool, script: Queue, openai_client: openai.OpenAI
) -> None:
    script.next(say("spelt bread"))
    options: dict[str, Any] = {"stream_options": {"include_usage": True}} if asked else {}
    chunks = list(openai_client.chat.completions.create(model="m", messages=ASKED, stream=True, **options))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == "spelt bread"
    usages = [chunk.usage for chunk in chunks if chunk.usage]
    assert [usage.prompt_tokens for usage in usages] == ([COST.input_total] if asked else [])
    assert [chunk for chunk in chunks if not chunk.choices] == ([chunks[-1]] if asked else [])


def test_anthropic_streams_a_call_and_counts_cached_tokens_apart(
    script: Queue, model: Model, anthropic_client: anthropic.Anthropic
) -> None:
    script.next(call_tool("exec", {"command": "ls -l", "n": 1}))
    with anthropic_client.messages.stream(model="m", max_tokens=9, messages=ASKED) as stream:
        message = stream.get_final_message()
    (block,) = message.content
    assert block.type == "tool_use"
    assert block.input == {"command": "ls -l", "n": 1}
    assert message.usage.input_tokens + (message.usage.cache_read_input_tokens or 0) == COST.input_total
    assert message.usage.output_tokens == COST.output_total
    assert model.requests[0].key == "key-2"


def test_a_reply_may_be_empty_or_broken_and_the_model_goes_on(script: Queue, model: Model) -> None:
    script.next(fail(503, b""), lambda _: Reply(chunks=[b"{"], broken=True), fail(200, b"{}"))
    with httpx2.Client(base_url=model.url, timeout=60, trust_env=False) as client:
        assert (answer := client.post("/v1/chat/completions", json={})).status_code == 503
        assert answer.content == b""
        with pytest.raises(httpx2.RemoteProtocolError):
            client.post("/v1/chat/completions", json={})
        assert client.post("/v1/chat/completions", json={}).json() == {}
