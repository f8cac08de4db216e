"""How a request was processed is what the provider says, wherever it says it."""

from __future__ import annotations

import pytest

from safety_core.canonical import Json
from safety_core.meter.mode import mode_of
from safety_core.meter.recorded import usage_of


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"service_tier": "priority", "usage": {"prompt_tokens": 1}}, "priority"),
        ({"type": "response.completed", "response": {"service_tier": "flex"}}, "flex"),
        ({"usage": {"service_tier": "batch", "input_tokens": 1}}, "batch"),
        ({"type": "message_start", "message": {"usage": {"speed": "fast", "service_tier": "standard"}}}, "fast"),
        ({"service_tier": "default"}, ""),
        ({"service_tier": "default", "usage": {"service_tier": "batch"}}, "batch"),
        ({"service_tier": None}, None),
        ({"service_tier": 1, "usage": []}, None),
        ({"usage": {}}, None),
        ([], None),
        ("batch", None),
    ],
)
def test_it_is_found(document: Json, expected: str | None) -> None:
    assert mode_of(document) == expected


def test_the_last_word_of_a_stream_counts() -> None:
    chunks = (
        b'{"service_tier": "priority", "choices": []}',
        b'{"service_tier": "default", "choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 1}}',
        b'{"choices": []}',
    )
    body = b"".join(b"data: %s\n\n" % chunk for chunk in chunks)
    usage = usage_of(body)
    assert usage is not None
    assert usage.mode == ""
    usage = usage_of(b"data: %s\n\n" % chunks[1].replace(b"default", b"priority"))
    assert usage is not None
    assert (usage.mode, usage.input_total) == ("priority", 3)
    assert usage_of(b'data: {"service_tier": "priority"}\n\n') is None
