"""The same editor for lines (Ollama) and for messages of a WebSocket (OpenAI realtime)."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.providers.editor import EventEditor
from proxy.providers.framing import Lines, Messages
from proxy.providers.ollama import OllamaShape
from proxy.providers.realtime import RealtimeShape
from safety_core.errors import InputError, LimitError, UnscannableError
from safety_core.wire import lines
from tests.simulators.prompt_world import NEW_KEY, SECRETS, redactor

PASSWORD, TOKEN, _ = SECRETS.values()
REF = "SECRET_REF(DB_PASSWORD)"
REDACTOR = redactor()
ABOUT = {"model": "llama3.2", "created_at": "2026-11-22T08:52:19.385406Z"}
END = {"done_reason": "stop", "done": True, "total_duration": 4883583458, "prompt_eval_count": 26, "eval_count": 282}


def line(**fields: Any) -> bytes:
    return json.dumps({**ABOUT, "done": False, **fields}).encode() + b"\n"


def said(content: str, **fields: Any) -> bytes:
    return line(message={"role": "assistant", "content": content, **fields})


def ollama(chunks: Iterable[bytes]) -> tuple[EventEditor, bytes]:
    editor = EventEditor(REDACTOR, OllamaShape(), Lines())
    return editor, b"".join(editor.feed(chunk).data for chunk in chunks) + editor.end().data


def events(stream: bytes) -> list[Any]:
    return [json.loads(each) for each in stream.splitlines()]


def told(stream: bytes) -> tuple[str, str]:
    messages = [event["message"] for event in events(stream) if "message" in event]
    return "".join(each.get("thinking", "") for each in messages), "".join(each["content"] for each in messages)


def test_a_chat_of_ollama_is_read_as_its_client_reads_it() -> None:
    half, rest = PASSWORD[:7], PASSWORD[7:]
    stream = [said("", thinking=f"I know {half}"), said("", thinking=f"{rest} of it."), said("It is"), said(f" {half}"),
              said(rest), said(", yes")]  # fmt: skip
    editor, left = ollama([*stream, said("", **{}).replace(b'"done": false', json.dumps(END)[1:-1].encode())])
    assert told(left) == (f"I know {REF} of it.", f"It is {REF}, yes")
    assert [event["done"] for event in events(left)].count(True) == 1
    last = events(left)[-1]
    assert (last["done_reason"], last["eval_count"]) == ("stop", 282)
    assert editor.usage is not None
    assert (editor.usage.input_total, editor.usage.output_total) == (26, 282)
    assert (editor.findings, editor.written) == (2, len(f"I know {PASSWORD} of it.It is {PASSWORD}, yes"))


def test_a_tool_call_of_ollama_is_whole_and_redacted_whole() -> None:
    call = {"function": {"name": "connect", "arguments": {"password": PASSWORD, "port": 5432}}}
    _, left = ollama([said("", tool_calls=[call]), line(**END)])
    (first, _last) = events(left)
    assert first["message"]["tool_calls"][0]["function"]["arguments"] == {"password": REF, "port": 5432}


def test_lines_in_which_nothing_changes_stay_byte_for_byte() -> None:
    stream = line(**{"response": "Sure. "}) + b"\n" + b'{ "done" : true }\r\n'
    assert ollama([stream])[1] == stream


def test_what_is_generated_is_redacted_and_its_token_numbers_go_with_a_secret() -> None:
    pieces = [line(response=PASSWORD[:9]), line(response=PASSWORD[9:] + " "), line(response="", context=[1, 2], **END)]
    _, left = ollama(pieces)
    assert "".join(event["response"] for event in events(left)) == f"{REF} "
    assert "context" not in events(left)[-1]
    assert events(ollama([line(response="Yes. "), pieces[-1]])[1])[-1]["context"] == [1, 2]


@pytest.mark.parametrize("last", [b"", b'{"error": "model runner has stopped"}\n', b'{"cut', said("!")[:-1]])
def test_what_was_held_back_comes_as_a_line_of_its_own(last: bytes) -> None:
    _, left = ollama([said("the vK"), last])
    assert told(left)[1].removesuffix("!") == "the vK"
    assert left.count(b"\n") == len(events(left))
    tail = next(event for event in events(left) if event.get("message", {}).get("content", "").startswith("vK"))
    assert (tail["model"], tail["done"], tail["message"]["role"]) == ("llama3.2", False, "assistant")


def test_what_is_no_event_ends_the_stream() -> None:
    for data in (b"7\n", b"\xff\n", b'{"a":1,"a":2}\n'):
        with pytest.raises((InputError, UnscannableError)):
            ollama([data])


@given(st.lists(st.sampled_from([PASSWORD, TOKEN[:-2], TOKEN, " ", "word ", "é", '"']), max_size=6).map("".join),
       st.lists(st.integers(0, 999), max_size=8), st.integers(1, 9))  # fmt: skip
def test_however_lines_are_cut_the_text_is_the_same(story: str, places: list[int], size: int) -> None:
    raw = b"".join(said(story[at : at + size]) for at in range(0, len(story), size)) + line(**END)
    ends = sorted({0, len(raw), *(place % len(raw) for place in places)})
    text = told(ollama([raw[start:end] for start, end in pairwise(ends)])[1])[1]
    assert text == told(ollama([said(story), line(**END)])[1])[1]
    assert not [secret for secret in SECRETS.values() if secret in text]


def realtime(messages: Iterable[dict[str, Any]]) -> list[Any]:
    """Return the messages that leave, one by one."""
    editor = EventEditor(REDACTOR, RealtimeShape(), Messages())
    parts = [part for each in messages for part in editor.feed(json.dumps(each).encode()).parts]
    return [json.loads(part) for part in (*parts, *editor.end().parts)]


def delta(kind: str, text: str, *, response: str = "resp_1", item: str = "item_1", content: int = 0) -> dict[str, Any]:
    return {
        "event_id": f"event_{kind}",
        "type": f"response.{kind}.delta",
        "response_id": response,
        "item_id": item,
        "output_index": 0,
        **({"content_index": content} if kind != "function_call_arguments" else {"call_id": "call_1"}),
        "delta": text,
    }


def done(response: str = "resp_1") -> dict[str, Any]:
    usage = {"total_tokens": 5, "input_tokens": 3, "output_tokens": 2}
    return {"type": "response.done", "response": {"id": response, "status": "completed", "usage": usage}}


def test_realtime_answers_are_texts_by_response_item_and_content() -> None:
    half, rest = PASSWORD[:7], PASSWORD[7:]
    sent = [
        {"type": "response.created", "response": {"id": "resp_1"}},
        delta("text", f"a {half}"),
        delta("text", f"b {half}", content=1),
        delta("text", f"c {half}", response="resp_2"),
        delta("function_call_arguments", f'{{"p":"{half}'),
        delta("output_audio_transcript", f"e {half}"),
        delta("text", rest),
        delta("text", f"{rest} b", content=1),
        delta("text", rest, response="resp_2"),
        delta("function_call_arguments", f'{rest}"}}'),
        delta("output_audio_transcript", "no"),
        {**delta("text", ""), "type": "response.text.done", "text": f"a {PASSWORD}"},
        done(),
        done("resp_2"),
    ]
    left = realtime(sent)
    texts: dict[tuple[Any, ...], str] = defaultdict(str)
    for event in left:
        if event["type"].endswith(".delta"):
            texts[event["type"], event["response_id"], event["item_id"], event.get("content_index")] += event["delta"]
    assert texts == {
        ("response.text.delta", "resp_1", "item_1", 0): f"a {REF}",
        ("response.text.delta", "resp_1", "item_1", 1): f"b {REF} b",
        ("response.text.delta", "resp_2", "item_1", 0): f"c {REF}",
        ("response.function_call_arguments.delta", "resp_1", "item_1", None): f'{{"p":"{REF}"}}',
        ("response.output_audio_transcript.delta", "resp_1", "item_1", 0): f"e {half}no",
    }
    assert [event["text"] for event in left if "text" in event] == [f"a {REF}"]
    assert [event["response"]["id"] for event in left if event["type"] == "response.done"] == ["resp_1", "resp_2"]
    assert left[-1]["type"] == "response.done"


def test_a_response_closes_its_own_texts_and_no_others() -> None:
    left = realtime([delta("text", "one vK"), delta("text", "two vK", response="resp_2"), done()])
    names = [(event["type"], event.get("response_id"), event.get("delta")) for event in left]
    assert names == [
        ("response.text.delta", "resp_1", "one "),
        ("response.text.delta", "resp_2", "two "),
        ("response.text.delta", "resp_1", "vK"),
        ("response.done", None, None),
        ("response.text.delta", "resp_2", "vK"),
    ]


def test_what_was_heard_is_text_too_and_sound_is_not() -> None:
    heard = {"type": "conversation.item.input_audio_transcription.delta", "item_id": "i", "content_index": 0}
    sound = {"type": "response.output_audio.delta", "response_id": "r", "item_id": "i", "delta": "UklGRgAAAAAA" * 9}
    left = realtime([{**heard, "delta": PASSWORD[:8], "logprobs": [{"token": PASSWORD}]}, sound,
                     {**heard, "delta": PASSWORD[8:]}])  # fmt: skip
    assert left[1] == sound
    assert left[0]["logprobs"] is None
    assert "".join(event["delta"] for event in left if event["type"] == heard["type"]) == REF


@pytest.mark.parametrize("end", ["completed", "failed"])
def test_what_was_heard_ends_by_itself(end: str) -> None:
    heard = {"type": "conversation.item.input_audio_transcription.delta", "item_id": "i", "content_index": 0}
    ended = {**heard, "type": f"conversation.item.input_audio_transcription.{end}"}
    left = realtime([{**heard, "delta": f"say {PASSWORD[:6]}"}, ended])
    assert [event.get("delta") for event in left] == ["say ", PASSWORD[:6], None]


def test_what_a_client_says_is_redacted_event_by_event() -> None:
    item = {
        "type": "message",
        "role": "user",
        "content": [{"type": "input_text", "text": f"use {PASSWORD} and {NEW_KEY}"}],
    }
    editor = EventEditor(REDACTOR, RealtimeShape(), Messages())
    edited = editor.feed(json.dumps({"type": "conversation.item.create", "item": item}).encode())
    (name,) = edited.discovered
    (part,) = edited.parts
    assert json.loads(part)["item"]["content"][0]["text"] == f"use {REF} and SECRET_REF({name})"
    plain = b'{ "type": "response.create", "response": {"instructions": "Be brief."}}'
    assert editor.feed(plain).parts == (plain,)


def test_a_message_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "LINE_LIMIT", 5)
    with pytest.raises(LimitError):
        realtime([done()])
