"""What a message in the outbox says now, just before it goes out: questions may have been answered meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from hub.approvals.questions import state_at
from hub.context import Context
from hub.notices import links, wording
from hub.notices.wording import Message
from hub.store import approvals, telling
from hub.store.approvals import StoredApproval
from hub.store.channels import Channel
from hub.store.outbox import Draft
from safety_core.canonical import Json
from safety_core.model.approval import ApprovalState, RequestId
from safety_core.wire.approvals import request_from_json
from safety_core.wire.reader import Reader

STALE_SECONDS: Final = 24 * 3600.0
"""How long other news than questions is worth telling."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A message, and until when it is worth telling (seconds since the epoch)."""

    message: Message
    expires: float


async def compose(context: Context, draft: Draft, channel: Channel) -> Ready | None:
    """Return what to say, with a fresh one-use link where there is something to answer; None for nothing (any more)."""
    now, console = context.clock(), context.settings.origin
    if draft.kind in {"question", "reminder", "expired"}:
        return await _about_questions(context, draft, channel)
    if draft.kind == "digest":
        async with context.database.read() as connection:
            counts = await telling.counts(connection, draft.tenant, now - 86_400)
        day = str(draft.body.get("day", ""))
        return Ready(wording.digest(draft.tenant, day, {**counts}, f"{console}/"), now + STALE_SECONDS)
    if draft.kind == "alert":
        url = f"{console}/tenants/{draft.tenant}"
        return Ready(wording.alert(draft.tenant, draft.body, url, draft.subject), now + STALE_SECONDS)
    return None


async def _about_questions(context: Context, draft: Draft, channel: Channel) -> Ready | None:
    now = context.clock()
    wanted = ApprovalState.EXPIRED if draft.kind == "expired" else ApprovalState.PENDING
    async with context.database.read() as connection:
        found = await _still(connection, draft, wanted, now)
    if not found:
        return None
    first, more = found[0], draft.body.get("more")
    others = len(found) - 1 + (int(more) if isinstance(more, int) else 0)
    asked = request_from_json(Reader.parse(first.request, "stored request"))
    page = f"{context.settings.origin}/questions/{draft.tenant}/{first.id}"
    if draft.kind == "expired":
        return Ready(wording.expired(asked, others, page), now + STALE_SECONDS)
    approve = await links.may_approve(context, asked, channel.word)
    async with context.database.write() as connection:
        what = (draft.tenant, first.id)
        token = await links.issue(connection, what, channel.person, channel.word, now, first.expires)
    message = wording.question(asked, first.expires, others, links.address(context, token), detail=channel.detail)
    message = wording.with_answers(message, page, approve=approve)
    if draft.kind == "reminder":
        message = wording.reminder(message, first.expires, now)
    return Ready(message, first.expires)


async def _still(connection: AsyncConnection, draft: Draft, wanted: ApprovalState, now: float) -> list[StoredApproval]:
    """Return the message's questions that stand as they should to be told of, in order."""
    named: Json = draft.body.get("requests")
    found: list[StoredApproval] = []
    for request in named if isinstance(named, list) else []:
        stored = await approvals.find(connection, draft.tenant, RequestId(str(request)))
        if stored is not None and state_at(stored, now) is wanted:
            found.append(stored)
    return found
