"""Answers to questions: each is one transaction, whoever else answers, cancels or lets time run out meanwhile."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from hub import happenings
from hub.approvals import feed
from hub.approvals.approver import Approver
from hub.approvals.grants import believed, drafted, signed
from hub.approvals.keys import keys_of, passkey_of
from hub.approvals.questions import state_at
from hub.bus import Topic
from hub.context import Context
from hub.errors import ConflictError, NotFoundError
from hub.policy.reading import policy_of
from hub.store import approvals, standing
from hub.store.approvals import StoredApproval
from safety_core.approve import challenge, verify_answer
from safety_core.errors import SafetyError
from safety_core.model.approval import ApprovalRequest, ApprovalState, Cancellation, Grant, RequestId
from safety_core.model.tool_call import TenantId
from safety_core.wire.approvals import grant_from_json, request_from_json
from safety_core.wire.reader import Reader

ANSWERS = {True: ApprovalState.GRANTED, False: ApprovalState.DENIED}
"""Where the answer that settles a question takes it."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What came of an answer.

    Attributes:
        state: where the question stands now.
        grant: the answer that is kept: an equal one that this person gave before stays.
        missing: how many other people still have to say yes.
    """

    state: ApprovalState
    grant: Grant
    missing: int


@dataclass(frozen=True, slots=True)
class Draft:
    """An answer that waits for a passkey.

    Attributes:
        grant: the answer without its assertion.
        challenge: what the passkey is to sign, 32 bytes.
    """

    grant: Grant
    challenge: bytes


async def answer(context: Context, approver: Approver, request_id: RequestId, *, allow: bool) -> Settled:
    """Answer a question, signed with the hub's key.

    Raises:
        NotFoundError: the tenant has no such question.
        GrantError: policy does not let the hub approve it, or not from there.
        ConflictError: it is settled otherwise.
    """
    question = await _question(context, approver, request_id)
    grant = signed(question, context.keys, approver, allow, context.clock())
    await _check_policy(context, approver, question, grant)
    return await _settle(context, approver, question, grant)


async def draft(
    context: Context, approver: Approver, request_id: RequestId, credential: str, *, allow: bool = True
) -> Draft:
    """Return what the approver's passkey is to sign.

    Args:
        credential: which one, as the browser names it (base64url).

    Raises:
        NotFoundError: there is no such question, or the approver has no such passkey.
        ConflictError: the question is settled.
    """
    question = await _question(context, approver, request_id, still_open=True)
    spki = await passkey_of(context, approver, credential)
    grant = drafted(question, spki, approver, allow, context.clock())
    return Draft(grant, challenge(grant))


async def answer_signed(context: Context, approver: Approver, grant: Grant) -> Settled:
    """Answer with what the approver signed on their own, by a key file or a passkey.

    Raises:
        NotFoundError: the tenant has no such question.
        GrantError: it is not theirs, not for this question, or its times do not fit.
        ConflictError: the question is settled otherwise.
    """
    question = await _question(context, approver, grant.request)
    believed(grant, question, approver, await keys_of(context, approver), context.clock())
    await _check_policy(context, approver, question, grant)
    return await _settle(context, approver, question, grant)


async def cancel(context: Context, approver: Approver, request_id: RequestId) -> None:
    """End an open question without an answer: the edge asks anew where the agent still wants it.

    Raises:
        NotFoundError, ConflictError: as in `answer`; to cancel what is cancelled changes nothing.
    """
    item = Cancellation(request_id, approver.name)
    async with context.database.write() as connection:
        if cancelled := await approvals.close(connection, approver.tenant, request_id, ApprovalState.CANCELLED):
            await feed.append(connection, approver.tenant, item)
            now = context.clock()
            await happenings.settled(
                connection, approver.tenant, request_id, ApprovalState.CANCELLED, approver.name, now
            )
        stored = await approvals.find(connection, approver.tenant, request_id)
    if cancelled:
        _ring(context, approver)
    elif stored is None:
        raise _not_there()
    elif stored.state is not ApprovalState.CANCELLED:
        raise ConflictError(f"approval {request_id}", f"is already {stored.state}")


async def _question(
    context: Context, approver: Approver, request_id: RequestId, *, still_open: bool = False
) -> ApprovalRequest:
    async with context.database.read() as connection:
        stored = await approvals.find(connection, approver.tenant, request_id)
    if stored is None:
        raise _not_there()
    state = state_at(stored, context.clock())
    if still_open and state is not ApprovalState.PENDING:
        raise ConflictError(f"approval {request_id}", f"is {state}", "have the agent ask again")
    return request_from_json(Reader.parse(stored.request, "stored request"))


async def _check_policy(context: Context, approver: Approver, question: ApprovalRequest, grant: Grant) -> None:
    """Raise GrantError for what the edge would refuse, as far as the hub knows: under the policy that was published
    last, if it is the one that the question was asked under. So nobody believes to have approved what nothing opens."""
    policy = await policy_of(context, approver.tenant)
    if policy is not None and policy.revision == question.revision:
        verify_answer(grant, question, policy)


async def _settle(context: Context, approver: Approver, question: ApprovalRequest, grant: Grant) -> Settled:
    """Keep an answer and what follows from it, in one transaction."""
    async with context.database.write() as connection:
        settled = await _settled(connection, approver.tenant, grant, question.quorum, context.clock())
    if isinstance(settled, SafetyError):
        raise settled  # after the transaction: that the time has run out is noted in it
    _ring(context, approver)
    return settled


def _ring(context: Context, approver: Approver) -> None:
    for topic in (Topic.FEED, Topic.INBOX):
        context.bus.ring(approver.tenant, topic)


async def _said(connection: AsyncConnection, stored: StoredApproval) -> list[Grant]:
    kept = await approvals.answers_of(connection, (stored,))
    return [grant_from_json(Reader.parse(raw, "stored grant")) for raw in kept[stored.tenant, stored.id]]


async def _settled(
    connection: AsyncConnection, tenant: TenantId, grant: Grant, quorum: int, now: float
) -> Settled | SafetyError:
    stored = await approvals.find(connection, tenant, grant.request, lock=True)
    if stored is None:
        return _not_there()
    alone = stored.state is ApprovalState.PENDING and quorum == 1  # nobody has said anything: it would be settled
    said = [] if alone else await _said(connection, stored)
    before = next((given for given in said if given.approver == grant.approver), None)
    if before is not None and before.allow == grant.allow:
        return Settled(stored.state, before, _missing(stored.state, quorum, said))
    if stored.state is ApprovalState.PENDING and now > stored.expires:
        await approvals.close(connection, tenant, stored.id, ApprovalState.EXPIRED)
        return ConflictError(f"approval {stored.id}", "is expired", "have the agent ask again")
    if stored.state is not ApprovalState.PENDING:
        return _settled_otherwise(stored, said)
    edit = await standing.last_edit(connection, tenant, stored.id) if grant.allow else None
    if edit is not None and edit.refused is None:
        by = edit.edit.approver
        return ConflictError(f"approval {stored.id}", f"is being changed by {by}", "answer the question that follows")
    await approvals.add_answer(connection, tenant, grant, now)
    await feed.append(connection, tenant, grant)
    missing = _missing(stored.state, quorum, [*said, grant])
    if grant.allow and missing:
        return Settled(ApprovalState.PENDING, grant, missing)
    await approvals.settle(connection, tenant, grant)
    await happenings.settled(connection, tenant, stored.id, ANSWERS[grant.allow], grant.approver, now)
    return Settled(ANSWERS[grant.allow], grant, 0)


def _missing(state: ApprovalState, quorum: int, said: list[Grant]) -> int:
    people = {grant.approver for grant in said if grant.allow}
    return max(0, quorum - len(people)) if state is ApprovalState.PENDING else 0


def _settled_otherwise(stored: StoredApproval, said: list[Grant]) -> ConflictError:
    thing = f"approval {stored.id}"
    if stored.state not in ANSWERS.values() or not said:
        return ConflictError(thing, f"is {stored.state}", "have the agent ask again")
    return ConflictError(thing, f"is already {stored.state} by {said[-1].approver}")


def _not_there() -> NotFoundError:
    return NotFoundError("approval", "is not there", "see `safety approvals list`")
