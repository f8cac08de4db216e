"""Requests and errors in each API's own shape."""

from __future__ import annotations

import json

import pytest

from proxy.providers.dialects import DIALECTS
from safety_core.errors import InputError
from safety_core.flow.dialect import Operation, Purpose

TURN = Operation(Purpose.TURN)


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"{}", b'{"model":""}', b'{"model":7}', b'{"model":"%s"}' % (b"m" * 201), b'{"model":"a\\nb"}'],
)
def test_what_names_no_model_is_no_request(dialect: object, body: bytes) -> None:
    with pytest.raises(InputError):
        dialect.prepare(body, TURN)  # type: ignore[attr-defined]


@pytest.mark.parametrize("status", [400, 401, 404, 405, 413, 424, 502, 503])
def test_errors_have_the_shape_that_sdks_read(status: int) -> None:
    error = json.loads(DIALECTS["openai"].error(status, "because"))["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["message"] == "because"
    other = json.loads(DIALECTS["anthropic"].error(status, "because"))
    assert (other["type"], other["error"]["message"]) == ("error", "because")


def test_log_probabilities_are_forgotten_and_nothing_else() -> None:
    openai = DIALECTS["openai"]
    spelled = {"content": [{"token": "a"}]}
    body = {
        "choices": [{"message": {"content": "a"}, "logprobs": spelled}],
        "output": [{"content": [{"logprobs": [1]}]}],
    }
    assert json.loads(openai.forget(json.dumps(body).encode())) == {
        "choices": [{"message": {"content": "a"}, "logprobs": None}],
        "output": [{"content": [{"logprobs": []}]}],
    }
    for same in (b'{"a": 1}', b'"logprobs" is no JSON'):
        assert openai.forget(same) is same
        assert DIALECTS["anthropic"].forget(same) is same


def test_an_error_in_a_stream_is_one_frame() -> None:
    for name, dialect in DIALECTS.items():
        frame = dialect.error_event("a\nb")
        if name in {"bedrock", "ollama"}:  # not server-sent events
            continue
        assert frame.endswith(b"\n\n")
        assert frame.count(b"data: ") == 1
        assert "a\nb" in frame.decode().replace("\\n", "\n")


def test_a_whole_response_s_usage() -> None:
    for dialect in DIALECTS.values():
        usage = dialect.usage({"usage": {"input_tokens": 3, "output_tokens": 2}})
        assert usage is not None
        assert usage.output_total == 2
        assert dialect.usage(None) is None


@pytest.mark.parametrize("name", ["Model", "MESSAGES", "Stream", "streamOptions", "Background", "toolResults"])
def test_a_name_that_only_a_lenient_reader_knows_is_refused(name: str) -> None:
    body = {"model": "cheap", "messages": [], name: "dear"}
    with pytest.raises(InputError, match="in another way"):
        DIALECTS["ollama"].prepare(json.dumps(body).encode(), TURN)
    batch = {"requests": [{"custom_id": "a", "params": body}]}
    with pytest.raises(InputError, match="in another way"):
        DIALECTS["anthropic"].prepare(json.dumps(batch).encode(), Operation(Purpose.BATCH))
