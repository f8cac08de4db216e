"""What an edge reports comes through unchanged, and nothing but narrow shapes can be reported."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from safety_core.audit.checkpoint import Checkpoint, cosign, sign
from safety_core.audit.tree import Hash
from safety_core.errors import InputError, LimitError
from safety_core.model.tool_call import AgentId
from safety_core.model.usage import Usage, UsageBucket
from safety_core.wire.fleet import (
    BUCKETS,
    PROOF_HASHES,
    Component,
    ConsistencyProof,
    Heartbeat,
    HeartbeatReply,
    heartbeat_from_json,
    reply_from_json,
    usage_from_json,
    usage_to_json,
)
from safety_core.wire.reader import Reader

KEY = SigningKey(b"\x07" * 32)
NOTE = sign(Checkpoint("safety-gateway/acme", 4711, Hash(b"\x01" * 32)), KEY)
COUNT = st.integers(0, 2**53)
USAGE = st.builds(
    Usage,
    input_total=COUNT,
    output_total=COUNT,
    cache_read=COUNT,
    cache_write=COUNT,
    cache_write_1h=COUNT,
    reasoning=COUNT,
    tool_prompt=COUNT,
)
NAME = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=200)
BUCKET = st.builds(
    UsageBucket,
    hour=st.integers(0, 10**6).map(lambda hours: hours * 3600),
    agent=NAME,
    provider=NAME,
    model=NAME,
    sequence=st.integers(1, 2**53),
    requests=COUNT,
    estimated=COUNT,
    totals=USAGE,
)


def wired(value: Any) -> Reader:
    return Reader.parse(json.dumps(value), "m")


@given(st.lists(BUCKET, max_size=5))
def test_usage_comes_through_unchanged(buckets: list[UsageBucket]) -> None:
    assert usage_from_json(wired(usage_to_json(buckets))) == tuple(buckets)


def test_a_heartbeat_comes_through_unchanged() -> None:
    cosigned = cosign(NOTE, "hub.example", KEY, 1_800_000_000)
    for beat in (
        Heartbeat({}),
        Heartbeat({Component.GATEWAY: "0.1.0", Component.PLUGIN: "1.2.3-rc.1+b_2"}, "9af1", 7, NOTE, None, 1, 2),
        Heartbeat({Component.PYTHON: "3.11.7"}, audit=cosigned, proof=ConsistencyProof(4000, ("ab" * 32, "cd" * 32))),
    ):
        assert heartbeat_from_json(wired(beat.to_json())) == beat


def test_a_reply_comes_through_unchanged_and_fields_of_newer_hubs_are_passed_over() -> None:
    reply = HeartbeatReply(1.5, 4711, "— hub.example AAAA\n", "")
    assert reply_from_json(wired({**reply.to_json(), "later": 1})) == reply
    assert reply_from_json(wired({"time": 1})) == HeartbeatReply(1.0)


@pytest.mark.parametrize(
    "make",
    [
        lambda text: Heartbeat({Component.GATEWAY: text}),
        lambda text: Heartbeat({}, policy=text),
        lambda text: Heartbeat({}, audit=text),
        lambda text: ConsistencyProof(1, (text,)),
        lambda text: usage_to_json([UsageBucket(0, AgentId("a"), "p", f"{text}\n", 1, 0, 0, Usage())]),
    ],
)
@pytest.mark.parametrize("text", ["a b c", "rm -rf /\n", "key=value; more", "x" * 300, "ключ "])
def test_free_text_has_no_place(make: Callable[[str], object], text: str) -> None:
    with pytest.raises(InputError) as caught:
        make(text)
    assert text not in str(caught.value)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("versions", "kernel"), "6.1"),
        (("proof", "more"), 1),
        (("extra",), "x"),
        (("policy_version",), -1),
        (("proof", "hashes"), ["xy"]),
        (("proof", "hashes"), ["ab" * 32] * (PROOF_HASHES + 1)),
    ],
)
def test_a_heartbeat_with_anything_else_is_refused(path: tuple[str, ...], value: Any) -> None:
    message: Any = json.loads(json.dumps(Heartbeat({}, proof=ConsistencyProof(1, ())).to_json()))
    place = message
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    with pytest.raises(InputError):
        heartbeat_from_json(wired(message))


def test_an_hour_begins_on_the_hour() -> None:
    with pytest.raises(InputError, match=r"usage\.hour"):
        usage_to_json([UsageBucket(1800, AgentId("a"), "p", "m", 1, 0, 0, Usage())])


def test_too_many_buckets_are_refused() -> None:
    bucket = UsageBucket(0, AgentId("a"), "p", "m", 1, 0, 0, Usage())
    with pytest.raises(LimitError):
        usage_from_json(wired(usage_to_json([bucket] * (BUCKETS + 1))))
    with pytest.raises(InputError, match=r"m\.buckets\[0\]: has a field that is not known"):
        usage_from_json(wired({"buckets": [{**bucket.to_json(), "note": "x"}]}))


def test_a_bucket_of_an_edge_that_knew_no_prices_is_all_unpriced() -> None:
    bucket = UsageBucket(0, AgentId("a"), "p", "m", 1, 5, 0, Usage(7), cost=123, unpriced=2)
    assert usage_from_json(wired(usage_to_json([bucket]))) == (bucket,)
    old = {name: value for name, value in bucket.to_json().items() if name not in {"cost", "unpriced"}}
    (read,) = usage_from_json(wired({"buckets": [old]}))
    assert (read.cost, read.unpriced) == (0, 5)
