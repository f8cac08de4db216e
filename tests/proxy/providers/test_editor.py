"""Event streams, redacted as they pass: what an SDK would put together from them, and which bytes stay."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.providers.anthropic import Anthropic
from proxy.providers.editor import TEXTS
from proxy.providers.framing import EVENT_STREAM
from proxy.providers.openai import OpenAi
from safety_core.errors import InputError, LimitError, UnscannableError
from safety_core.flow.dialect import Dialect
from tests.simulators.prompt_world import NEW_KEY, SECRETS, redactor

PASSWORD, TOKEN, _ = SECRETS.values()
REF = "SECRET_REF(DB_PASSWORD)"
REDACTOR = redactor()
DONE = b"data: [DONE]\n\n"


def frame(event: Any) -> bytes:
    name = b"event: %s\n" % event["type"].encode() if "type" in event else b""
    return name + b"data: %s\n\n" % json.dumps(event).encode()


def passed(dialect: Dialect, chunks: Iterable[bytes], *, hide_usage: bool = False) -> bytes:
    editor = dialect.editor(REDACTOR, EVENT_STREAM, hide_usage=hide_usage)
    return b"".join(editor.feed(chunk).data for chunk in chunks) + editor.end().data


def events(stream: bytes) -> list[Any]:
    return [json.loads(line[6:]) for line in stream.split(b"\n") if line.startswith(b"data: {")]


def chunk(delta: dict[str, Any], *, index: int = 0, reason: str | None = None, **fields: Any) -> bytes:
    choice = {"index": index, "delta": delta, "finish_reason": reason, **fields}
    return frame({"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]})


def call(arguments: str, *, index: int = 0) -> dict[str, Any]:
    return {"tool_calls": [{"index": index, "function": {"arguments": arguments}}]}


def texts(stream: bytes) -> dict[tuple[Any, ...], str]:
    """Put a completion together as an SDK does: by choice, and by tool call."""
    found: dict[tuple[Any, ...], str] = defaultdict(str)
    for event in events(stream):
        for choice in event.get("choices", []):
            for name, value in choice["delta"].items():
                if isinstance(value, str):
                    found[choice["index"], name] += value
            for item in choice["delta"].get("tool_calls", []):
                found[choice["index"], "tool", item["index"]] += item["function"].get("arguments", "")
    return found


def test_choices_reasoning_and_tool_calls_are_texts_of_their_own() -> None:
    half, rest = PASSWORD[:7], PASSWORD[7:]
    stream = [
        chunk({"role": "assistant", "content": f"a {half}"}),
        chunk({"content": f"b {half}"}, index=1),
        chunk({"reasoning_content": f"c {half}"}),
        chunk(call(f'{{"x": "{half}')),
        chunk(call(f'{{"y": "{half}', index=1)),
        chunk({"content": rest}),
        chunk({"content": rest}, index=1),
        chunk({"reasoning_content": rest}),
        chunk(call(rest + '"}')),
        chunk(call(rest + '"}', index=1)),
        chunk({}, reason="tool_calls"),
        chunk({}, index=1, reason="stop"),
        DONE,
    ]
    assert texts(passed(OpenAi(), stream)) == {
        (0, "role"): "assistant",
        (0, "content"): f"a {REF}",
        (1, "content"): f"b {REF}",
        (0, "reasoning_content"): f"c {REF}",
        (0, "tool", 0): f'{{"x": "{REF}"}}',
        (0, "tool", 1): f'{{"y": "{REF}"}}',
    }


def test_what_is_held_back_comes_before_the_end_of_its_choice() -> None:
    stream = [chunk({"content": "the fin"}), chunk({"content": "otter vk"}, index=1), chunk({}, reason="stop"), DONE]
    found = [
        (choice["index"], choice["delta"].get("content"), choice["finish_reason"])
        for event in events(passed(OpenAi(), stream))
        for choice in event["choices"]
    ]
    assert [part for part in found if part[0] == 0] == [(0, "the ", None), (0, "fin", None), (0, None, "stop")]
    assert [part for part in found if part[0] == 1] == [(1, "otter ", None), (1, "vk", None)]


def test_what_a_tool_call_holds_back_comes_in_its_own_place() -> None:
    stream = [chunk(call("cut-off", index=1)), chunk({"content": "x"}), chunk({}, reason="tool_calls")]
    assert texts(passed(OpenAi(), stream)) == {(0, "tool", 1): "cut-off", (0, "content"): "x"}
    assert [event["choices"][0]["finish_reason"] for event in events(passed(OpenAi(), stream))][-1] == "tool_calls"


def test_a_last_piece_in_the_event_that_ends_its_choice_stays_there() -> None:
    (event,) = events(passed(OpenAi(), [chunk({"content": f"use {PASSWORD}"}, reason="stop")]))
    assert event["choices"][0]["delta"]["content"] == f"use {REF}"


def test_a_stream_that_ends_without_a_finish_gives_up_what_it_held() -> None:
    assert texts(passed(OpenAi(), [chunk({"content": "no end"})])) == {(0, "content"): "no end"}
    assert texts(passed(OpenAi(), [chunk({"content": "no end"}), DONE.strip()])) == {(0, "content"): "no end"}
    assert texts(passed(OpenAi(), [chunk({"content": "no end"}).strip()])) == {(0, "content"): "no end"}
    cut_off = chunk({"content": "more"})[:-9]
    assert texts(passed(OpenAi(), [chunk({"content": "no end"}), cut_off])) == {(0, "content"): "no end"}


def test_log_probabilities_go_with_a_piece_that_changes_and_stay_otherwise() -> None:
    spelled = {"content": [{"token": PASSWORD[:4], "logprob": -1}]}
    stream = passed(
        OpenAi(), [chunk({"content": "plain text: "}, logprobs=spelled), chunk({"content": PASSWORD}, logprobs=spelled)]
    )
    plain, secret, *_ = events(stream)
    assert plain["choices"][0]["logprobs"] == spelled
    assert secret["choices"][0]["logprobs"] is None


def test_a_secret_outside_the_pieces_is_replaced_too() -> None:
    stream = passed(OpenAi(), [frame({"id": TOKEN, "choices": [{"index": 0, "delta": {"content": "a "}}]})])
    assert events(stream) == [{"id": "SECRET_REF(DEPLOY_TOKEN)", "choices": [{"index": 0, "delta": {"content": "a "}}]}]


def test_what_is_discovered_is_handed_over_with_the_bytes_that_refer_to_it() -> None:
    editor = OpenAi().editor(REDACTOR, EVENT_STREAM, hide_usage=False)
    edited = editor.feed(chunk({"content": f"key {NEW_KEY} "}) + chunk({}, reason="stop"))
    (name,) = edited.discovered
    assert f"SECRET_REF({name})".encode() in edited.data
    assert edited.discovered[name].reveal() == NEW_KEY
    assert editor.findings == 1


def test_a_discovery_is_handed_over_no_later_than_its_reference() -> None:
    editor = OpenAi().editor(REDACTOR, EVENT_STREAM, hide_usage=False)
    known: set[str] = set()
    for data in (chunk({"content": f"key {NEW_KEY} "}), chunk({"content": "and "}), chunk({}, reason="stop")):
        edited = editor.feed(data)
        known |= set(edited.discovered)
        assert b"SECRET_REF(" not in edited.data or known
    assert known


def test_completions_are_texts_too() -> None:
    pieces = [PASSWORD[:5], PASSWORD[5:], " and more"]
    stream = [frame({"id": "c1", "choices": [{"index": 0, "text": piece, "finish_reason": None}]}) for piece in pieces]
    clean = events(passed(OpenAi(), [*stream, DONE]))
    assert "".join(event["choices"][0]["text"] for event in clean) == f"{REF} and more"


def response_event(name: str, **fields: Any) -> bytes:
    return frame({"type": f"response.{name}", "output_index": 0, "item_id": "i1", "sequence_number": 1, **fields})


def test_responses_are_texts_by_item_and_content() -> None:
    half, rest = PASSWORD[:7], PASSWORD[7:]
    stream = [
        frame({"type": "response.created", "response": {"id": "r1", "usage": None}}),
        response_event("output_text.delta", content_index=0, delta=f"a {half}", logprobs=[{"token": half}]),
        response_event("output_text.delta", content_index=1, delta="other"),
        response_event("output_text.delta", content_index=0, delta=rest),
        response_event("output_text.done", content_index=0, text=f"a {PASSWORD}"),
        response_event("function_call_arguments.delta", delta='{"x":1'),
        frame({"type": "response.completed", "response": {"usage": {"input_tokens": 3, "output_tokens": 2}}}),
    ]
    editor = OpenAi().editor(REDACTOR, EVENT_STREAM, hide_usage=True)
    clean = events(editor.feed(b"".join(stream)).data + editor.end().data)
    said: dict[Any, str] = defaultdict(str)
    for event in clean:
        if event["type"].endswith(".delta"):
            said[event["type"], event.get("content_index")] += event["delta"]
    assert said == {
        ("response.output_text.delta", 0): f"a {REF}",
        ("response.output_text.delta", 1): "other",
        ("response.function_call_arguments.delta", None): '{"x":1',
    }
    assert [event["logprobs"] for event in clean if "logprobs" in event] == [[]]
    assert [event["text"] for event in clean if "text" in event] == [f"a {REF}"]
    names = [event["type"] for event in clean]
    assert names.index("response.output_text.done") > names.index("response.output_text.delta")
    assert names[-1] == "response.completed"
    assert editor.usage is not None
    assert editor.usage.input_total == 3


def test_a_chunk_with_a_type_of_its_own_is_still_a_chunk() -> None:
    pieces = [PASSWORD[:5], PASSWORD[5:]]
    stream = [frame({"type": "chunk", "choices": [{"index": 0, "delta": {"content": piece}}]}) for piece in pieces]
    assert texts(passed(OpenAi(), [*stream, DONE])) == {(0, "content"): REF}


def test_usage_is_hidden_only_where_it_stands_alone() -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 1}
    alone, beside = (
        frame({"choices": [], "usage": usage}),
        frame({"choices": [{"index": 0, "delta": {}}], "usage": usage}),
    )
    assert passed(OpenAi(), [beside, alone, DONE], hide_usage=True) == beside + DONE
    assert passed(OpenAi(), [beside, alone, DONE]) == beside + alone + DONE


@pytest.mark.parametrize(
    "data",
    [b"data: {\n\n", b"data: 7\n\n", b'data: {"a": 1, "a": 2}\n\n', b'data: {"a": "\\ud800"}\n\n', b"data: \xff\n\n"],
)
def test_what_cannot_be_read_is_not_passed(data: bytes) -> None:
    with pytest.raises((InputError, UnscannableError)):
        passed(OpenAi(), [data])


@pytest.mark.parametrize("data", [f": {PASSWORD}\n\n", f"event: {TOKEN}\ndata: {{}}\n\n", f"id: {PASSWORD}\n\n"])
def test_a_secret_outside_the_data_ends_the_stream(data: str) -> None:
    with pytest.raises(UnscannableError):
        passed(OpenAi(), [data.encode()])


def test_comments_and_events_of_other_shapes_pass() -> None:
    stream = b': ping\n\nevent: x\ndata: {"choices": 3, "x": [1]}\n\ndata:\n\ndata: {"choices": [7, {"delta": 1}]}\n\n'
    assert passed(OpenAi(), [stream]) == stream


def test_texts_are_bounded() -> None:
    with pytest.raises(LimitError):
        passed(OpenAi(), [chunk({"content": "x"}, index=index) for index in range(TEXTS + 1)])


def block(index: int, pieces: Sequence[str], kind: str, name: str, start: dict[str, Any]) -> list[bytes]:
    deltas = [{"type": "content_block_delta", "index": index, "delta": {"type": kind, name: piece}} for piece in pieces]
    opened = {"type": "content_block_start", "index": index, "content_block": start}
    return [frame(event) for event in (opened, *deltas, {"type": "content_block_stop", "index": index})]


def blocks(stream: bytes) -> dict[int, str]:
    """Put a message together as an SDK does; a delta for a block that is not open is an error there."""
    found: dict[int, str] = {}
    closed: set[int] = set()
    for event in events(stream):
        if event["type"] == "content_block_start":
            found[event["index"]] = event["content_block"].get("text", "")
        elif event["type"] == "content_block_delta":
            assert event["index"] not in closed
            delta = dict(event["delta"])
            delta.pop("type")
            (piece,) = delta.values()
            found[event["index"]] += piece
        elif event["type"] == "content_block_stop":
            closed.add(event["index"])
    return found


def test_anthropic_blocks_are_texts_of_their_own_and_close_in_order() -> None:
    signature = "Zk3x9Qw7Lp2V" * 30
    stream = [
        *block(
            0,
            ["I know ", PASSWORD[:5], PASSWORD[5:]],
            "thinking_delta",
            "thinking",
            {"type": "thinking", "thinking": ""},
        ),
        *block(1, [PASSWORD[5:], " is"], "text_delta", "text", {"type": "text", "text": PASSWORD[:5]}),
        *block(
            2,
            ['{"c":"', TOKEN[:9], TOKEN[9:], '"}'],
            "input_json_delta",
            "partial_json",
            {"type": "tool_use", "id": "t", "name": "n", "input": {}},
        ),
        *block(3, [signature], "signature_delta", "signature", {"type": "thinking"}),
        *block(4, ["new ", "kind"], "novel_delta", "novel", {"type": "novel"}),
        frame({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 4}}),
        frame({"type": "message_stop"}),
    ]
    assert blocks(passed(Anthropic(), stream)) == {
        0: f"I know {REF}",
        1: f"{REF} is",
        2: '{"c":"SECRET_REF(DEPLOY_TOKEN)"}',
        3: signature,
        4: "new kind",
    }


def test_an_anthropic_message_that_ends_early_gives_up_what_it_held() -> None:
    open_block = block(0, ["no end"], "text_delta", "text", {"type": "text", "text": ""})[:-1]
    for last in ({"type": "message_stop"}, {"type": "error", "error": {"type": "overloaded_error", "message": "x"}}):
        stream = passed(Anthropic(), [*open_block, frame(last)])
        assert blocks(stream) == {0: "no end"}
        assert events(stream)[-1] == last


PIECE = st.sampled_from([PASSWORD, TOKEN, PASSWORD[:9], TOKEN[:-2], " ", '"', "a", "é", "word ", "\U0001f600", "\\n"])


@given(
    st.lists(PIECE, max_size=8).map("".join),
    st.lists(st.integers(0, 99), max_size=6),
    st.lists(st.integers(0, 4000), max_size=8),
)
def test_however_a_message_is_cut_its_text_is_the_same(story: str, deltas: list[int], places: list[int]) -> None:
    edges = sorted({0, len(story), *(place % (len(story) + 1) for place in deltas)})
    pieces = [story[start:end] for start, end in pairwise(edges)]
    start = {"type": "text", "text": ""}
    whole = b"".join(block(0, pieces, "text_delta", "text", start))
    cuts = sorted({0, len(whole), *(place % len(whole) for place in places)})
    text = blocks(passed(Anthropic(), [whole[left:right] for left, right in pairwise(cuts)]))[0]
    assert text == blocks(passed(Anthropic(), block(0, [story], "text_delta", "text", start)))[0]
    assert not [secret for secret in SECRETS.values() if secret in text]
