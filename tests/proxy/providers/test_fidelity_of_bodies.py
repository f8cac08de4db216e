"""Only the spans of a body change, in every API: unknown fields, order, spellings of numbers and cache marks stay."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from proxy.providers.dialects import part_of
from safety_core.flow.dialect import Dialect, Operation, Purpose
from tests.simulators.prompt_world import SECRETS, redactor

PASSWORD, TOKEN, _ = SECRETS.values()
REDACTOR = redactor()
PICTURE = base64.b64encode(bytes(range(256)) * 40).decode()
ODD = '"zzz_unknown" : {"b":1.50e1, "a" : -0.0, "n":null},  "temperature":1.0,'
CHAT = '"model":"m", "messages":[ {"role":"user","content":"@ \\u00e4 \\/ ä"} ]'
MARKED = (
    '"model":"m","max_tokens":9, "system":[{"type":"text","text":"@","cache_control":{"type":"ephemeral","ttl":"1h"}}]'
    ',"messages":[]'
)
LOOKING = (
    '"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,#"}}'
    ',{"type":"input_audio","input_audio":{"data":"#","format":"wav"}},{"type":"text","text":"@"}]}]'
)
LEGACY = (
    '"model":"m","functions":[{"name":"f","parameters":{}}],"function_call":"auto","messages":[{"role":"assistant"'
    ',"content":null,"function_call":{"name":"f","arguments":"{\\"a\\": 1.0}"}}'
    ',{"role":"function","name":"f","content":"@"}]'
)
GEMINI = (
    '"contents":[{"parts":[{"inlineData":{"mimeType":"image/png","data":"#"}},{"text":"@"}]}]'
    ',"cachedContent":"cachedContents/1", "safetySettings":[ ]'
)
BODIES = [
    *(
        (name, "/v1/chat/completions", CHAT)
        for name in ("openai", "deepseek", "groq", "openrouter", "mistral", "ollama")
    ),
    ("openai", "/v1/chat/completions", LOOKING),
    ("compatible", "/v1/chat/completions", LEGACY),
    ("openai", "/v1/completions", '"model":"m","prompt":["@","x"], "suffix":null'),
    (
        "openai",
        "/v1/responses",
        '"model":"m","input":[{"role":"user","content":[{"type":"input_text","text":"@"}]}],"store":false',
    ),
    ("azure", "/openai/deployments/m/chat/completions", '"messages":[{"role":"user","content":"@"}]'),
    ("anthropic", "/v1/messages", MARKED),
    ("anthropic", "/v1/messages/count_tokens", MARKED),
    ("openrouter", "/v1/messages", MARKED),
    ("gemini", "/v1beta/models/m:generateContent", GEMINI),
    ("gemini", "/v1beta/models/m:streamGenerateContent", GEMINI),
    ("gemini", "/v1beta/models/m:countTokens", GEMINI),
    ("ollama", "/api/chat", CHAT + ', "keep_alive":-1,"images":["#"]'),
    ("ollama", "/api/generate", '"model":"m","prompt":"@","raw":true,"options":{"num_ctx":4096,"temperature":0.70}'),
    ("cohere", "/v2/chat", CHAT + ',"documents":[{"id":"1","data":{"text":"@"}}]'),
    ("cohere", "/v2/rerank", '"model":"m","query":"@","documents":["@"],"top_n":3'),
    ("mistral", "/v1/fim/completions", '"model":"m","prompt":"@","suffix":"\\t"'),
]


def prepared(provider: str, path: str, raw: bytes) -> tuple[Dialect, Operation, bytes]:
    api = part_of(provider, "POST", path)
    assert api is not None
    operation = api.paths.find("POST", path)
    assert operation is not None
    return api, operation, api.prepare(raw, operation).body


def filled(body: str, text: str) -> bytes:
    return f"{{ {ODD}\n {body} }}\n".replace("@", text).replace("#", PICTURE).encode()


@pytest.mark.parametrize(("provider", "path", "body"), BODIES)
def test_nothing_changes_where_nothing_is_redacted(provider: str, path: str, body: str) -> None:
    raw = filled(body, "nothing to see")
    json.loads(raw)
    clean = REDACTOR.body(raw, "application/json").raw
    assert clean is raw
    assert prepared(provider, path, raw)[2] is raw


@pytest.mark.parametrize(("provider", "path", "body"), BODIES)
def test_only_the_spans_change_where_something_is(provider: str, path: str, body: str) -> None:
    clean = REDACTOR.body(filled(body, f"it is {PASSWORD}"), "application/json").raw
    assert prepared(provider, path, clean)[2] == filled(body, "it is SECRET_REF(DB_PASSWORD)")


@pytest.mark.parametrize(("provider", "path", "body"), [row for row in BODIES if '"messages"' in row[2]])
def test_a_stream_s_request_gets_one_field_more_at_most_and_the_plain_one_is_kept(
    provider: str, path: str, body: str
) -> None:
    raw = filled(body + ',"stream":true', "nothing to see")
    api, operation, sent = prepared(provider, path, raw)
    if sent == raw:
        assert provider in {"mistral", "anthropic", "cohere"} or path in {"/api/chat", "/v1/messages"}
        return
    assert sent == raw.rstrip(b"\n").removesuffix(b"}") + b',"stream_options":{"include_usage":true}}\n'
    assert api.prepare(raw, operation).plain == raw


WHOLE: list[tuple[str, str, Any, Any]] = [
    (
        "gemini",
        "/v1beta/models/m:generateContent",
        {
            "candidates": [
                {"content": {}, "citationMetadata": {"citations": [{}]}, "logprobsResult": {"topCandidates": []}}
            ]
        },
        {"candidates": [{"content": {}, "citationMetadata": None, "logprobsResult": None}]},
    ),
    (
        "gemini",
        "/v1beta/models/m:generateContent",
        {
            "candidates": [
                {"groundingMetadata": {"webSearchQueries": ["q"], "groundingSupports": [{"segment": {"text": "x"}}]}}
            ]
        },
        {"candidates": [{"groundingMetadata": {"webSearchQueries": ["q"], "groundingSupports": []}}]},
    ),
    ("ollama", "/api/generate", {"response": "x", "context": [1, 2], "n": 1}, {"response": "x", "context": [], "n": 1}),
    (
        "cohere",
        "/v2/chat",
        {"message": {"citations": [{"text": "x"}]}, "logprobs": [{"token_ids": [1]}], "id": "c"},
        {"message": {"citations": []}, "logprobs": [], "id": "c"},
    ),
    (
        "mistral",
        "/v1/chat/completions",
        {"choices": [{"logprobs": {"content": []}}]},
        {"choices": [{"logprobs": None}]},
    ),
    ("anthropic", "/v1/messages", {"content": [{"text": "x"}]}, {"content": [{"text": "x"}]}),
]


@pytest.mark.parametrize(("provider", "path", "told", "left"), WHOLE)
def test_a_whole_response_forgets_what_would_tell_its_text_again(
    provider: str, path: str, told: Any, left: Any
) -> None:
    api = part_of(provider, "POST", path)
    assert api is not None
    assert json.loads(api.forget(json.dumps(told).encode())) == left


def test_a_look_without_a_body_is_sent_without_one() -> None:
    for provider, path in (("openai", "/v1/models"), ("gemini", "/v1beta/models/m"), ("ollama", "/api/tags")):
        api = part_of(provider, "GET", path)
        assert api is not None
        sent = api.prepare(b"", Operation(Purpose.LOOK))
        assert (sent.body, sent.model, sent.results, sent.hide_usage) == (b"", "", (), False)
