"""Sessions that agents start are read whole, or refused by the field."""

from __future__ import annotations

import json

import pytest

from safety_core.errors import InputError
from safety_core.wire.lineage import Spawned, Unspawned, spawned_from, unspawned_from

CHILD = "agent:main:subagent:7e1c"


def test_a_session_that_was_started_and_its_end_are_read() -> None:
    raw = json.dumps({"agent": "main", "session": CHILD, "parent": "agent:main:main"}).encode()
    assert spawned_from(raw) == Spawned("main", CHILD, "agent:main:main")  # type: ignore[arg-type]
    assert spawned_from(json.dumps({"agent": "main", "session": CHILD}).encode()).parent == ""
    raw = json.dumps({"agent": "main", "session": CHILD}).encode()
    assert unspawned_from(raw) == Unspawned("main", CHILD)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"agent": ""}, "request.agent: must not be empty"),
        ({"session": ""}, "request.session: must not be empty"),
        ({"session": "a\u202e"}, "request.session: holds a control"),
        ({"more": 1}, "request: has a field that is not known"),
    ],
)
def test_nothing_else_is(change: dict[str, object], message: str) -> None:
    raw = json.dumps({"agent": "main", "session": CHILD, **change}).encode()
    for read in (spawned_from, unspawned_from):
        with pytest.raises(InputError, match=message):
            read(raw)
