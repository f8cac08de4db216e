"""Streams of Gemini, Cohere, Mistral and Ollama: what a client reads of them is the same however their bytes are cut,
and holds no secret.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.providers.dialects import part_of
from safety_core.errors import InputError, LimitError, SafetyError
from safety_core.flow.dialect import StreamEditor
from safety_core.wire.lines import LINE_LIMIT
from tests.simulators.prompt_world import NEW_KEY, SECRETS, redactor

PASSWORD, TOKEN, _ = SECRETS.values()
REF, TOKEN_REF = "SECRET_REF(DB_PASSWORD)", "SECRET_REF(DEPLOY_TOKEN)"
REDACTOR = redactor()
SSE, ARRAY, NDJSON = "text/event-stream", "application/json", "application/x-ndjson"
GEMINI = "/v1beta/models/m:streamGenerateContent"


def editor(provider: str, path: str, media_type: str) -> StreamEditor:
    api = part_of(provider, "POST", path)
    assert api is not None
    made = api.editor(REDACTOR, media_type, hide_usage=False)
    assert made is not None
    return made


def passed(made: StreamEditor, chunks: Iterable[bytes]) -> bytes:
    return b"".join(made.feed(chunk).data for chunk in chunks) + made.end().data


def sse(*events: Any) -> bytes:
    names = [f"event: {event['type']}\n" if "type" in event else "" for event in events]
    return "".join(f"{name}data: {json.dumps(e)}\n\n" for name, e in zip(names, events, strict=True)).encode()


def array(*events: Any) -> bytes:
    return b"[" + b"\n,\r\n".join(json.dumps(event, indent=2).encode() for event in events) + b"\n]\n"


def read(stream: bytes) -> list[Any]:
    if stream[:1] == b"[":
        return list(json.loads(stream))
    lines = [line.removeprefix(b"data: ") for line in stream.splitlines()]
    return [json.loads(line) for line in lines if line.startswith(b"{")]


def part(*parts: Any, **more: Any) -> Any:
    return {"candidates": [{"content": {"parts": [*parts], "role": "model"}, "index": 0, **more}], "modelVersion": "m"}


def text(said: str, **more: Any) -> Any:
    return {"text": said, **more}


HALF, REST = PASSWORD[:7], PASSWORD[7:]
COUNTS = {"promptTokenCount": 9, "candidatesTokenCount": 4, "thoughtsTokenCount": 2, "totalTokenCount": 15}
ANSWER = [
    part(text("I know ", thought=True)),
    part(text(HALF, thought=True)),
    part(text(f"{REST}.", thought=True), text("It is ")),
    part(text(HALF)),
    part({"functionCall": {"name": "connect", "args": {"password": PASSWORD, "note": "é ✓"}}}),
    part(text(f"{REST} and {NEW_KEY[:9]}")),
    {**part(text(NEW_KEY[9:]), finishReason="STOP"), "usageMetadata": COUNTS},
]


def told(events: Sequence[Any]) -> tuple[str, str]:
    """Return what a model thought and what it said."""
    parts = [each for event in events for one in event["candidates"] for each in one["content"]["parts"]]
    thought = "".join(each["text"] for each in parts if each.get("thought"))
    return thought, "".join(each["text"] for each in parts if "text" in each and not each.get("thought"))


def cuts(data: bytes, places: Iterable[int]) -> list[bytes]:
    ends = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[start:end] for start, end in pairwise(ends)]


@pytest.mark.parametrize(("wrapped", "media_type"), [(sse, SSE), (array, ARRAY)])
@given(places=st.lists(st.integers(0, 10_000), max_size=40))
def test_a_stream_of_gemini_s_is_the_same_however_it_is_cut(wrapped: Any, media_type: str, places: list[int]) -> None:
    made = editor("gemini", GEMINI, media_type)
    left = passed(made, cuts(wrapped(*ANSWER), places))
    events = read(left)
    thought, said = told(events)
    assert thought == f"I know {REF}."
    assert said.startswith(f"It is {REF} and SECRET_REF(")
    assert PASSWORD.encode() not in left
    assert NEW_KEY.encode() not in left
    calls = [
        each["functionCall"]
        for event in events
        for each in event["candidates"][0]["content"]["parts"]
        if "functionCall" in each
    ]
    assert calls == [{"name": "connect", "args": {"password": REF, "note": "é ✓"}}]
    assert events[-1]["candidates"][0]["finishReason"] == "STOP"
    assert made.usage is not None
    assert (made.usage.input_total, made.usage.output_total, made.usage.reasoning) == (9, 6, 2)


def test_two_pieces_of_one_text_in_its_last_event_are_one_text() -> None:
    last = part(text(f"x {HALF}"), text(REST), finishReason="STOP")
    left = passed(editor("gemini", GEMINI, SSE), [sse(last)])
    assert told(read(left)) == ("", f"x {REF}")


def test_what_gemini_holds_back_when_it_ends_without_a_text_comes_before_the_end() -> None:
    end = {"candidates": [{"finishReason": "STOP", "index": 0}]}
    for wrapped, media_type in ((sse, SSE), (array, ARRAY)):
        stream = wrapped(part(text(f"it is {HALF}")), part(text("so ", thought=True)), end)
        events = read(passed(editor("gemini", GEMINI, media_type), [stream]))
        assert told(events[:-1]) == ("so ", f"it is {HALF}")
        assert events[-1] == end


def test_an_answer_that_just_stops_keeps_what_was_held_back() -> None:
    events = read(passed(editor("gemini", GEMINI, SSE), [sse(part(text(f"it is {HALF}")))]))
    assert told(events) == ("", f"it is {HALF}")
    assert events[-1]["modelVersion"] == "m"


def test_what_would_tell_a_changed_text_again_goes_with_it() -> None:
    grounds = {"webSearchQueries": ["q"], "groundingSupports": [{"segment": {"text": HALF}}]}
    more = {"citationMetadata": {"citationSources": [{}]}, "logprobsResult": {"chosenCandidates": [{"token": HALF}]}}
    event = part(text(PASSWORD), finishReason="STOP", groundingMetadata=grounds, **more)
    (left,) = read(passed(editor("gemini", GEMINI, SSE), [sse(event)]))
    assert left == part(text(REF), finishReason="STOP", groundingMetadata={"webSearchQueries": ["q"]})
    other = part(text("plain."), finishReason="STOP", groundingMetadata=grounds, **more)
    assert passed(editor("gemini", GEMINI, SSE), [sse(other)]) == sse(other)


def test_events_of_gemini_s_without_candidates_pass() -> None:
    for event in (
        {"promptFeedback": {"blockReason": "SAFETY"}},
        {"candidates": "none"},
        {"candidates": [3, {"content": "x"}, {"content": {"parts": [4, {"inlineData": {"data": "AAAA"}}]}}]},
        {"error": {"code": 503, "message": "overloaded"}},
    ):
        assert passed(editor("gemini", GEMINI, SSE), [sse(event)]) == sse(event)


@given(places=st.lists(st.integers(0, 10_000), max_size=40))
def test_an_array_in_which_nothing_changes_passes_byte_for_byte(places: list[int]) -> None:
    event = b'{"candidates":[{"content":{"parts":[{"text":"one two."}]}}]}'
    odd = b' [ {"a" : "\\"}][{\\\\", "b":[1, {}]}\r\n , ' + event + b"\n]\n\n"
    assert passed(editor("gemini", GEMINI, ARRAY), cuts(odd, places)) == odd


@pytest.mark.parametrize("raw", [b"[]", b" [\n]", b"", b'{"error": {"code": 400}}', b"[{}]"])
def test_an_array_of_nothing_and_an_object_in_its_place_pass(raw: bytes) -> None:
    assert passed(editor("gemini", GEMINI, ARRAY), [raw]) == raw


@pytest.mark.parametrize(
    "raw",
    [
        b'["text"]',
        b"text",
        b"[1, 2]",
        b'[{}, "text"]',
        b"[{}] text",
        b'[{"a": 1',
        b"[{}x{}]",
        b'[{"a":"\xff"}]',
        b"[{,}]",
    ],
)
def test_what_is_no_array_of_objects_ends_the_stream(raw: bytes) -> None:
    with pytest.raises(SafetyError):
        passed(editor("gemini", GEMINI, ARRAY), [raw])


def test_an_element_without_an_end_is_not_kept_for_ever() -> None:
    made = editor("gemini", GEMINI, ARRAY)
    made.feed(b'[{"a": "')
    with pytest.raises(LimitError):
        made.feed(b"x" * (LINE_LIMIT + 1))


def test_an_array_that_goes_wrong_ends_in_an_error_and_is_an_array_still() -> None:
    made = editor("gemini", GEMINI, ARRAY)
    before = made.failed("because")
    assert before is not None
    assert json.loads(before) == [{"error": {"code": 502, "message": "because", "status": "UNAVAILABLE"}}]
    begun = made.feed(b'[{"a": 1}').data
    after = made.failed("because")
    assert after is not None
    assert [*json.loads(begun + after)[-1]] == ["error"]
    assert editor("gemini", GEMINI, SSE).failed("because") is None


def content(said: str, index: int = 0, name: str = "text") -> Any:
    return {"type": "content-delta", "index": index, "delta": {"message": {"content": {name: said}}}}


def arguments(piece: str, index: int = 0) -> Any:
    delta = {"message": {"tool_calls": {"function": {"arguments": piece}}}}
    return {"type": "tool-call-delta", "index": index, "delta": delta}


def plan(piece: str) -> Any:
    return {"type": "tool-plan-delta", "delta": {"message": {"tool_plan": piece}}}


CALL = json.dumps({"password": PASSWORD})
BEGUN = {"id": "t1", "type": "function", "function": {"name": "connect", "arguments": ""}}
COHERE = [
    {"type": "message-start", "id": "c1", "delta": {"message": {"role": "assistant", "content": [], "tool_plan": ""}}},
    plan("I use "),
    plan(HALF),
    plan(f"{REST} now"),
    {"type": "tool-call-start", "index": 0, "delta": {"message": {"tool_calls": BEGUN}}},
    arguments(CALL[:19]),
    arguments(CALL[19:]),
    {"type": "tool-call-end", "index": 0},
    {"type": "content-start", "index": 0, "delta": {"message": {"content": {"type": "thinking", "thinking": ""}}}},
    content(f"so {HALF}", 0, "thinking"),
    content(REST, 0, "thinking"),
    {"type": "content-end", "index": 0},
    {"type": "content-start", "index": 1, "delta": {"message": {"content": {"type": "text", "text": ""}}}},
    content(f"It is {HALF}", 1),
    {**content(REST, 1), "logprobs": {"text": REST, "token_ids": [1, 2]}},
    {"type": "content-end", "index": 1},
    {
        "type": "message-end",
        "delta": {
            "finish_reason": "TOOL_CALL",
            "usage": {"billed_units": {"input_tokens": 3}, "tokens": {"input_tokens": 9, "output_tokens": 4}},
        },
    },
]


@given(places=st.lists(st.integers(0, 10_000), max_size=40))
def test_a_stream_of_cohere_s_is_the_same_however_it_is_cut(places: list[int]) -> None:
    made = editor("cohere", "/v2/chat", SSE)
    left = passed(made, cuts(sse(*COHERE), places))
    found: dict[str, str] = {}
    for event in read(left):
        message = (event.get("delta") or {}).get("message") or {}
        contents, calls = message.get("content") or {}, message.get("tool_calls") or {}
        texts = {**contents, "plan": message.get("tool_plan", ""), **calls.get("function", {})}
        for name, piece in texts.items():
            found[name] = found.get(name, "") + str(piece)
    assert found["plan"] == f"I use {REF} now"
    assert json.loads(found["arguments"]) == {"password": REF}
    assert (found["thinking"], found["text"]) == (f"so {REF}", f"It is {REF}")
    assert HALF.encode() not in left
    assert b"token_ids" not in left
    assert read(left)[-1] == COHERE[-1]
    assert made.usage is not None
    assert (made.usage.input_total, made.usage.output_total) == (9, 4)


def test_what_cohere_holds_back_comes_as_one_more_piece_of_its_own_kind() -> None:
    stream = [
        plan(f"plan {HALF}"),
        {"type": "tool-call-start", "index": 2, "delta": {"message": {"tool_calls": BEGUN}}},
        arguments(f'"{HALF}', 2),
        {"type": "tool-call-end", "index": 2},
        content(f"x {HALF}"),
        {"type": "content-end", "index": 0},
        {"type": "citation-start", "index": 0, "delta": {"message": {"citations": {"text": "x"}}}},
        {"type": "message-end"},
    ]
    events = read(passed(editor("cohere", "/v2/chat", SSE), [sse(*stream)]))
    kinds = [event["type"] for event in events]
    assert kinds.index("tool-call-start") > max(at for at, kind in enumerate(kinds) if kind == "tool-plan-delta")
    told = [event["delta"]["message"] for event in events if event["type"].endswith("-delta")]
    assert "".join(one.get("tool_plan", "") for one in told) == f"plan {HALF}"
    assert "".join(one["tool_calls"]["function"]["arguments"] for one in told if "tool_calls" in one) == f'"{HALF}'
    assert "".join(one["content"]["text"] for one in told if "content" in one) == f"x {HALF}"
    assert {event["index"] for event in events if event["type"] == "tool-call-delta"} == {2}


def chunk(delta: Any, reason: str | None = None) -> Any:
    return {"id": "c1", "model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}


def thinking(piece: str) -> Any:
    return chunk({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": piece}]}]})


def test_what_mistral_thinks_is_one_text_and_its_end_says_what_it_is() -> None:
    counts = {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}
    stream = [thinking(f"so {HALF}"), thinking(f"{REST} {HALF}"), {**chunk({"content": ""}, "stop"), "usage": counts}]
    made = editor("mistral", "/v1/chat/completions", SSE)
    events = read(passed(made, [sse(*stream)]))
    blocks = [block for event in events for block in event["choices"][0]["delta"]["content"] or []]
    assert {block["type"] for block in blocks} == {"thinking"}
    assert {item["type"] for block in blocks for item in block["thinking"]} == {"text"}
    assert "".join(item["text"] for block in blocks for item in block["thinking"]) == f"so {REF} {HALF}"
    assert not any("index" in block for block in blocks)
    assert made.usage is not None
    assert made.usage.output_total == 4


def test_a_tail_of_mistral_s_calls_keeps_their_index() -> None:
    call = {"tool_calls": [{"index": 1, "id": "t", "function": {"name": "f", "arguments": f'"{HALF}'}}]}
    events = read(passed(editor("mistral", "/v1/chat/completions", SSE), [sse(chunk(call), chunk({}, "stop"))]))
    calls = [each for event in events for each in event["choices"][0]["delta"].get("tool_calls", [])]
    assert {each["index"] for each in calls} == {1}
    assert "".join(each["function"]["arguments"] for each in calls) == f'"{HALF}'


@given(places=st.lists(st.integers(0, 10_000), max_size=40))
def test_a_stream_of_ollama_s_is_the_same_however_it_is_cut(places: list[int]) -> None:
    said = [f"It is {HALF}", REST, " é."]
    lines = [{"model": "m", "message": {"role": "assistant", "content": piece}, "done": False} for piece in said]
    end = {
        "model": "m",
        "message": {"role": "assistant", "content": ""},
        "done": True,
        "eval_count": 4,
        "prompt_eval_count": 9,
    }
    data = b"".join(json.dumps(each).encode() + b"\n" for each in [*lines, end])
    made = editor("ollama", "/api/chat", NDJSON)
    events = read(passed(made, cuts(data, places)))
    assert "".join(event["message"]["content"] for event in events) == f"It is {REF} é."
    assert made.usage is not None
    assert (made.usage.input_total, made.usage.output_total) == (9, 4)


def test_each_part_of_a_provider_has_streams_of_its_own() -> None:
    for provider, path, media_type in (
        ("gemini", "/v1beta/models/m:generateContent", ARRAY),
        ("ollama", "/api/chat", SSE),
        ("ollama", "/v1/chat/completions", NDJSON),
        ("cohere", "/v2/chat", ARRAY),
        ("anthropic", "/v1/messages", ARRAY),
    ):
        api = part_of(provider, "POST", path)
        assert api is not None
        assert api.editor(REDACTOR, media_type, hide_usage=False) is None


def test_what_is_cut_off_within_an_element_is_an_error() -> None:
    made = editor("gemini", GEMINI, ARRAY)
    made.feed(b'[{"a": 1}, {"b"')
    with pytest.raises(InputError, match="within an element"):
        made.end()
