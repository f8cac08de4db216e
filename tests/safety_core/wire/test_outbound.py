"""What leaves for people, and who wrote: one door, and nothing that is not known passes it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from safety_core.errors import InputError, LimitError
from safety_core.model.tool_call import AgentId, SessionId
from safety_core.wire.outbound import Inbound, Outbound, inbound_from, outbound_from

SENT = {
    "agent": "shop",
    "session": "agent:shop:main",
    "channel": "telegram",
    "to": "4711",
    "content": "Ready.\n",
}
HEARD = {"agent": "shop", "session": "agent:shop:main", "channel": "telegram", "from": "4711"}


def test_what_leaves_is_read() -> None:
    assert outbound_from(json.dumps(SENT).encode()) == Outbound(
        AgentId("shop"), SessionId("agent:shop:main"), "telegram", "4711", "Ready.\n"
    )
    unknown = outbound_from(json.dumps({**SENT, "session": "", "channel": "", "to": ""}).encode())
    assert (unknown.session, unknown.channel, unknown.to) == ("", "", "")


def test_who_wrote_is_read() -> None:
    assert inbound_from(json.dumps(HEARD).encode()) == Inbound(
        AgentId("shop"), SessionId("agent:shop:main"), "telegram", "4711"
    )


@pytest.mark.parametrize(
    ("read", "body", "field"),
    [
        *[(outbound_from, SENT, field) for field in ("agent", "content")],
        *[(inbound_from, HEARD, field) for field in HEARD],
    ],
)
def test_a_field_that_is_missing_or_odd_is_named(read: Callable[[bytes], Any], body: Any, field: str) -> None:
    without = {name: value for name, value in body.items() if name != field}
    for wrong in (without, {**body, field: 7}):
        with pytest.raises(InputError, match=field):
            read(json.dumps(wrong).encode())


@pytest.mark.parametrize(("read", "body"), [(outbound_from, SENT), (inbound_from, HEARD)])
def test_a_field_more_is_refused(read: Callable[[bytes], Any], body: Any) -> None:
    with pytest.raises(InputError, match="not known"):
        read(json.dumps({**body, "more": 1}).encode())


def test_a_recipient_is_a_short_line() -> None:
    with pytest.raises(LimitError):
        outbound_from(json.dumps({**SENT, "to": "1" * 201}).encode())
    with pytest.raises(InputError):
        outbound_from(json.dumps({**SENT, "to": "1\n2"}).encode())
