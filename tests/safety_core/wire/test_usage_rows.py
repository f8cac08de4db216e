"""Usage read in one sweep is what the careful reader makes of it, and so is every refusal."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety_core.canonical import canonical_bytes
from safety_core.errors import SafetyError
from safety_core.model.tool_call import AgentId
from safety_core.model.usage import Usage, UsageBucket
from safety_core.wire import usage_rows
from safety_core.wire.fleet import BUCKETS, usage_from_json, usage_to_json
from safety_core.wire.reader import Reader
from safety_core.wire.usage_rows import FIELDS, row_of, rows_from_bytes

ONE = UsageBucket(7200, AgentId("shop"), "openai", "m ü 1", 3, 2, 1, Usage(5, 4, 3, 2, 1, 1, 0), 9, 0)
PLAIN = ONE.to_json()


def careful(raw: bytes) -> Any:
    try:
        return tuple(row_of(bucket) for bucket in usage_from_json(Reader.parse(raw, "usage")))
    except SafetyError as error:
        return str(error)


def swept(raw: bytes) -> Any:
    try:
        return rows_from_bytes(raw)
    except SafetyError as error:
        return str(error)


def test_what_an_edge_writes_is_read_without_the_careful_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage_rows, "usage_from_json", None)
    rows = rows_from_bytes(canonical_bytes(usage_to_json([ONE] * BUCKETS)))
    assert rows == (row_of(ONE),) * BUCKETS
    assert dict(zip(FIELDS, rows[0], strict=True)) == PLAIN


@pytest.mark.parametrize(
    "body",
    [
        {"buckets": []},
        {"buckets": [PLAIN] * (BUCKETS + 1)},
        {"buckets": {}},
        {"buckets": ["text"]},
        {"buckets": [[]]},
        {"buckets": [PLAIN], "more": 1},
        [],
        {"buckets": [{**PLAIN, "note": 1}]},
        {"buckets": [{name: value for name, value in PLAIN.items() if name != "cost"}]},
        {"buckets": [{name: value for name, value in PLAIN.items() if name != "hour"}]},
        *({"buckets": [{**PLAIN, name: value}]} for name in FIELDS for value in (-1, 2**53 + 1, True, 1.5, None, "x")),
        *({"buckets": [{**PLAIN, "model": value}]} for value in ("", "a\nb", "x" * 201, "\x7f", "x" * 200)),
        {"buckets": [{**PLAIN, "sequence": 0}]},
        {"buckets": [{**PLAIN, "hour": 7201}]},
    ],
)
def test_both_ways_of_reading_agree(body: Any) -> None:
    raw = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert swept(raw) == careful(raw)


@pytest.mark.parametrize("raw", [b"", b"nonsense", b'{"buckets":[1e999]}', b'{"buckets":[],"buckets":[]}', b"\xff"])
def test_what_is_no_canonical_json_is_left_to_the_careful_reader(raw: bytes) -> None:
    assert swept(raw) == careful(raw)


_COUNT = st.integers(0, 2**53 - 1)
_NAME = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20)
BUCKETS_OF = st.builds(
    lambda hour, names, numbers, totals: UsageBucket(
        hour * 3600, AgentId(names[0]), *names[1:], *numbers[:3], Usage(*totals), *numbers[3:]
    ),
    st.integers(0, 10**6),
    st.tuples(_NAME, _NAME, _NAME),
    st.tuples(st.integers(1, 2**53 - 1), _COUNT, _COUNT, _COUNT, _COUNT),
    st.tuples(*[_COUNT] * 7),
)


@given(st.lists(BUCKETS_OF, max_size=4), st.booleans())
def test_any_usage_is_read_alike_however_it_is_written(buckets: list[UsageBucket], canonical: bool) -> None:
    body = usage_to_json(buckets)
    raw = canonical_bytes(body) if canonical else json.dumps(body).encode()
    assert swept(raw) == careful(raw) == tuple(row_of(bucket) for bucket in buckets)
