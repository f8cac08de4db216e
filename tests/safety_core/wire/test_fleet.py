"""What an edge reports comes through unchanged, and nothing but narrow shapes can be reported."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from safety_core.audit.checkpoint import Checkpoint, cosign, sign
from safety_core.audit.tree import Hash
from safety_core.errors import InputError, LimitError
from safety_core.model.level import Tier
from safety_core.model.tool_call import AgentId
from safety_core.model.usage import Usage, UsageBucket
from safety_core.wire.activity import AGENTS, NAMES, Activity, AgentTold, BackupTold, Count, Trouble
from safety_core.wire.fleet import (
    BUCKETS,
    PROOF_HASHES,
    Component,
    ConsistencyProof,
    Heartbeat,
    HeartbeatReply,
    heartbeat_from_json,
    is_version,
    reply_from_json,
    usage_from_json,
    usage_to_json,
)
from safety_core.wire.posture import Check, Posture, Result
from safety_core.wire.reader import Reader

KEY = SigningKey(b"\x07" * 32)
FULL = Heartbeat(
    {Component.GATEWAY: "0.1.0", Component.OPENCLAW: "2026.9.6"},
    policy="9af1",
    policy_version=7,
    proof=ConsistencyProof(4, ("ab" * 32,)),
    pending=1,
    unsent=2,
    posture=Posture(1_800_000_000, 1001, {Check.DNS_UDP: Result.OPEN, Check.ICMP: Result.BLOCKED}),
    at=1_800_000_000.5,
    expires=1_800_100_000.0,
    trouble=Trouble.UNDER_SIGNED,
    activity=Activity(1_700_000_000.25, {Count.CALLS: 4711, Count.DENIED: 3}),
    backup=BackupTold(1_799_990_000, 123_456, True),
    halted=2,
    hub_halts=("*", "main"),
    budgets_spent=1,
    agents=(AgentTold(AgentId("main"), Tier.TRUSTED, 1_799_999_999, True),),
    secrets=("OPENAI_API_KEY", "db"),
    missing=("smtp",),
)
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
        FULL,
    ):
        assert heartbeat_from_json(wired(beat.to_json())) == beat


def test_what_a_newer_edge_says_is_passed_over_and_counted() -> None:
    message: Any = json.loads(json.dumps(FULL.to_json()))
    message |= {"later": {"a": 1}, "trouble": "sunspots"}
    message["versions"]["kernel"] = "6.1"
    message["proof"]["more"] = 1
    message["posture"]["results"] |= {"icmp": "bent", "carrier_pigeon": "open"}
    message["posture"]["host"] = "vps"
    message["activity"]["counts"]["songs"] = 4
    message["activity"]["zone"] = "x"
    message["backup"]["place"] = "x"
    message["agents"] += [{"name": "other", "tier": "free", "mood": 1}]
    told = heartbeat_from_json(wired(message))
    assert told == replace(
        FULL,
        trouble=Trouble.OTHER,
        posture=Posture(1_800_000_000, 1001, {Check.DNS_UDP: Result.OPEN}),
        passed_over=12,
    )
    assert "sunspots" not in json.dumps(told.to_json())
    assert heartbeat_from_json(wired({"versions": {}})) == Heartbeat({})


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
        lambda text: Heartbeat({}, hub_halts=(text,)),
        lambda text: Heartbeat({}, secrets=(text,)),
        lambda text: Heartbeat({}, missing=(text,)),
        lambda text: AgentTold(AgentId(text), Tier.TRUSTED),
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
        (("versions",), "6.1"),
        (("versions", "gateway"), 6),
        (("policy_version",), -1),
        (("at",), "now"),
        (("activity",), []),
        (("agents",), [{"name": "a"}]),
        (("agents",), [{"name": f"a{n}", "tier": "trusted"} for n in range(AGENTS + 1)]),
        (("hub_halts",), ["a"] * (AGENTS + 1)),
        (("secrets",), [1]),
        (("missing",), ["A"] * (NAMES + 1)),
        (("backup",), {"at": 1, "size": 1, "ok": "yes"}),
        (("proof", "hashes"), ["xy"]),
        (("proof", "hashes"), ["ab" * 32] * (PROOF_HASHES + 1)),
    ],
)
def test_a_heartbeat_with_a_field_of_another_kind_is_refused(path: tuple[str, ...], value: Any) -> None:
    message: Any = json.loads(json.dumps(Heartbeat({}, proof=ConsistencyProof(1, ())).to_json()))
    place = message
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    with pytest.raises(InputError):
        heartbeat_from_json(wired(message))


@pytest.mark.parametrize(
    ("text", "fits"), [("1.2.3-rc.1+b_2", True), ("", False), ("1.2 3", False), ("1" * 41, False), ("v1;rm", False)]
)
def test_what_can_stand_as_a_version_is_known_before_it_is_sent(text: str, fits: bool) -> None:
    assert is_version(text) is fits


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
