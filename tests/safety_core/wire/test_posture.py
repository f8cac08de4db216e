"""What the doctor found comes through unchanged, and nothing but words of closed lists does."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety_core.errors import InputError
from safety_core.wire.fleet import Heartbeat, heartbeat_from_json
from safety_core.wire.posture import FRESH_SECONDS, Check, Posture, Result, posture_from, told
from safety_core.wire.reader import Reader

AT = 1_800_000_000
RESULTS = st.dictionaries(st.sampled_from(Check), st.sampled_from(Result))
POSTURE = st.builds(Posture, at=st.integers(0, 2**53), uid=st.integers(0, 2**32 - 1), results=RESULTS)


@given(POSTURE)
def test_a_posture_comes_through_unchanged_alone_and_in_a_heartbeat(posture: Posture) -> None:
    assert posture_from(json.dumps(posture.to_json()).encode()) == posture
    beat = Heartbeat({}, posture=posture)
    assert heartbeat_from_json(Reader.parse(json.dumps(beat.to_json()), "heartbeat")) == beat


def test_a_heartbeat_of_an_edge_whose_doctor_never_ran_has_no_such_field() -> None:
    assert "posture" not in Heartbeat({}).to_json()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("results", "dns_udp"), "host"),
        (("results", "dns_udp"), "a longer text than any word of ours is"),
        (("results", "dns_udp"), 1),
        (("results", "a note"), "open"),
        (("results",), ["dns_udp"]),
        (("at",), -1),
        (("at",), "now"),
        (("uid",), 2**32),
        (("host",), "vps.example"),
    ],
)
def test_anything_else_is_refused_without_being_repeated(path: tuple[str, ...], value: Any) -> None:
    message: Any = Posture(AT, 1001, {Check.DNS_UDP: Result.OPEN}).to_json()
    place = message
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    with pytest.raises(InputError) as caught:
        posture_from(json.dumps(message).encode())
    assert "host" not in str(caught.value)
    assert "a note" not in str(caught.value)


@pytest.mark.parametrize(
    ("results", "age", "line"),
    [
        ({Check.ICMP: Result.BLOCKED}, 300, "contained (1 blocked), tried as uid 1001 5 min ago"),
        ({Check.ICMP: Result.UNKNOWN}, 300, "nothing proved (0 blocked, 1 unknown), tried as uid 1001 5 min ago"),
        (
            {Check.UDP_443: Result.OPEN, Check.DNS_UDP: Result.OPEN, Check.ICMP: Result.BLOCKED},
            7200,
            "open: dns_udp, udp_443 (1 blocked), tried as uid 1001 2 h ago",
        ),
        (
            {Check.ICMP: Result.BLOCKED},
            FRESH_SECONDS + 1,
            "stale, run safety doctor again: contained (1 blocked), tried as uid 1001 24 h ago",
        ),
        ({}, -60, "nothing proved (0 blocked), tried as uid 1001 0 min ago"),
    ],
)
def test_one_line_says_what_was_found_and_when(results: dict[Check, Result], age: int, line: str) -> None:
    assert told(Posture(AT, 1001, results), AT + age) == line
