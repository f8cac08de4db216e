"""Every request of the API. A test holds this table and the routes together: neither can have what the other lacks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from hub.openapi.shapes import ID, TENANT
from safety_core.canonical import JsonObject
from safety_core.model.approval import ApprovalState
from safety_core.wire.feed import RECIPIENT_LIMIT, USES
from safety_core.wire.schema import FLAG, NUMBER, TIME, many, maybe, record, ref, text, whole, words

TAR: Final = "application/x-tar"
JSON: Final = "application/json"


class Who(StrEnum):
    """Who may send a request."""

    ANYBODY = "anybody"
    EDGE = "edge"
    """By the signature of its tenant's key."""
    APPROVER = "approver"
    """By a bearer token, as publishers."""
    PUBLISHER = "publisher"


@dataclass(frozen=True, slots=True)
class Operation:
    """One request.

    Attributes:
        answers: the schema of each good answer, by status; None where it has no JSON body.
        takes: schema of the body; `media` says in which form.
        gives: media type of good answers.
        query: schemas of the query's parameters, all of which may be left out.
    """

    who: Who
    summary: str
    answers: Mapping[int, JsonObject | None]
    takes: JsonObject | None = None
    media: str = JSON
    gives: str = JSON
    query: Mapping[str, JsonObject] = field(default_factory=dict)


OK: Final = record({"ok": {"const": True}})
BYTES: Final[JsonObject] = {"type": "string", "format": "binary"}
PARAMETERS: Final[Mapping[str, JsonObject]] = {
    "id": ID,
    "tenant": TENANT,
    "path": text("[a-z0-9./]{1,100}"),
}

_SETTLED: Final = record({"state": text(), "grant": ref("Grant"), "missing": whole()})
_OUTWARD: Final = record(
    {
        "grant": ref("Standing"),
        "request": ID,
        "withdrawn": maybe(TIME),
        "withdrawn_by": maybe(text()),
        "remaining": maybe(whole()),
        "ended": maybe(text()),
    }
)
_DECISION: Final[JsonObject] = {
    "oneOf": [record({"allow": FLAG}, {"origin": words(("api", "cli"))}), record({"grant": ref("Grant")})]
}
_TERMS: Final = record({"recipient": text(most=RECIPIENT_LIMIT), "not_after": NUMBER, "uses": whole(1, USES)})
_REGISTRATION: Final = record({"token": text(most=200), "tenant": TENANT, "public": text("[0-9a-f]{64}")})
_SINCE: Final[JsonObject] = {"type": "number", "minimum": 0, "maximum": 2**53 - 1}

_DISTRIBUTION: Final[Mapping[tuple[str, str], Operation]] = {
    ("GET", "/v1/repository/{path}"): Operation(
        Who.EDGE,
        "a file of the tenant's repository, by ETag",
        {200: {}, 304: None},
        gives="*/*",
    ),
    ("PUT", "/v1/tenants/{tenant}/repository"): Operation(
        Who.PUBLISHER,
        "publish repository files, as a tar",
        {200: record({"files": whole(), "new": whole()})},
        takes=BYTES,
        media=TAR,
    ),
    ("GET", "/v1/tenants/{tenant}/revisions"): Operation(
        Who.PUBLISHER, "what was published, and what ran since when", {200: ref("Revisions")}
    ),
    ("POST", "/v1/releases"): Operation(
        Who.PUBLISHER, "make a release", {201: ref("Release")}, takes=ref("NewRelease")
    ),
    ("GET", "/v1/releases"): Operation(
        Who.PUBLISHER, "the newest releases", {200: record({"releases": many(ref("Release"))})}
    ),
    ("GET", "/v1/releases/{id}"): Operation(
        Who.PUBLISHER, "one release with each of its tenants", {200: ref("Release")}
    ),
    ("PUT", "/v1/releases/{id}/tenants/{tenant}"): Operation(
        Who.PUBLISHER, "stage a tenant's publication, as a tar", {200: ref("Staged")}, takes=BYTES, media=TAR
    ),
    ("POST", "/v1/releases/{id}/action"): Operation(
        Who.PUBLISHER, "start, halt, resume, promote or abandon a release", {200: ref("Release")}, takes=ref("Action")
    ),
}

_APPROVALS: Final[Mapping[tuple[str, str], Operation]] = {
    ("POST", "/v1/approvals"): Operation(
        Who.EDGE,
        "ask a question, idempotent by id",
        dict.fromkeys((200, 201), record({"state": text()})),
        takes=ref("ApprovalRequest"),
    ),
    ("GET", "/v1/approvals"): Operation(
        Who.APPROVER,
        "the tenant's questions, the newest first",
        {200: record({"approver": text(), "approvals": many(ref("Question"))})},
        query={"state": words(state.value for state in ApprovalState)},
    ),
    ("GET", "/v1/approvals/decisions"): Operation(
        Who.EDGE,
        "what people decided, after a cursor",
        {200: record({"next": whole(), "items": many(ref("FeedItem"))})},
        query={"after": whole()},
    ),
    ("GET", "/v1/approvals/{id}"): Operation(Who.APPROVER, "one question", {200: ref("Question")}),
    ("POST", "/v1/approvals/{id}/decision"): Operation(
        Who.APPROVER, "answer a question", {200: _SETTLED}, takes=_DECISION
    ),
    ("POST", "/v1/approvals/{id}/cancel"): Operation(
        Who.APPROVER, "end a question without an answer", {200: record({"state": text()})}
    ),
    ("POST", "/v1/approvals/{id}/edit"): Operation(
        Who.APPROVER,
        "put other arguments in place of a call's",
        {202: OK},
        takes=record({"params": {"type": "object"}}),
    ),
    ("POST", "/v1/approvals/{id}/outward"): Operation(
        Who.APPROVER, "make an outward grant from a question", {201: record({"grant": ref("Standing")})}, takes=_TERMS
    ),
    ("POST", "/v1/approvals/reports"): Operation(
        Who.EDGE, "what became of questions at the edge", {200: OK}, takes=ref("Told")
    ),
    ("GET", "/v1/outward"): Operation(
        Who.APPROVER, "the tenant's outward grants, the newest first", {200: record({"outward": many(_OUTWARD)})}
    ),
    ("POST", "/v1/outward/{id}/withdraw"): Operation(Who.APPROVER, "end an outward grant now", {200: OK}),
}

_FLEET: Final[Mapping[tuple[str, str], Operation]] = {
    ("POST", "/v1/tenants/register"): Operation(
        Who.EDGE, "bind a key by a one-time token", {200: record({"tenant": TENANT})}, takes=_REGISTRATION
    ),
    ("POST", "/v1/heartbeat"): Operation(
        Who.EDGE, "how the edge stands", {200: ref("HeartbeatReply")}, takes=ref("Heartbeat")
    ),
    ("GET", "/v1/events"): Operation(
        Who.EDGE, "hints that there is something to fetch, as they come", {200: None}, gives="text/event-stream"
    ),
    ("GET", "/v1/audit/checkpoints"): Operation(
        Who.EDGE,
        "what the hub has cosigned of the audit log",
        {200: record({"log": whole(), "items": many(ref("Checkpoint"))})},
    ),
    ("GET", "/v1/orders"): Operation(Who.EDGE, "what the edge has to do yet", {200: ref("Orders")}),
    ("POST", "/v1/orders/{id}/result"): Operation(
        Who.EDGE, "what came of an order", {200: OK}, takes=ref("OrderResult")
    ),
    ("POST", "/v1/tenants/{tenant}/orders"): Operation(
        Who.APPROVER,
        "give an order to the tenant's edge",
        {201: record({"id": ID, "expires": TIME})},
        takes=ref("NewOrder"),
    ),
    ("GET", "/v1/tenants/{tenant}/orders"): Operation(
        Who.APPROVER, "the last orders and what came of them", {200: ref("GivenOrders")}
    ),
    ("POST", "/v1/usage"): Operation(
        Who.EDGE, "token totals by the hour", {200: record({"accepted": whole()})}, takes=ref("Buckets")
    ),
    ("GET", "/v1/usage"): Operation(
        Who.APPROVER, "the tenant's token totals", {200: ref("Buckets")}, query={"since": _SINCE}
    ),
    ("GET", "/v1/health"): Operation(
        Who.ANYBODY, "whether the database answers", {200: record({"ok": {"const": True}, "time": TIME})}
    ),
    ("GET", "/v1/openapi.json"): Operation(Who.ANYBODY, "this document", {200: {"type": "object"}}),
}

OPERATIONS: Final[Mapping[tuple[str, str], Operation]] = {**_FLEET, **_APPROVALS, **_DISTRIBUTION}
"""By method and path."""
