"""A turn that begins, and what a host counted of it, is parsed whole or refused by the name of the field."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety_core.errors import InputError
from safety_core.wire.turns import Turn, UsageSeen, turn_from, usage_seen_from

ID = "0123456789abcdef" * 2
DIGEST = ID * 2
TURN: dict[str, Any] = {"agent": "main", "session": "s", "run": "r", "trace": ID}
SEEN: dict[str, Any] = {"agent": "main", "run": "r", "trace": ID, "provider": "p", "model": "m"}


def raw(body: Any) -> bytes:
    return json.dumps(body).encode()


def test_a_turn_is_known_by_its_trace() -> None:
    turn = turn_from(raw({**TURN, "prefix": {"soul": DIGEST, "tools": ""}}))
    assert turn == Turn("main", "s", "r", ID, "", DIGEST, "")  # type: ignore[arg-type]
    assert turn_from(raw({**TURN, "process": ID})) == Turn("main", "s", "r", ID, ID)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"request\.trace: must have 32"):
        turn_from(raw({**TURN, "trace": ""}))
    with pytest.raises(InputError, match=r"request\.prefix\.tools: must have 64"):
        turn_from(raw({**TURN, "prefix": {"tools": "abc"}}))
    with pytest.raises(InputError, match=r"request\.prefix: has a field"):
        turn_from(raw({**TURN, "prefix": {"other": ""}}))


def test_what_a_host_counted() -> None:
    counts = {"input": 5, "output": 2, "cache_read": 3, "cache_write": 1}
    expected = UsageSeen("main", "r", ID, "p", "m", 5, 2, 3, 1)  # type: ignore[arg-type]
    assert usage_seen_from(raw({**SEEN, "usage": counts})) == expected
    assert usage_seen_from(raw({**SEEN, "usage": {}})).input == 0
    with pytest.raises(InputError, match=r"request\.usage: has a field"):
        usage_seen_from(raw({**SEEN, "usage": {"total": 1}}))


@given(st.binary(max_size=200))
def test_any_bytes_parse_or_are_refused(text: bytes) -> None:
    for parse in (turn_from, usage_seen_from):
        try:
            parse(text)  # type: ignore[operator]
        except InputError as error:
            assert error.thing  # noqa: PT017 - parsing may succeed, too
