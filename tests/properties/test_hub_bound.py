"""For all inputs: what an edge reports about itself has no place in which a secret could stand.

Heartbeats, postures and results of orders are closed lists, numbers and narrow shapes. A secret put anywhere is refused
without being repeated, or (as a word of a newer edge) passed over: nothing that the hub keeps holds it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safety_core.errors import InputError
from safety_core.model.approval import ApprovalState, Report, RequestId, StandingReport
from safety_core.model.level import Tier
from safety_core.model.tool_call import AgentId
from safety_core.wire.activity import Activity, AgentTold, BackupTold, Count, Trouble
from safety_core.wire.feed import Told, told_from_json, told_to_json
from safety_core.wire.fleet import Component, ConsistencyProof, Heartbeat, heartbeat_from_json
from safety_core.wire.orders import Number, OrderOutcome, OrderResult, order_result_from_json
from safety_core.wire.posture import Check, Posture, Result, posture_from
from safety_core.wire.reader import Reader

secrets = st.text("abcdefghkmnpqrstuvwxyzABCDEFGHKMNPQRSTUVWXYZ23456789", min_size=16, max_size=40).map("sk-{}!".format)
TIMES = settings(max_examples=20)
"""Each looks at every place of a message."""

results = st.dictionaries(st.sampled_from(Check), st.sampled_from(Result), min_size=1)


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Return the path of every value within `value`, its own included."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, below in inner for place in places(below, (*path, key)))]


def planted(message: Any, place: tuple[str | int, ...], secret: str, *, as_key: bool) -> Any:
    """Return `message` with the secret in place of a value, or as the name of a further field."""
    if not place:
        return {**message, secret: 1} if as_key else secret
    inner = message.copy()
    inner[place[0]] = planted(message[place[0]], place[1:], secret, as_key=as_key and isinstance(message, dict | list))
    return inner


@TIMES
@given(secrets, results)
def test_a_secret_in_a_posture_is_refused_and_not_repeated(secret: str, found: dict[Check, Result]) -> None:
    message = Posture(1_800_000_000, 1001, found).to_json()
    refuses(message, secret, posture_from)


@TIMES
@given(secrets, results)
def test_a_secret_in_a_heartbeat_is_refused_or_passed_over(secret: str, found: dict[Check, Result]) -> None:
    beat = Heartbeat(
        {Component.GATEWAY: "0.1.0"},
        "9af1",
        7,
        "",
        ConsistencyProof(4, ("ab" * 32,)),
        1,
        2,
        Posture(1_800_000_000, 1001, found),
        at=1_800_000_000.5,
        trouble=Trouble.TAMPERED,
        activity=Activity(1.5, {Count.CALLS: 4711}),
        backup=BackupTold(1_799_990_000, 123_456, True),
        hub_halts=("*", "main"),
        agents=(AgentTold(AgentId("main"), Tier.TRUSTED, 1_799_999_999, True),),
        secrets=("OPENAI_API_KEY",),
        missing=("smtp",),
    )
    forgets(beat.to_json(), secret, lambda raw: heartbeat_from_json(Reader.parse(raw, "heartbeat")))


@TIMES
@given(secrets)
def test_a_secret_in_the_result_of_an_order_is_refused_or_passed_over(secret: str) -> None:
    result = OrderResult(OrderOutcome.DONE, {Number.OPEN: 3, Number.BYTES: 9})
    forgets(result.to_json(), secret, lambda raw: order_result_from_json(Reader.parse(raw, "result")))


def forgets(message: Any, secret: str, read: Any) -> None:
    for raw in with_secret(message, secret):
        assert secret not in came_of(read, raw)


def came_of(read: Any, raw: bytes) -> str:
    """Return all that is told or kept of a message."""
    try:
        kept = read(raw)
    except InputError as error:
        return str(error)
    return f"{json.dumps(kept.to_json())} {kept!r}"


@TIMES
@given(secrets)
def test_a_secret_in_a_report_is_refused_and_not_repeated(secret: str) -> None:
    """But for who answered, out of which the edge takes secrets before it tells (`proxy.background.approvals`)."""
    ids = [RequestId(digit * 32) for digit in "abc"]
    report = Report(ids[0], ApprovalState.CANCELLED, "", 1.0, ids[1], "floor: x")
    message = told_to_json(Told((report,), (StandingReport(ids[2], 1, "withdrawn"),)))
    del message["reports"][0]["by"]  # type: ignore[index,call-overload,union-attr]
    refuses(message, secret, lambda raw: told_from_json(Reader(named(json.loads(raw)), "reports")))


def named(message: Any) -> Any:
    """Return reports with who answered, where they have kept their form."""
    for report in message["reports"] if isinstance(message, dict) and isinstance(message.get("reports"), list) else ():
        if isinstance(report, dict):
            report["by"] = ""
    return message


def refuses(message: Any, secret: str, read: Any) -> None:
    for raw in with_secret(message, secret):
        with pytest.raises(InputError) as caught:
            read(raw)
        assert secret not in str(caught.value)


def with_secret(message: Any, secret: str) -> Iterator[bytes]:
    """Yield `message` with the secret in each place, one after another: as a value, or as a name."""
    for place in places(message):
        for as_key in (False, True) if isinstance(at(message, place), dict) else (False,):
            raw = json.dumps(planted(message, place, secret, as_key=as_key)).encode()
            assert secret.encode() in raw
            yield raw


def at(value: Any, place: tuple[str | int, ...]) -> Any:
    for key in place:
        value = value[key]
    return value
