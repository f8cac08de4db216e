"""What providers say they counted -> one normal form. Every document here is invented; the shapes are the
providers' own."""

from __future__ import annotations

import base64
import json
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety_core.meter.counts import counts_of
from safety_core.meter.estimate import completed
from safety_core.meter.normal import normal_form
from safety_core.meter.recorded import documents, usage_of
from safety_core.meter.tally import Tally
from safety_core.model.usage import Usage

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["usage", "input_tokens", "meta", "results", "x"]), inner)
    ),
)


def of(*documents: object) -> Usage | None:
    tally = Tally()
    for document in documents:
        tally.add(json.loads(json.dumps(document)))
    return tally.usage()


STATED = {
    "openai chat: cached and reasoning are parts": (
        {
            "usage": {
                "prompt_tokens": 100,
                "completion_tokens": 30,
                "total_tokens": 130,
                "prompt_tokens_details": {"cached_tokens": 64, "cache_write_tokens": 8},
                "completion_tokens_details": {"reasoning_tokens": 20},
            }
        },
        Usage(100, 30, cache_read=64, cache_write=8, reasoning=20),
    ),
    "openai responses: details mean that the input is inclusive": (
        {"usage": {"input_tokens": 50, "input_tokens_details": {"cached_tokens": 40}, "output_tokens": 7}},
        Usage(50, 7, cache_read=40),
    ),
    "openai embeddings: only a total": ({"usage": {"total_tokens": 8}}, Usage(8)),
    "anthropic: cached tokens stand beside the input": (
        {
            "usage": {
                "input_tokens": 5,
                "cache_read_input_tokens": 20,
                "cache_creation_input_tokens": 10,
                "cache_creation": {"ephemeral_5m_input_tokens": 6, "ephemeral_1h_input_tokens": 4},
                "output_tokens": 3,
            }
        },
        Usage(35, 3, cache_read=20, cache_write=10, cache_write_1h=4),
    ),
    "bedrock: the same, in its own words": (
        {
            "usage": {
                "inputTokens": 2,
                "outputTokens": 9,
                "totalTokens": 61,
                "cacheReadInputTokens": 40,
                "cacheWriteInputTokens": 10,
                "cacheDetails": [{"ttl": "5m", "inputTokens": 7}, {"ttl": "1h", "inputTokens": 3}, {"inputTokens": 1}],
            }
        },
        Usage(52, 9, cache_read=40, cache_write=10, cache_write_1h=3),
    ),
    "bedrock, titan": ({"inputTextTokenCount": 6, "results": [{"tokenCount": 4}, {"tokenCount": 5}, {}]}, Usage(6, 9)),
    "bedrock, llama": ({"prompt_token_count": 12, "generation_token_count": 5, "generation": "hi"}, Usage(12, 5)),
    "gemini: thoughts and tool prompts are counted apart": (
        {
            "usageMetadata": {
                "promptTokenCount": 17,
                "candidatesTokenCount": 20,
                "thoughtsTokenCount": 30,
                "toolUsePromptTokenCount": 11,
                "cachedContentTokenCount": 9,
                "totalTokenCount": 78,
            }
        },
        Usage(17, 50, cache_read=9, reasoning=30, tool_prompt=11),
    ),
    "gemini without a total": (
        {"usageMetadata": {"candidatesTokenCount": 2, "thoughtsTokenCount": 3}},
        Usage(0, 5, reasoning=3),
    ),
    "a total that shows thoughts to be included": (
        {
            "usageMetadata": {
                "promptTokenCount": 4,
                "candidatesTokenCount": 6,
                "thoughtsTokenCount": 2,
                "totalTokenCount": 10,
            }
        },
        Usage(4, 6, reasoning=2),
    ),
    "a total that shows reasoning to be left out": (
        {
            "usage": {
                "prompt_tokens": 10,
                "completion_tokens": 2,
                "total_tokens": 17,
                "completion_tokens_details": {"reasoning_tokens": 5},
            }
        },
        Usage(10, 7, reasoning=5),
    ),
    "ollama": ({"message": {"content": "x"}, "prompt_eval_count": 3, "eval_count": 4, "done": True}, Usage(3, 4)),
    "cohere: tokens, not what is billed": (
        {
            "usage": {
                "billed_units": {"input_tokens": 1, "output_tokens": 1},
                "tokens": {"input_tokens": 30, "output_tokens": 2},
                "cached_tokens": 16,
            }
        },
        Usage(30, 2, cache_read=16),
    ),
    "cohere embed: billed units where there is nothing else": (
        {"meta": {"billed_units": {"input_tokens": 9}}},
        Usage(9),
    ),
    "deepseek": (
        {
            "usage": {
                "prompt_tokens": 9,
                "completion_tokens": 1,
                "prompt_cache_hit_tokens": 8,
                "prompt_cache_miss_tokens": 1,
            }
        },
        Usage(9, 1, cache_read=8),
    ),
    "moonshot: in the choice": ({"choices": [{"usage": {"prompt_tokens": 4, "completion_tokens": 2}}, 3]}, Usage(4, 2)),
    "whole numbers written as fractions": ({"usage": {"prompt_tokens": 4.0, "completion_tokens": 2.5}}, Usage(4)),
    "nonsense does not count": ({"usage": {"prompt_tokens": True, "completion_tokens": -1, "total_tokens": "9"}}, None),
    "null does not count": ({"usage": {"prompt_tokens": None}, "choices": 7, "results": None}, None),
}


@pytest.mark.parametrize(("document", "usage"), STATED.values(), ids=STATED)
def test_normal_form(document: object, usage: Usage | None) -> None:
    assert of(document) == usage


@pytest.mark.parametrize(
    "made_up", [-1, 10**9 + 1, 2**63, 2**70, 1e308, float("inf"), float("nan"), 1.5, True, "7", [7]]
)
def test_a_count_that_nobody_has_counted_is_none(made_up: object) -> None:
    assert counts_of({"usage": {"prompt_tokens": made_up, "completion_tokens": 3}}) == {"completiontokens": 3}
    assert counts_of({"results": [{"tokenCount": made_up}]}) == {}


def test_what_a_request_has_made_its_answer_repeat_counts_nothing() -> None:
    repeated = {"usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}}
    stated = {"input_tokens": 500, "output_tokens": 300, "total_tokens": 800}
    assert of({"metadata": repeated, "meta": repeated, "usage": stated}) == Usage(500, 300)
    assert of({"metadata": repeated, "usage": None}) == Usage(1, 1)


def test_stream_numbers_are_cumulative() -> None:
    start = {
        "type": "message_start",
        "message": {"usage": {"input_tokens": 5, "cache_read_input_tokens": 7, "output_tokens": 1}},
    }
    middle = {"type": "message_delta", "usage": {"output_tokens": 12}}
    end = {"type": "message_delta", "usage": {"input_tokens": 0, "output_tokens": 40}}
    assert of(start, middle, end) == Usage(12, 40, cache_read=7)


def test_a_document_with_a_total_replaces_all_before_it() -> None:
    first = {"usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 21, "totalTokenCount": 30}}
    corrected = {"usageMetadata": {"promptTokenCount": 9, "thoughtsTokenCount": 4, "totalTokenCount": 13}}
    assert of(first, corrected) == Usage(9, 4, reasoning=4)
    assert of(first, {"usageMetadata": {"trafficType": "ON_DEMAND"}}) == Usage(9, 21)


def test_what_is_no_object_states_nothing() -> None:
    assert counts_of([1, 2]) == {}
    assert normal_form({}) is None


@given(JSON)
def test_any_document_is_counted_or_not_but_never_raises(document: object) -> None:
    usage = of(document)
    if usage is not None:
        assert min(usage.input_total, usage.output_total, usage.cache_read, usage.cache_write, usage.reasoning) >= 0
        assert usage.cache_write_1h <= usage.cache_write


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.booleans())
def test_without_numbers_an_exchange_is_estimated_and_never_zero(request: int, response: int, whole: bool) -> None:
    usage = completed(None, request, response, whole=whole)
    assert usage.estimated
    assert (usage.input_total > 0, usage.output_total > 0) == (request > 0, response > 0)


def test_stated_numbers_stand_for_a_whole_response_and_are_a_floor_for_a_broken_one() -> None:
    stated = Usage(9, 1)
    assert completed(stated, 4000, 400, whole=True) == stated
    assert completed(stated, 4000, 400, whole=False) == Usage(9, 100, estimated=True)


def aws_message(payload: bytes) -> bytes:
    headers = b"\x0b:event-type\x07\x00\x05chunk"
    prelude = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    prelude += struct.pack(">I", zlib.crc32(prelude))
    message = prelude + headers + payload
    return message + struct.pack(">I", zlib.crc32(message))


CHUNKS = [
    {"type": "message_start", "message": {"usage": {"input_tokens": 16, "output_tokens": 1}}},
    {"type": "message_delta", "usage": {"output_tokens": 21}},
]
AWS = b"".join(
    aws_message(json.dumps({"bytes": base64.b64encode(json.dumps(c).encode()).decode()}).encode()) for c in CHUNKS
)
FRAMINGS = {
    "array of events": json.dumps(CHUNKS).encode(),
    "server-sent events": b"".join(b"event: x\ndata: %s\n\n" % json.dumps(c).encode() for c in CHUNKS)
    + b"data: [DONE]\n\n",
    "json lines": b"\n".join(json.dumps(c).encode() for c in CHUNKS),
    "json after json": b" ".join(json.dumps(c).encode() for c in CHUNKS),
    "aws event stream": AWS,
    "aws event stream in base64": base64.b64encode(AWS) + b"\n",
    "aws event stream read as text": b"".join(b"\x00\xff{ " + json.dumps(c).encode() + b"\x01" for c in CHUNKS),
}


@pytest.mark.parametrize("body", FRAMINGS.values(), ids=FRAMINGS)
def test_every_framing_is_read(body: bytes) -> None:
    assert usage_of(body) == Usage(16, 21)


def test_what_comes_after_a_broken_aws_message_is_not_read() -> None:
    first, second = (aws_message(json.dumps({"n": number}).encode()) for number in (1, 2))
    assert [*documents(first + second)] == [{"n": 1}, {"n": 2}]
    assert [*documents(first + second[:-1] + bytes([second[-1] ^ 1]))] == [{"n": 1}]


def test_aws_payloads_that_are_plain_json() -> None:
    body = aws_message(b'{"usage":{"inputTokens":3,"outputTokens":4}}') + aws_message(b"not json") + b"\x00" * 20
    assert usage_of(body) == Usage(3, 4)


def test_one_document() -> None:
    assert list(documents(b'{"a": 1}')) == [{"a": 1}]
    assert usage_of(b'{"choices": []}') is None


@pytest.mark.parametrize(
    "body", [b"", b"null", b"12", b"<html>", b"data: \xff\n\n", b"data: {\n\n", b"e:", b"!{", b"[" * 9999]
)
def test_what_holds_no_document_states_nothing(body: bytes) -> None:
    assert usage_of(body) is None


@given(st.binary())
def test_any_bytes_are_read_or_skipped(body: bytes) -> None:
    list(documents(body))
