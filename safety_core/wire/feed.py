"""What an edge hears from the hub, in order, and what it says of it in return, as JSON.

GET  /v1/approvals/decisions  {"next", "items": [item]}
item                          {"grant"} | {"edit"} | {"standing"} | {"withdrawal": {"id"}}
                              | {"cancellation": {"request", "approver"}}
POST /v1/approvals/reports    {"reports": [{"request", "state", "by", "at", "replaced"?, "refused"?}],
                               "standing"?: [{"id", "remaining", "ended"}]}

Parsing proves nothing: who signed a grant, an edit or a standing grant is `safety_core.approve`'s.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from safety_core.canonical import Digest, JsonObject, canonical_bytes
from safety_core.errors import InputError, LimitError
from safety_core.model.approval import (
    ApprovalState,
    Cancellation,
    Edit,
    FeedItem,
    Grant,
    KeyId,
    Report,
    RequestId,
    StandingGrant,
    StandingReport,
    Withdrawal,
)
from safety_core.model.tool_call import AgentId, TenantId
from safety_core.wire.approvals import (
    DIGEST,
    ID,
    NOTHING,
    SIGNATURE,
    assertion_from_json,
    assertion_to_json,
    grant_from_json,
    grant_to_json,
)
from safety_core.wire.reader import Reader, check_retold

EDIT_BYTES: Final = 32 * 1024
"""Canonical bytes of arguments that an approver may put in place of others: their agent is told them word by word."""

USES: Final = 1000
"""Calls that one standing grant may cover at most."""

REPORTS: Final = 100
"""Reports in one message."""

BY_LIMIT: Final = 200
"""Characters of who did something that the hub is told."""

RECIPIENT_LIMIT: Final = 254
"""Characters of an address (RFC 5321, 4.5.3.1)."""

REFUSED_LIMIT: Final = 120
REFUSED: Final = re.compile(r"[A-Za-z0-9 _.:,*/?-]*")
"""Why an edit was refused: names of rules, clauses and errors, never a text that somebody wrote."""


def item_to_json(item: FeedItem) -> JsonObject:
    """Return the JSON form of one item."""
    match item:
        case Grant():
            return {"grant": grant_to_json(item)}
        case Edit():
            return {"edit": edit_to_json(item)}
        case StandingGrant():
            return {"standing": standing_to_json(item)}
        case Withdrawal(withdrawn):
            return {"withdrawal": {"id": withdrawn}}
        case _:
            return {"cancellation": {"request": item.request, "approver": item.approver}}


def item_from_json(body: Reader) -> FeedItem:
    """Return the item that `body` holds, not yet believed, or raise InputError naming the field."""
    item: FeedItem
    if body.has("grant"):
        item = grant_from_json(body.object("grant"))
    elif body.has("edit"):
        item = edit_from_json(body.object("edit"))
    elif body.has("standing"):
        item = standing_from_json(body.object("standing"))
    elif body.has("withdrawal"):
        item = _withdrawal(body.object("withdrawal"))
    elif body.has("cancellation"):
        item = _cancellation(body.object("cancellation"))
    else:
        raise InputError(body.path, "is nothing that this version of the edge knows", "update the edge")
    body.done()
    return item


def edit_to_json(edit: Edit) -> JsonObject:
    """Return the JSON form of an edit."""
    return {
        "request": edit.request,
        "action_digest": edit.action_digest,
        "params": edit.params,
        "approver": edit.approver,
        "origin": edit.origin,
        "nonce": edit.nonce,
        "decided": edit.decided,
        "key": edit.key,
        "signature": edit.signature,
    }


def edit_from_json(body: Reader) -> Edit:
    """Return the edit that `body` holds, or raise InputError naming the field."""
    edit = Edit(
        request=RequestId(_shaped(body, "request", ID)),
        action_digest=Digest(_shaped(body, "action_digest", DIGEST)),
        params=within(body.mapping("params"), f"{body.path}.params"),
        approver=body.text("approver"),
        origin=body.text("origin"),
        nonce=_shaped(body, "nonce", ID),
        decided=body.number("decided"),
        key=KeyId(body.text("key")),
        signature=_shaped(body, "signature", SIGNATURE),
    )
    body.done()
    return edit


def within(params: JsonObject, name: str) -> JsonObject:
    """Return edited arguments that are not too long to be told, or raise LimitError."""
    raw = canonical_bytes(params)
    if len(raw) > EDIT_BYTES:
        raise LimitError(name, f"is larger than {EDIT_BYTES} bytes", "refuse the call, and tell the agent what to do")
    check_retold(raw, name)
    return params


def standing_to_json(standing: StandingGrant) -> JsonObject:
    """Return the JSON form of a standing grant."""
    fields: JsonObject = {
        "id": standing.id,
        "tenant": standing.tenant,
        "agent": standing.agent,
        "tool": standing.tool,
        "recipient": standing.recipient,
        "not_after": standing.not_after,
        "uses": standing.uses,
        "approver": standing.approver,
        "origin": standing.origin,
        "decided": standing.decided,
        "key": standing.key,
        "signature": standing.signature,
    }
    return {**fields, "assertion": assertion_to_json(standing.assertion)} if standing.assertion else fields


def standing_from_json(body: Reader) -> StandingGrant:
    """Return the standing grant that `body` holds, or raise InputError naming the field."""
    assertion = assertion_from_json(body.object("assertion")) if body.has("assertion") else None
    standing = StandingGrant(
        id=_shaped(body, "id", ID),
        tenant=TenantId(body.text("tenant")),
        agent=AgentId(body.text("agent")),
        tool=body.text("tool"),
        recipient=body.text("recipient", limit=RECIPIENT_LIMIT),
        not_after=body.number("not_after"),
        uses=body.integer("uses", minimum=1, maximum=USES),
        approver=body.text("approver"),
        origin=body.text("origin"),
        decided=body.number("decided"),
        key=KeyId(body.text("key")),
        signature=_shaped(body, "signature", SIGNATURE if assertion is None else NOTHING),
        assertion=assertion,
    )
    body.done()
    return standing


@dataclass(frozen=True, slots=True)
class Told:
    """One message of an edge about questions and outward grants."""

    questions: tuple[Report, ...]
    standing: tuple[StandingReport, ...] = ()


def told_to_json(told: Told) -> JsonObject:
    """Return what became of questions and outward grants as one message."""
    message: JsonObject = {"reports": [report_to_json(report) for report in told.questions]}
    if told.standing:
        message["standing"] = [
            {"id": said.id, "remaining": said.remaining, "ended": said.ended} for said in told.standing
        ]
    return message


def told_from_json(body: Reader) -> Told:
    """Return what became of questions and outward grants, or raise InputError naming the field."""
    found = tuple(report_from_json(report) for report in body.objects("reports", limit=REPORTS))
    standing = tuple(map(_standing_report, body.objects("standing", limit=REPORTS))) if body.has("standing") else ()
    body.done()
    return Told(found, standing)


def _standing_report(body: Reader) -> StandingReport:
    remaining, ended = body.integer("remaining", maximum=USES), body.text("ended", limit=REFUSED_LIMIT)
    said = StandingReport(_shaped(body, "id", ID), remaining, _names(body, "ended", ended))
    body.done()
    return said


def _names(body: Reader, field: str, value: str) -> str:
    if not REFUSED.fullmatch(value):
        raise InputError(f"{body.path}.{field}", "must be names of rules or errors")
    return value


def report_to_json(report: Report) -> JsonObject:
    """Return the JSON form of what became of one question."""
    fields: JsonObject = {"request": report.request, "state": report.state.value, "by": report.by, "at": report.at}
    if report.replaced:
        fields["replaced"] = report.replaced
    if report.refused:
        fields["refused"] = report.refused
    return fields


def report_from_json(body: Reader) -> Report:
    """Return what became of one question, or raise InputError naming the field."""
    word = body.text("state")
    if word not in set(ApprovalState):
        raise InputError(f"{body.path}.state", "must be one of " + ", ".join(ApprovalState))
    report = Report(
        request=RequestId(_shaped(body, "request", ID)),
        state=ApprovalState(word),
        by=body.text("by"),
        at=body.number("at"),
        replaced=RequestId(_shaped(body, "replaced", ID)) if body.has("replaced") else None,
        refused=_names(body, "refused", body.text("refused", "", limit=REFUSED_LIMIT)),
    )
    body.done()
    return report


def _withdrawal(body: Reader) -> Withdrawal:
    withdrawal = Withdrawal(_shaped(body, "id", ID))
    body.done()
    return withdrawal


def _cancellation(body: Reader) -> Cancellation:
    cancellation = Cancellation(RequestId(_shaped(body, "request", ID)), body.text("approver"))
    body.done()
    return cancellation


def _shaped(body: Reader, name: str, shape: re.Pattern[str]) -> str:
    value = body.text(name, limit=128)
    if not shape.fullmatch(value):
        raise InputError(f"{body.path}.{name}", f"must match {shape.pattern}")
    return value
