"""The results of a batch: redacted line by line, and each answer's usage told once."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.providers.dialects import DIALECTS
from proxy.providers.request import BATCH_MODELS, read_request
from safety_core.cli.demo.model import Reply
from safety_core.errors import InputError
from safety_core.flow.dialect import Operation, Purpose, Stated
from safety_core.flow.tool_results import ToolResult
from safety_core.meter.counts import MOST
from safety_core.meter.estimate import ANSWER_TOKENS
from safety_core.model.usage import Usage
from tests.proxy.egress.setting import egress
from tests.simulators.prompt_world import SECRETS, redactor

PASSWORD, _, _ = SECRETS.values()
ANTHROPIC = DIALECTS["anthropic"]
BATCH = Operation(Purpose.BATCH)


def line(name: str, said: str, output: int = 3) -> bytes:
    usage = {"input_tokens": 5, "output_tokens": output, "cache_read_input_tokens": 2}
    message = {"id": f"msg_{name}", "model": "m-1", "content": [{"type": "text", "text": said}], "usage": usage}
    return json.dumps({"custom_id": name, "result": {"type": "succeeded", "message": message}}).encode() + b"\n"


FAILED = b'{"custom_id":"c","result":{"type":"errored","error":{"type":"invalid_request"}}}\n'
RESULTS = line("a", f"it is {PASSWORD}") + FAILED + line("b", "nothing.", 7)


@given(st.lists(st.integers(0, 2000), max_size=20))
def test_results_are_the_same_however_they_are_cut(places: list[int]) -> None:
    editor = ANTHROPIC.editor(redactor(), "application/x-jsonl", hide_usage=False)
    assert editor is not None
    ends = sorted({0, len(RESULTS), *(place % len(RESULTS) for place in places)})
    edits = [editor.feed(RESULTS[start:end]) for start, end in pairwise(ends)] + [editor.end()]
    left = b"".join(edit.data for edit in edits).splitlines(keepends=True)
    assert json.loads(left[0])["result"]["message"]["content"][0]["text"] == "it is SECRET_REF(DB_PASSWORD)"
    assert left[1:] == [FAILED, line("b", "nothing.", 7)]
    assert [one for edit in edits for one in edit.stated] == [
        Stated("a", "m-1", Usage(7, 3, cache_read=2, mode="batch")),
        Stated("b", "m-1", Usage(7, 7, cache_read=2, mode="batch")),
    ]
    failed = editor.failed("because")
    assert failed is not None
    assert json.loads(failed)["error"]["message"] == "because"


@pytest.mark.parametrize("odd", [b"{}\n", b'{"result":{"message":{"usage":{"input_tokens":1}}}}\n', FAILED])
def test_a_line_that_tells_no_usage_states_none(odd: bytes) -> None:
    editor = ANTHROPIC.editor(redactor(), "application/x-jsonl", hide_usage=False)
    assert editor is not None
    edit = editor.feed(odd)
    assert (edit.data, edit.stated) == (odd, ())


async def test_results_are_booked_under_the_same_ids_however_often_they_are_fetched() -> None:
    reply = Reply(headers=(("content-type", "application/x-jsonl"),), chunks=[RESULTS[:50], RESULTS[50:]])
    async with egress(lambda _: reply) as setting, setting.client() as client:
        for path in ("b1", "b1", "b2"):
            answer = await client.get(f"/anthropic/v1/messages/batches/{path}/results")
            assert PASSWORD not in answer.text
            assert answer.text.count("\n") == 3
        booked = [(meter.request, meter.model, meter.usage.output_total) for meter in setting.books.metered]
        assert booked[:2] == booked[2:4]
        assert len({request for request, _, _ in booked}) == 4
        assert [model_and_output[1:] for model_and_output in booked] == [("m-1", 3), ("m-1", 7)] * 3


def batch(*turns: Any) -> bytes:
    return json.dumps({"requests": [{"custom_id": str(at), "params": turn} for at, turn in enumerate(turns)]}).encode()


def test_a_batch_is_read_whole() -> None:
    told = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "x"}]}
    body = batch(
        {"model": "m-1", "max_tokens": 5, "messages": []}, {"model": "m-2", "max_tokens": 7, "messages": [told]}
    )
    prepared = ANTHROPIC.prepare(body, BATCH)
    assert (prepared.body, prepared.model, prepared.most_output) == (body, "m-1", 12)
    assert prepared.others == ("m-2",)
    assert prepared.results == (ToolResult("t1", "x"),)
    short = {"model": "m", "max_tokens": 5, "messages": []}
    prepared = ANTHROPIC.prepare(batch(short, {"model": "m", "messages": []}, short), BATCH)
    assert prepared.most_output == 10 + ANSWER_TOKENS, "one that does not say it makes the others no shorter"


def test_a_batch_asks_a_bounded_number_of_models() -> None:
    turns = [{"model": f"m-{number}", "messages": []} for number in range(BATCH_MODELS)]
    assert len(ANTHROPIC.prepare(batch(*turns, *turns), BATCH).others) == BATCH_MODELS - 1
    with pytest.raises(InputError, match="asks more than 50 models"):
        ANTHROPIC.prepare(batch(*turns, {"model": "one more"}), BATCH)


@pytest.mark.parametrize(
    "body", [b"{}", b'{"requests":[]}', b'{"requests":{}}', b'{"requests":[3]}', batch({}), batch({"model": 3})]
)
def test_what_is_no_batch_is_refused(body: bytes) -> None:
    with pytest.raises(InputError):
        ANTHROPIC.prepare(body, BATCH)


async def test_a_batch_is_sent_redacted_and_not_booked_yet() -> None:
    async with (
        egress(lambda _: Reply(chunks=[b'{"id":"b1","type":"message_batch"}'])) as setting,
        setting.client() as client,
    ):
        body = batch({"model": "m-1", "max_tokens": 5, "messages": [{"role": "user", "content": PASSWORD}]})
        answer = await client.post("/anthropic/v1/messages/batches", content=body)
        assert answer.json()["id"] == "b1"
        assert PASSWORD.encode() not in setting.model.requests[0].body
        assert setting.books.metered == []


@pytest.mark.parametrize(
    ("fields", "most"),
    [
        ({"max_tokens": 5}, 5),
        ({"max_tokens": 5, "max_completion_tokens": 9}, 9),
        ({"max_tokens": 5, "n": 4}, 20),
        ({"max_tokens": 5, "n": 2, "best_of": 3}, 15),
        ({"generationConfig": {"maxOutputTokens": 7, "candidateCount": 2}}, 14),
        ({"options": {"num_predict": -1}}, None),
        ({"max_tokens": True, "n": 3}, 3 * ANSWER_TOKENS),
        ({"prompt": ["a", "b", "c"], "max_tokens": 5, "n": 2}, 30),
        ({"prompt": [[1, 2], [3]]}, 2 * ANSWER_TOKENS),
        ({"prompt": [1, 2, 3], "max_tokens": 5}, 5),
        ({"prompt": [], "max_tokens": 5}, 5),
        ({"prompt": "a"}, None),
        ({"max_tokens": 100000.0}, 100000),
        ({"max_tokens": "100000", "n": "2"}, 200000),
        ({"max_tokens": 0.5}, 1),
        ({"max_tokens": 2**63, "n": 2**63}, MOST),
        ({"max_tokens": 1e308}, MOST),
        ({"max_tokens": "9" * 19}, None),
        ({"max_tokens": [5]}, None),
        ({"Max_Tokens": 5}, 5),
        ({"generationConfig": {"max_output_tokens": 7, "candidate_count": 2}}, 14),
        ({"generation_config": {"maxOutputTokens": 7}}, 7),
        ({"OPTIONS": {"Num_Predict": 7}}, 7),
        ({"inferenceConfig": {"max_new_tokens": 7}}, 7),
    ],
)
def test_how_long_all_answers_together_may_be_is_what_the_request_says(fields: Any, most: int | None) -> None:
    body = json.dumps({"model": "m", "messages": [], **fields}).encode()
    assert read_request(body, Operation(Purpose.TURN)).plain.most_output == most


@pytest.mark.parametrize(
    ("fields", "others"),
    [
        ({"models": ["m", "dear", "dear", "cheap"]}, ("dear", "cheap")),
        ({"fallbacks": ["a", {"model": "b"}]}, ("a", "b")),
        ({"models": {"a": 1}, "fallbacks": None}, ()),
    ],
)
def test_models_that_may_answer_in_place_of_the_one_are_known(fields: Any, others: tuple[str, ...]) -> None:
    body = json.dumps({"model": "m", "messages": [], **fields}).encode()
    assert DIALECTS["openrouter"].prepare(body, Operation(Purpose.TURN)).others == others


@pytest.mark.parametrize("listed", [[3], [{"m": ["a"]}], [""], ["m"] * (BATCH_MODELS + 1)])
def test_models_that_cannot_be_told_are_refused(listed: Any) -> None:
    with pytest.raises(InputError):
        read_request(json.dumps({"model": "m", "models": listed}).encode(), Operation(Purpose.TURN))


@pytest.mark.parametrize(("said", "later"), [({}, False), ({"background": False}, False), ({"background": 1}, True)])
def test_a_request_says_whether_it_is_answered_in_the_background(said: Any, later: bool) -> None:
    body = json.dumps({"model": "m", "input": "x", **said}).encode()
    assert DIALECTS["openai"].prepare(body, Operation(Purpose.TURN)).later is later


@pytest.mark.parametrize(("stream", "asked"), [(True, True), (1, True), ("true", True), (False, False), (None, False)])
def test_a_stream_is_asked_for_its_usage_however_it_is_asked_for(stream: Any, asked: bool) -> None:
    body = json.dumps({"model": "m", "messages": [], "stream": stream}).encode()
    assert (b"include_usage" in DIALECTS["compatible"].prepare(body, Operation(Purpose.TURN)).body) is asked
