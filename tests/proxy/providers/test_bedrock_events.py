"""Bedrock's events in the editor: however they are cut, whichever model's they are, and what is no event of theirs."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.providers.bedrock import Bedrock
from safety_core.errors import InputError, UnscannableError
from safety_core.flow.dialect import StreamEditor
from safety_core.wire import aws_events
from tests.simulators.bedrock import METRICS, USAGE, chunk, claude_events, event, exception, pieces
from tests.simulators.prompt_world import NEW_KEY, SECRETS, redactor

PASSWORD, TOKEN, _ = SECRETS.values()
REF = "SECRET_REF(DB_PASSWORD)"
REDACTOR = redactor()


def edited(chunks: Iterable[bytes]) -> tuple[StreamEditor, bytes]:
    editor = Bedrock().editor(REDACTOR, aws_events.MEDIA_TYPE, hide_usage=False)
    assert editor is not None
    return editor, b"".join(editor.feed(chunk).data for chunk in chunks) + editor.end().data


def events(stream: bytes) -> list[dict[str, Any]]:
    """Return what boto3 would: an event's type and payload; a model's own event as it is."""
    parser = aws_events.Parser()
    messages = [*parser.feed(stream)]
    parser.end()
    found = []
    for message in messages:
        payload = json.loads(message.payload)
        kind = message.headers.get(":event-type") or message.headers[":exception-type"]
        found.append(json.loads(base64.b64decode(payload["bytes"])) if kind == "chunk" else {kind: payload})
    return found


def delta(index: int = 0, **fields: Any) -> bytes:
    return event("contentBlockDelta", {"delta": fields, "contentBlockIndex": index})


def stop(index: int = 0) -> bytes:
    return event("contentBlockStop", {"contentBlockIndex": index})


def told(stream: bytes, index: int, *path: str) -> str:
    said = ""
    for each in events(stream):
        block = each.get("contentBlockDelta", {})
        value: Any = block.get("delta", {}) if block.get("contentBlockIndex") == index else {}
        for name in path:
            value = value.get(name, {})
        said += value if isinstance(value, str) else ""
    return said


END = [event("messageStop", {"stopReason": "end_turn"}), event("metadata", {"usage": USAGE, "metrics": {}})]


def test_events_in_which_nothing_changes_pass_byte_for_byte() -> None:
    odd = aws_events.written(
        {":message-type": "event", ":event-type": "contentBlockDelta", ":content-type": "application/json"},
        b'{ "contentBlockIndex" : 0,"delta":{"text":"caf\\u00e9 "},"p":"abcdefghijklmnopqrstuvwxyzABCD" }',
    )
    stream = [event("messageStart", {"role": "assistant"}), odd, stop(), *END]
    editor, left = edited(stream)
    assert left == b"".join(stream)
    assert editor.usage is not None
    assert (editor.usage.input_total, editor.usage.output_total) == (30, 7)
    own = [chunk(each) for each in claude_events("Go. ")]
    assert edited(own)[1] == b"".join(own)


@given(st.data())
def test_a_secret_is_found_however_stream_and_text_are_cut(data: st.DataObject) -> None:
    text = f"a {PASSWORD} b {TOKEN}"
    size = data.draw(st.integers(1, len(text)))
    stream = b"".join([*(delta(text=piece) for piece in pieces(text, size)), stop(), *END])
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    _, left = edited(stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True))
    assert told(left, 0, "text") == f"a {REF} b SECRET_REF(DEPLOY_TOKEN)"


def test_texts_of_a_block_do_not_mix_and_what_is_held_back_comes_before_its_end() -> None:
    half, rest = PASSWORD[:7], PASSWORD[7:]
    stream = [
        delta(reasoningContent={"text": f"I know {half}"}),
        delta(1, text=half),
        delta(reasoningContent={"text": rest}),
        delta(reasoningContent={"signature": "c2lnbmVk"}),
        delta(2, toolUse={"input": f'{{"p": "{half}'}),
        delta(1, text=rest),
        delta(2, toolUse={"input": f'{rest}"}}'}),
        delta(3, toolResult=[{"text": half}, {"json": {"a": 1}}]),
        delta(3, toolResult=[{"text": rest}]),
        *(stop(index) for index in range(4)),
        *END,
    ]
    editor, left = edited(stream)
    assert told(left, 0, "reasoningContent", "text") == f"I know {REF}"
    assert told(left, 1, "text") == REF
    assert json.loads(told(left, 2, "toolUse", "input")) == {"p": REF}
    last = {each[name]["contentBlockIndex"]: name for each in events(left) for name in each if "Block" in name}
    assert last == dict.fromkeys(range(4), "contentBlockStop")
    assert editor.findings == 4
    results = [
        each["contentBlockDelta"]["delta"].get("toolResult") for each in events(left) if "contentBlockDelta" in each
    ]
    assert "".join(item.get("text", "") for result in results for item in result or []) == REF


def test_what_a_stream_holds_back_is_sent_at_its_end() -> None:
    _, left = edited([delta(text=f"it is {PASSWORD[:6]}")])
    assert told(left, 0, "text") == f"it is {PASSWORD[:6]}"


def test_what_is_not_a_continued_text_is_scanned_event_by_event() -> None:
    stop_with = event("messageStop", {"stopReason": "end_turn", "additionalModelResponseFields": {"x": [PASSWORD]}})
    start = event(
        "contentBlockStart", {"start": {"toolUse": {"toolUseId": "t1", "name": PASSWORD}}, "contentBlockIndex": 0}
    )
    editor, left = edited([start, stop_with])
    assert PASSWORD not in left.decode("latin-1")
    assert events(left)[1]["messageStop"]["additionalModelResponseFields"] == {"x": [REF]}
    assert editor.findings == 2


def test_a_discovered_secret_is_handed_on() -> None:
    editor = Bedrock().editor(REDACTOR, aws_events.MEDIA_TYPE, hide_usage=False)
    assert editor is not None
    fed = [editor.feed(part) for part in (delta(text=NEW_KEY + " "), stop())]
    assert [value.reveal() for each in fed for value in each.discovered.values()] == [NEW_KEY]


OWN = {
    "titan": (
        [{"outputText": "@", "index": 0, "completionReason": None, "inputTextTokenCount": 30}],
        [{"outputText": "", "index": 0, "completionReason": "FINISH"}],
        lambda each: each.get("outputText", ""),
    ),
    "llama": (
        [{"generation": "@", "prompt_token_count": 30, "stop_reason": None}],
        [{"generation": "", "generation_token_count": 7, "stop_reason": "stop"}],
        lambda each: each.get("generation", ""),
    ),
    "mistral": (
        [{"outputs": [{"text": "@", "stop_reason": None}]}],
        [{"outputs": [{"text": "", "stop_reason": "stop"}]}],
        lambda each: each["outputs"][0]["text"] if each.get("outputs") else "",
    ),
    "chat": (
        [{"choices": [{"index": 1, "delta": {"content": "@"}, "logprobs": {"content": ["@"]}}]}],
        [{"choices": [{"index": 1, "delta": {}, "finish_reason": "stop"}]}],
        lambda each: each["choices"][0]["delta"].get("content", "") if each.get("choices") else "",
    ),
    "cohere": (
        [{"event_type": "text-generation", "text": "@", "is_finished": False}],
        [{"event_type": "stream-end", "is_finished": True, "response": {"text": "@"}}],
        lambda each: each.get("text", ""),
    ),
    "cohere 2": (
        [{"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": "@"}}}}],
        [{"type": "content-end", "index": 0}, {"type": "message-end", "delta": {"finish_reason": "COMPLETE"}}],
        lambda each: each.get("delta", {}).get("message", {}).get("content", {}).get("text", ""),
    ),
    "nova": (
        [{"contentBlockDelta": {"delta": {"text": "@"}, "contentBlockIndex": 0}}],
        [{"contentBlockStop": {"contentBlockIndex": 0}}, {"metadata": {"usage": USAGE}}],
        lambda each: each.get("contentBlockDelta", {}).get("delta", {}).get("text", ""),
    ),
}  # fmt: skip


@pytest.mark.parametrize("model", OWN)
@pytest.mark.parametrize("ending", ["", " and so on"])
def test_each_models_own_events_are_read_as_its_clients_read_them(model: str, ending: str) -> None:
    sample, last, said = OWN[model]
    form = json.dumps(sample[0])
    text = f"one {PASSWORD}{ending}"
    own = [json.loads(form.replace("@", piece)) for piece in pieces(text, 5)]
    last = json.loads(json.dumps(last).replace("@", text))
    final = {**last[-1], "amazon-bedrock-invocationMetrics": METRICS}
    editor, left = edited(chunk(each) for each in [*own, *last[:-1], final])
    assert "".join(said(each) for each in events(left)) == f"one {REF}{ending}"
    assert PASSWORD not in json.dumps(events(left))
    assert events(left)[-1].keys() == final.keys()
    assert editor.usage is not None
    assert (editor.usage.input_total, editor.usage.output_total) == (30, 7)


def test_log_probabilities_go_with_what_they_spell() -> None:
    choice = {"index": 0, "delta": {"content": PASSWORD + " "}, "logprobs": {"content": [*PASSWORD]}}
    _, left = edited(
        [chunk({"choices": [choice]}), chunk({"choices": [], "amazon-bedrock-invocationMetrics": METRICS})]
    )
    assert events(left)[0]["choices"][0]["logprobs"] is None


def test_what_stands_beside_a_models_own_event_stays_and_is_looked_at() -> None:
    inner = base64.b64encode(json.dumps({"generation": PASSWORD + " ", "stop_reason": "stop"}).encode()).decode()
    (message,) = aws_events.Parser().feed(edited([event("chunk", {"bytes": inner, "more": 1})])[1])
    payload = json.loads(message.payload)
    assert (payload["p"], payload["more"]) == ("abcdefgh", 1)
    with pytest.raises(UnscannableError, match="outside its data"):
        edited([event("chunk", {"bytes": inner, "more": PASSWORD})])
    with pytest.raises(UnscannableError, match="outside its data"):
        edited([aws_events.written({":message-type": "error", ":error-message": PASSWORD}, b"")])


def test_an_exception_ends_all_texts() -> None:
    _, left = edited([delta(text=f"it is {PASSWORD[:6]}"), exception("modelTimeoutException", f"of {PASSWORD}")])
    assert told(left, 0, "text") == f"it is {PASSWORD[:6]}"
    assert events(left)[-1] == {"modelTimeoutException": {"message": f"of {REF}"}}
    _, left = edited([exception("throttlingException", "wait")])
    assert left == exception("throttlingException", "wait")


def test_a_message_without_a_payload_passes() -> None:
    error = aws_events.written({":message-type": "error", ":error-code": "500", ":error-message": "no"}, b"")
    assert edited([error])[1] == error


@pytest.mark.parametrize(
    "broken",
    [
        event("chunk", {"bytes": "%%%"}),
        event("chunk", {"bytes": base64.b64encode(b"\xff").decode()}),
        event("chunk", {"bytes": base64.b64encode(b"[]").decode()}),
        aws_events.written({":message-type": "event", ":event-type": "metadata"}, b'{"a":1},"b":{"c":1}'),
        aws_events.written({":message-type": "event", ":event-type": "metadata"}, b"\xff"),
        aws_events.written({":message-type": "event", ":event-type": "chunk"}, b'{"bytes":"e30=","bytes":"e30="}'),
    ],
)
def test_what_is_no_event_ends_the_stream(broken: bytes) -> None:
    with pytest.raises((InputError, UnscannableError)):
        edited([broken])


def test_a_stream_that_was_cut_off_is_not_complete() -> None:
    with pytest.raises(InputError, match="cut off"):
        edited([delta(text="hello")[:-1]])


def test_other_media_types_are_no_stream() -> None:
    assert Bedrock().editor(REDACTOR, "application/json", hide_usage=False) is None


def test_log_probabilities_of_a_whole_answer_are_forgotten() -> None:
    body = json.dumps({"choices": [{"message": {"content": "x"}, "logprobs": {"content": ["x"]}}]}).encode()
    assert json.loads(Bedrock().forget(body))["choices"][0]["logprobs"] is None
