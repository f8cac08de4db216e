"""The smallest change to a JSON document's bytes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.providers.anthropic import Anthropic
from proxy.providers.openai import OpenAi
from proxy.providers.splice import emptied, member_span, with_member, with_value
from safety_core.flow.dialect import Operation, Purpose

TURN = Operation(Purpose.TURN)

VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
OBJECT = st.dictionaries(st.sampled_from(["a", "b", 'q"\\', "{x", "ü", ""]), VALUE)


@given(OBJECT, st.sampled_from(["a", "b", 'q"\\', "{x", "ü", "", "zz"]), st.sampled_from([None, 0, 2]), st.booleans())
def test_a_member_is_found_where_it_stands(
    document: dict[str, Any], name: str, indent: int | None, ascii_only: bool
) -> None:
    raw = json.dumps(document, indent=indent, ensure_ascii=ascii_only).encode()
    span = member_span(raw, name)
    assert (span is not None) == (name in document)
    if span is not None:
        assert json.loads(raw[slice(*span)]) == document[name]
        assert json.loads(with_value(raw, span, b"[1]")) == {**document, name: [1]}
    else:
        longer = with_member(raw, name, b"[1]")
        assert json.loads(longer) == {**document, name: [1]}
        assert longer.startswith(raw[: raw.rindex(b"}")])


def test_of_repeats_the_last_counts_as_parsers_have_it() -> None:
    raw = b'{"a": 1, "b": {"a": 2}, "a": [3] }'
    span = member_span(raw, "a")
    assert span is not None
    assert raw[slice(*span)] == b"[3]"


ASKED = '"stream_options":{"include_usage":true}'


@pytest.mark.parametrize(
    ("body", "sent", "hide"),
    [
        ('{"model":"m"}', '{"model":"m"}', False),
        ('{"model":"m","stream":true,"input":"x"}', '{"model":"m","stream":true,"input":"x"}', False),
        ('{"model":"m","stream":false}', '{"model":"m","stream":false}', False),
        (
            '{"model":"m","messages":[], "stream":true }\n',
            '{"model":"m","messages":[], "stream":true ,' + ASKED + "}\n",
            True,
        ),
        (
            '{"model":"m","prompt":"","stream":true,' + ASKED + "}",
            '{"model":"m","prompt":"","stream":true,' + ASKED + "}",
            False,
        ),
        (
            '{"stream_options":null,"model":"m","prompt":"","stream":true}',
            "{" + ASKED + ',"model":"m","prompt":"","stream":true}',
            True,
        ),
        (
            '{"stream_options":{},"model":"m","prompt":"","stream":true}',
            "{" + ASKED + ',"model":"m","prompt":"","stream":true}',
            True,
        ),
        (
            '{"model":"m","prompt":"","stream":true,"stream_options":{"include_usage":false, "x":1}}',
            '{"model":"m","prompt":"","stream":true,"stream_options":{"include_usage":true, "x":1}}',
            True,
        ),
        (
            '{"model":"m","prompt":"","stream":true,"stream_options":{"x":1}}',
            '{"model":"m","prompt":"","stream":true,"stream_options":{"x":1,"include_usage":true}}',
            True,
        ),
    ],
)
def test_usage_is_asked_for_with_the_smallest_change(body: str, sent: str, hide: bool) -> None:
    prepared = OpenAi().prepare(body.encode(), TURN)
    assert (prepared.body, prepared.model, prepared.hide_usage) == (sent.encode(), "m", hide)


def test_anthropic_is_not_asked() -> None:
    body = b'{"model":"m","prompt":"","stream":true}'
    assert Anthropic().prepare(body, TURN).body is body


NAMES = frozenset({"logprobs", "context"})


@pytest.mark.parametrize(
    ("raw", "left"),
    [
        (b'{"a": 1.50e1, "logprobs" : {"x": [1, {"y": "}"}]}, "b": 2}', b'{"a": 1.50e1, "logprobs" : null, "b": 2}'),
        (
            b'[{"context":[1, 2]},\n{"context": "text", "logprobs": null}]',
            b'[{"context":[]},\n{"context": "text", "logprobs": null}]',
        ),
        (b'{"a":[{"logprobs":{}},{"b":{"logprobs":[[]]}}]}', b'{"a":[{"logprobs":null},{"b":{"logprobs":[]}}]}'),
        (b'{"logprobs":{"context":[1]},"context":[2]}', b'{"logprobs":null,"context":[]}'),
        (b'{"log\\u0070robs":[1],"logprobs":[2]}', b'{"log\\u0070robs":[],"logprobs":[]}'),
        (b'{"lo\\u0067probs":[1]}', b'{"lo\\u0067probs":[]}'),
        (b'{"\\x":[1],"logprobs":[2]}', b'{"\\x":[1],"logprobs":[]}'),
        (b'{"a":"logprobs","b":["logprobs",{}]}', b'{"a":"logprobs","b":["logprobs",{}]}'),
        (b'"logprobs" is no JSON', b'"logprobs" is no JSON'),
        (b'{"logprobs":[1', b'{"logprobs":[1'),
        (b'{"other":[1]}', b'{"other":[1]}'),
    ],
)
def test_members_are_emptied_and_everything_else_stays(raw: bytes, left: bytes) -> None:
    assert emptied(raw, NAMES) == left
