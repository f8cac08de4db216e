"""Every message between our own parts: what is read is written, and read again, as the same.

The first byte says which message the rest is; "Z" and above is taken modulo their number.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from fuzz.trial import Target
from safety_core.canonical import canonical_bytes
from safety_core.model.connection import Connection
from safety_core.model.tool_call import TenantId
from safety_core.wire import (
    activity,
    approvals,
    calls,
    connections,
    decisions,
    errors,
    executions,
    feed,
    fleet,
    halts,
    hints,
    lineage,
    orders,
    outbound,
    plans,
    posture,
    presence,
    recorded_calls,
    signed,
    turns,
    usage_report,
    usage_rows,
)  # fmt: skip
from safety_core.wire.lenient import parsed
from safety_core.wire.reader import Reader, check_retold, parse_json

_TENANT: Final = TenantId("bakery")
_REST: Final = Connection("shop", "rest", "https://shop.example/api")

Read = Callable[[bytes], Any]


def _told(read: Callable[[Reader], Any], write: Callable[[Any], Any] | None = None) -> Read:
    """Return a reader of JSON that checks that what was read can be told again."""

    def check(raw: bytes) -> None:
        found = read(Reader.parse(raw, "message"))
        if write is not None:
            check_retold(raw, "message")
            again = canonical_bytes(write(found))
            assert read(Reader.parse(again, "message")) == found, "told again, it reads differently"

    return check


def _usage_rows(raw: bytes) -> None:
    rows = usage_rows.rows_from_bytes(raw)
    slow = tuple(usage_rows.row_of(one) for one in fleet.usage_from_json(Reader.parse(raw, "usage")))
    assert rows == slow, "read in one sweep, it says something else"


def _recorded(raw: bytes) -> None:
    for found in recorded_calls.recorded_calls(raw.split(b"\n"), "file", "/workspace"):
        str(found)


def _hints(raw: bytes) -> None:
    whole = hints.HintReader().take(raw)
    reader = hints.HintReader()
    pieces = [topic for at in range(0, len(raw), 3) for topic in reader.take(raw[at : at + 3])]
    assert [*whole] == pieces, "hints depend on the cuts"


def _signed(raw: bytes) -> None:
    names = ("Safety-Tenant", "Safety-Time", "Safety-Nonce", "Safety-Signature")
    texts = raw.decode("latin-1").split("\n")
    claim = signed.read_signature(dict(zip(names, texts, strict=False)))
    signed.verify_request("POST", "/", b"", claim, "00" * 32, 1.8e9)


def _json(raw: bytes) -> None:
    value = parse_json(raw, "message")
    check_retold(raw, "message")
    assert parse_json(canonical_bytes(value), "message") == value, "told again, it reads differently"
    assert parsed(raw) == value, "the lenient reader reads something else"


MESSAGES: Final[tuple[Read, ...]] = (
    _json,
    lambda raw: calls.proposal_from(raw, _TENANT),
    lambda raw: calls.report_from(raw, _TENANT),
    lambda raw: calls.ended_from(raw, _TENANT),
    calls.ticket_from,
    calls.agent_from,
    calls.value_from,
    lambda raw: plans.plan_from(raw, _TENANT),
    plans.plan_end_from,
    presence.check_in_from,
    presence.check_out_from,
    turns.turn_from,
    turns.usage_seen_from,
    halts.halt_from,
    decisions.poll_from,
    decisions.button_from,
    lineage.spawned_from,
    lineage.unspawned_from,
    outbound.outbound_from,
    outbound.inbound_from,
    posture.posture_from,
    executions.execution_id_from,
    executions.settled_from,
    errors.error_from_json,
    _recorded,
    _hints,
    _signed,
    _usage_rows,
    _told(approvals.request_from_json, approvals.request_to_json),
    _told(approvals.grant_from_json, approvals.grant_to_json),
    _told(approvals.assertion_from_json, approvals.assertion_to_json),
    _told(feed.item_from_json, feed.item_to_json),
    _told(feed.told_from_json, feed.told_to_json),
    _told(fleet.heartbeat_from_json),
    _told(fleet.reply_from_json, lambda reply: reply.to_json()),
    _told(orders.orders_from_json),
    _told(orders.order_result_from_json, lambda result: result.to_json()),
    _told(posture.newer_posture),
    _told(activity.activity_from_json),
    _told(activity.backup_from_json),
    _told(connections.connections_from),
    lambda raw: connections.pinned(_REST, raw),
    lambda raw: usage_report.asked_from(raw, 1.8e9),
    lambda raw: usage_report.report_from(Reader.parse(raw, "report").whole()),
)


def start() -> Target:
    """Return the reader."""

    def read(raw: bytes) -> None:
        if raw:
            MESSAGES[(raw[0] - 65) % len(MESSAGES)](raw[1:])

    return read
