"""Schemas (JSON Schema 2020-12) of what goes in and out."""

from __future__ import annotations

from typing import Final

from hub.policy.lifecycle import Action, Place, State
from hub.policy.plan import NAMED, SOAK_LIMIT, WAVES
from safety_core.canonical import JsonObject
from safety_core.model.approval import ApprovalState
from safety_core.model.level import Level
from safety_core.wire.feed import RECIPIENT_LIMIT, REPORTS, USES
from safety_core.wire.fleet import BUCKETS, Component
from safety_core.wire.orders import ORDERS, Number, OrderKind, OrderOutcome
from safety_core.wire.posture import UIDS, Check, Result
from safety_core.wire.schema import ANYTHING, ERROR, FLAG, NUMBER, TIME, many, maybe, record, ref, text, whole, words

ID: Final = text("[0-9a-f]{32}")
DIGEST: Final = text("[0-9a-f]{64}")
SIGNATURE: Final = text("([0-9a-f]{128})?")
TENANT: Final = text("[a-z0-9][a-z0-9_-]{0,62}")
COUNTS: Final = record({"calls": whole(), "denied": whole(), "failed": whole()})
ASSERTION: Final = record({name: text("[A-Za-z0-9_-]+") for name in ("authenticator_data", "client_data", "signature")})

_TOKENS: Final = (
    "input_total", "output_total", "cache_read", "cache_write", "cache_write_1h", "reasoning",
)  # fmt: skip


def _schemas() -> JsonObject:
    """Return all schemas that have a name."""
    return {**_approvals(), **_policy(), **_fleet(), "Error": ERROR}


def _approvals() -> JsonObject:
    request = {
        "id": ID, "tenant": TENANT, "agent": text(), "session": text(), "tool": text(), "params": ANYTHING,
        "level": words(level.word for level in Level), "outward": FLAG, "strong": FLAG, "rules": many(text()),
        "reason": text(most=64 * 1024), "action_digest": DIGEST, "revision": text(),
        "created": NUMBER, "expires": NUMBER,
    }  # fmt: skip
    added: JsonObject = {
        "recipients": many(text()), "amounts": many(text()), "quorum": whole(1), "edited_from": ID,
    }  # fmt: skip
    decided: JsonObject = {
        "approver": text(),
        "origin": text(),
        "decided": NUMBER,
        "key": text(),
        "signature": SIGNATURE,
    }
    grant: JsonObject = {
        "request": ID, "action_digest": DIGEST, "revision": text(), "allow": FLAG, "nonce": ID, "not_after": NUMBER,
    }  # fmt: skip
    edit: JsonObject = {"request": ID, "action_digest": DIGEST, "params": ANYTHING, "nonce": ID}
    standing: JsonObject = {
        "id": ID, "tenant": TENANT, "agent": text(), "tool": text(), "recipient": text(most=RECIPIENT_LIMIT),
        "not_after": NUMBER, "uses": whole(1, USES),
    }  # fmt: skip
    ended = record({"id": ID})
    cancelled = record({"request": ID, "approver": text()})
    return {
        "ApprovalRequest": record({**request}, added),
        "Grant": record({**grant, **decided}, {"assertion": ASSERTION}),
        "Edit": record({**edit, **decided}),
        "Standing": record({**standing, **decided}, {"assertion": ASSERTION}),
        "FeedItem": {
            "oneOf": [
                record({"grant": ref("Grant")}),
                record({"edit": ref("Edit")}),
                record({"standing": ref("Standing")}),
                record({"withdrawal": ended}),
                record({"cancellation": cancelled}),
            ]
        },
        "Question": record(_question(), {"approver": text()}),
        "Report": record(
            {"request": ID, "state": words(state.value for state in ApprovalState), "by": text(), "at": NUMBER},
            {"replaced": ID, "refused": text(most=120)},
        ),
        "Told": record(
            {"reports": many(ref("Report"), REPORTS)},
            {"standing": many(record({"id": ID, "remaining": whole(), "ended": text()}), REPORTS)},
        ),
    }


def _question() -> JsonObject:
    return {
        "request": ref("ApprovalRequest"),
        "state": words(state.value for state in ApprovalState),
        "received": TIME,
        "expires": NUMBER,
        "grant": maybe(ref("Grant")),
        "answers": many(ref("Grant")),
        "missing": whole(),
    }


def _policy() -> JsonObject:
    soak: JsonObject = {"soak": whole(0, SOAK_LIMIT)}
    wave: JsonObject = {
        "oneOf": [
            record({"tenants": {**many(TENANT, NAMED), "minItems": 1}}, soak),
            record({"percent": whole(1, 100)}, soak),
        ]
    }
    numbers: JsonObject = {name: whole() for name in ("placed", "running", "alive", "troubled", "silent")}
    counts: JsonObject = dict.fromkeys(("after", "before", "others"), COUNTS)
    places: JsonObject = {place.value: whole() for place in Place}
    release: JsonObject = {
        "id": ID, "name": text(), "by": text(), "state": words(state.value for state in State), "reason": text(),
        "created": TIME, "started": maybe(TIME), "wave": whole(), "wave_at": maybe(TIME),
        "waves": many(record({"soak": whole(), **places}, {"tenants": many(TENANT), "percent": whole(0, 100)})),
        "unassigned": whole(), "health": record({**numbers, **counts}),
        "actions": many(words(action.value for action in Action)),
    }  # fmt: skip
    staged: JsonObject = {
        "tenant": TENANT, "state": words(place.value for place in Place), "wave": maybe(whole()), "revision": text(),
        "version": whole(), "sha256": DIGEST, "expires": TIME, "placed": maybe(TIME), "note": text(),
    }  # fmt: skip
    named: JsonObject = {"name": {"type": "string", "minLength": 1, "maxLength": 100}}
    return {
        "Wave": wave,
        "NewRelease": record(named, {"waves": {**many(ref("Wave"), WAVES), "minItems": 1}}),
        "Release": record(release, {"tenants": many(ref("Staged"))}),
        "Staged": record(staged),
        "Action": record({"action": words(action.value for action in Action)}, {"reason": text(most=500)}),
        "Revisions": record(
            {
                "published": many(record({"version": whole(), "revision": text(), "sha256": DIGEST})),
                "running": many(record({"version": whole(), "revision": text(), "since": TIME})),
            }
        ),
    }


def _fleet() -> JsonObject:
    bucket: JsonObject = {
        "hour": {**whole(), "multipleOf": 3600},
        **{name: text("[^\\u0000-\\u001f\\u007f]{1,200}") for name in ("agent", "provider", "model")},
        "sequence": whole(1), "requests": whole(), "estimated": whole(), **{name: whole() for name in _TOKENS},
    }  # fmt: skip
    versions: JsonObject = {item.value: text("[0-9A-Za-z][0-9A-Za-z.+_-]{0,39}") for item in Component}
    results: JsonObject = {check.value: words(result.value for result in Result) for check in Check}
    beat: JsonObject = {
        "policy": text("[0-9A-Za-z._-]{0,64}"), "policy_version": whole(), "audit": text(), "pending": whole(),
        "unsent": whole(), "posture": record({"at": whole(), "uid": whole(0, UIDS), "results": record({}, results)}),
        "at": TIME, "expires": TIME, "halted": whole(), "budgets_spent": whole(),
    }  # fmt: skip
    order: JsonObject = {"id": ID, "agent": text(), "reason": text(), "expires": NUMBER}
    kinds = [kind.value for kind in OrderKind]
    outcomes: JsonObject = {"outcome": words(outcome.value for outcome in OrderOutcome)}
    numbers: JsonObject = {"numbers": record({}, {number.value: whole() for number in Number})}
    given: JsonObject = {"person": text(), "made": TIME, "settled": maybe(TIME), "outcome": maybe(text())}
    return {
        "Bucket": record(bucket, {"cost": whole(), "unpriced": whole(), "tool_prompt": whole()}),
        "Buckets": record({"buckets": many(ref("Bucket"), BUCKETS)}),
        "Heartbeat": record({"versions": record({}, versions)}, beat),
        "HeartbeatReply": record(
            {"time": TIME, "proven": whole(), "cosignature": text(), "contradiction": text(), "passed_over": whole()}
        ),
        "Checkpoint": record({"day": whole(), "at": TIME, "size": whole(), "root": DIGEST, "note": text()}),
        "Orders": record({"items": many(record({**order, "kind": words(["", *kinds])}), ORDERS)}),
        "NewOrder": record({"kind": words(kinds)}, {"agent": text(most=64), "reason": text(most=200)}),
        "GivenOrders": record({"items": many(record({**order, **given, "kind": words(kinds), **numbers}))}),
        "OrderResult": record(outcomes, numbers),
    }


SCHEMAS: Final[JsonObject] = _schemas()
