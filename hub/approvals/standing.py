"""Outward grants that approvers make from a card: bounded by time and uses, listed, withdrawn at once.

The hub checks what helps the approver; what such a grant is worth, the edge says, by the signed policy (`outward_days`
of the key). Withdrawing only tightens, so the hub's word is enough for it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Final

from hub.approvals import feed, questions
from hub.approvals.approver import Approver
from hub.approvals.grants import CLOCK_SECONDS
from hub.approvals.keys import keys_of, passkey_of
from hub.bus import Topic
from hub.context import Context
from hub.errors import ConflictError, NotFoundError
from hub.policy.reading import policy_of
from hub.store import standing
from hub.store.standing import MadeGrant
from safety_core.approve import check_signed, key_id
from safety_core.edge import clock
from safety_core.errors import ExpiredGrantError, ForgedGrantError, InputError, MismatchedGrantError
from safety_core.model.approval import ApprovalRequest, Assertion, KeyId, RequestId, StandingGrant, Withdrawal
from safety_core.model.level import Level
from safety_core.model.policy import KeyKind
from safety_core.model.tool_call import TenantId
from safety_core.standing import check_standing, sign_standing, standing_bytes, standing_challenge
from safety_core.wire.feed import USES

LONGEST_SECONDS: Final = 366 * 24 * 3600.0
"""No outward grant is made for longer; policy says how much less it has to be."""

PAGE: Final = 500
"""Grants in one list."""

_MAILBOXES: Final = """
gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com ymail.com aol.com icloud.com me.com mac.com
gmx.com gmx.net gmx.de gmx.at gmx.ch web.de t-online.de freenet.de mail.com proton.me protonmail.com pm.me zoho.com
fastmail.com tutanota.com mail.ru yandex.ru yandex.com qq.com 163.com 126.com naver.com orange.fr wanadoo.fr free.fr
laposte.net libero.it virgilio.it bluewin.ch hotmail.fr hotmail.de hotmail.co.uk outlook.de yahoo.de yahoo.fr
yahoo.co.uk yahoo.co.jp btinternet.com comcast.net att.net verizon.net
"""
ANYBODY: Final = frozenset(_MAILBOXES.split())
"""Where anybody can have an address: everybody there is nobody in particular, and is not offered on a card."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What an approver gives: whom an agent may reach, until when (seconds since the epoch), in how many calls."""

    recipient: str
    not_after: float
    uses: int


@dataclass(frozen=True, slots=True)
class StandingDraft:
    """An outward grant that waits for a passkey. `challenge`: what that signs, 32 bytes."""

    grant: StandingGrant
    challenge: bytes


def offered(question: ApprovalRequest) -> tuple[str, ...]:
    """Return whom an outward grant may be made for on this question's card: whom it names, and everybody at their
    domain if it is theirs. Nobody, where grants cover no such call."""
    if not question.outward or question.level > Level.YELLOW_EXTERNAL:
        return ()
    domains = (name.rpartition("@")[2] for name in question.recipients if "@" in name)
    theirs = (f"@{domain}" for domain in domains if domain and domain.lower() not in ANYBODY)
    return tuple(dict.fromkeys((*question.recipients, *theirs)))


async def make(context: Context, approver: Approver, request_id: RequestId, terms: Terms) -> StandingGrant:
    """Make an outward grant from a card, signed with the hub's key, and send it to the edge.

    Raises:
        NotFoundError: the tenant has no such question.
        InputError: such a grant would cover nothing, or its terms make no sense.
        GrantError: the tenant's policy, as the hub knows it, lets this key give no such grant.
    """
    question = (await questions.find(context, approver.tenant, request_id)).request
    grant = _unsigned(question, approver, terms, context.keys.approvals_id, context.clock())
    return await _send(context, sign_standing(grant, context.keys.approvals), request_id)


async def draft(
    context: Context, approver: Approver, request_id: RequestId, credential: str, terms: Terms
) -> StandingDraft:
    """Return what the approver's passkey is to sign. Raises as `make`, and NotFoundError where it is not theirs."""
    question = (await questions.find(context, approver.tenant, request_id)).request
    spki = await passkey_of(context, approver, credential)
    grant = _unsigned(question, approver, terms, key_id(KeyKind.PASSKEY, spki), context.clock())
    return StandingDraft(grant, standing_challenge(grant))


async def make_signed(
    context: Context, approver: Approver, request_id: RequestId, grant: StandingGrant, assertion: Assertion
) -> StandingGrant:
    """Make an outward grant from a draft that the approver's passkey signed.

    Raises:
        NotFoundError, InputError: as `make`.
        GrantError: it is not what was drafted, or not signed by their passkey.
        ConflictError: it has been made before.
    """
    question = (await questions.find(context, approver.tenant, request_id)).request
    thing, now = f"outward grant {grant.id}", context.clock()
    again = _unsigned(question, approver, Terms(grant.recipient, grant.not_after, grant.uses), grant.key, now)
    if replace(again, id=grant.id, decided=grant.decided) != grant:
        raise MismatchedGrantError(thing, "it is not what was drafted")
    if abs(now - grant.decided) > questions.HOUR or grant.decided > now + CLOCK_SECONDS:
        raise ExpiredGrantError(thing, "its time does not fit", "make it again")
    keys = await keys_of(context, approver)
    key = next((key for key in keys if key.kind is KeyKind.PASSKEY and key.id == grant.key), None)
    if key is None:
        raise ForgedGrantError(thing, "its passkey is not one of yours", "add it in the console's settings")
    check_signed(standing_bytes(grant), "", assertion, key, thing)
    return await _send(context, replace(grant, assertion=assertion), request_id)


async def listed(context: Context, tenants: Collection[TenantId], *, past: bool = False) -> tuple[MadeGrant, ...]:
    """Return the outward grants of these tenants that have not ended by time, the newest first; with `past`, all."""
    async with context.database.read() as connection:
        return await standing.listed(connection, tenants, 0.0 if past else context.clock(), PAGE)


async def withdraw(context: Context, approver: Approver, grant: str) -> None:
    """End an outward grant now. Withdrawing it again changes nothing. Raises NotFoundError."""
    async with context.database.write() as connection:
        if not await standing.known(connection, approver.tenant, grant):
            raise NotFoundError("outward grant", "is not there")
        if await standing.withdraw(connection, approver.tenant, grant, approver.name, context.clock()):
            await feed.append(connection, approver.tenant, Withdrawal(grant))
    context.bus.ring(approver.tenant, Topic.FEED)


def _unsigned(question: ApprovalRequest, approver: Approver, terms: Terms, key: KeyId, now: float) -> StandingGrant:
    if terms.recipient not in offered(question):
        raise InputError("recipient", "is none that an outward grant from this card could cover")
    if not 1 <= terms.uses <= USES:
        raise InputError("uses", f"must be 1 to {USES}")
    if not now < terms.not_after <= now + LONGEST_SECONDS:
        raise InputError("end", "must lie ahead, within a year")
    return StandingGrant(
        id=clock.new_id(),
        tenant=question.tenant,
        agent=question.agent,
        tool=question.tool,
        recipient=terms.recipient,
        not_after=terms.not_after,
        uses=terms.uses,
        approver=approver.name,
        origin=approver.said_from,
        decided=now,
        key=key,
        signature="",
    )


async def _send(context: Context, grant: StandingGrant, request_id: RequestId) -> StandingGrant:
    policy = await policy_of(context, grant.tenant)
    if policy is not None:  # the edge has the last word; but nobody is to believe that they gave what will not hold
        check_standing(grant, policy, context.clock())
    async with context.database.write() as connection:
        if await standing.known(connection, grant.tenant, grant.id):
            raise ConflictError(f"outward grant {grant.id}", "has been made already")
        await standing.add(connection, grant.tenant, grant, request_id, context.clock())
        await feed.append(connection, grant.tenant, grant)
    context.bus.ring(grant.tenant, Topic.FEED)
    return grant
