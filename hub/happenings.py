"""What happened and is to be told: one row each, in the transaction of whoever changed something.

So nothing is told that did not happen, and nothing that happened goes untold, whenever the hub is killed. Whom it
concerns, and by which channels, is found out later by the clerk (`hub.notices.handout`).
"""

from __future__ import annotations

import hashlib
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncConnection

from hub.store import happenings
from safety_core.canonical import Json, JsonObject, canonical_bytes
from safety_core.model.approval import ApprovalRequest, ApprovalState, RequestId
from safety_core.model.tool_call import TenantId


class Event(StrEnum):
    """What webhooks can be told of; all but answers, releases and orders are told to people as well."""

    QUESTION = "question"
    ANSWER = "answer"
    ALERT = "alert"
    RELEASE = "release"
    ORDER = "order"


async def asked(connection: AsyncConnection, question: ApprovalRequest, now: float) -> None:
    """A new question waits. `question.expires` is believed: pass the hub's own end of it."""
    body: JsonObject = {
        "agent": question.agent,
        "tool": question.tool,
        "level": question.level.word,
        "alike": alike(question),
        "expires": question.expires,
    }
    await happened(connection, question.tenant, Event.QUESTION, question.id, body, now)


async def settled(
    connection: AsyncConnection, tenant: TenantId, request: RequestId, state: ApprovalState, by: str, now: float
) -> None:
    """A question got its end. `by`: who answered, as they stand in the grant; empty where nobody did."""
    await happened(connection, tenant, Event.ANSWER, request, {"state": state.value, "by": by}, now)


async def alert(
    connection: AsyncConnection, tenant: TenantId, kind: str, subject: str, reason: str, now: float
) -> None:
    """Something needs a look. Whoever raises it sees to it that the same thing is not raised again and again."""
    body: JsonObject = {"kind": kind, "subject": subject, "reason": reason}
    name = hashlib.sha256(canonical_bytes([kind, subject])).hexdigest()
    await happened(connection, tenant, Event.ALERT, name, body, now)


async def happened(
    connection: AsyncConnection, tenant: TenantId, event: Event, subject: str, body: JsonObject, now: float
) -> None:
    """Something else happened, of which webhooks are told: a release moved, an order was given or carried out.

    Args:
        subject: what makes it one event: the same event and subject that still waits is not told twice.
        body: words and numbers for the receiver; nothing that may hold a secret.
    """
    await happenings.insert(connection, happenings.Happening(tenant, event.value, subject, now, now, body))


def alike(question: ApprovalRequest) -> str:
    """Return what questions have in common that become one message: 32 hexadecimal digits."""
    parts: list[Json] = [question.tenant, question.agent, question.tool, question.level.word, question.outward]
    return hashlib.sha256(canonical_bytes(parts)).hexdigest()[:32]
