"""Edits of questions and outward grants, as approvers signed them, and what edges say of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.store.schema.standing import edits, standing_grants
from safety_core.canonical import canonical_bytes
from safety_core.model.approval import Edit, RequestId, StandingGrant, StandingReport
from safety_core.model.tool_call import TenantId
from safety_core.wire.feed import edit_from_json, edit_to_json, standing_from_json, standing_to_json
from safety_core.wire.reader import Reader


@dataclass(frozen=True, slots=True)
class SentEdit:
    """An edit on its way to the edge, or after it.

    Attributes:
        at: seconds since the epoch.
        refused: why the edge did not take it; None while it has not said so, or took it.
    """

    edit: Edit
    at: float
    refused: str | None

    @property
    def waits(self) -> bool:
        """Whether the edge has said nothing of it; while its question is open, it is on its way then."""
        return self.refused is None


@dataclass(frozen=True, slots=True)
class MadeGrant:
    """An outward grant, as the hub knows of it.

    Attributes:
        request: the question on whose card it was made.
        withdrawn, withdrawn_by: when somebody ended it here, in seconds since the epoch, and who.
        remaining: uses that are left, as the edge said last; None until it has.
        ended: why it holds no more at the edge; None while it may.
    """

    grant: StandingGrant
    request: RequestId
    withdrawn: float | None
    withdrawn_by: str | None
    remaining: int | None
    ended: str | None


async def add_edit(connection: AsyncConnection, tenant: TenantId, edit: Edit, at: float) -> None:
    """Keep an edit."""
    body = canonical_bytes(edit_to_json(edit))
    row = {"nonce": edit.nonce, "request": edit.request, "approver": edit.approver, "at": at, "body": body}
    await connection.execute(insert(edits).values(tenant=tenant, **row))


async def last_edit(connection: AsyncConnection, tenant: TenantId, request: RequestId) -> SentEdit | None:
    """Return the newest edit of a question."""
    mine = (edits.c.tenant == tenant) & (edits.c.request == request)
    query = select(edits).where(mine).order_by(edits.c.at.desc(), edits.c.nonce).limit(1)
    row = (await connection.execute(query)).first()
    if row is None:
        return None
    return SentEdit(edit_from_json(Reader.parse(row.body, "stored edit")), row.at, row.refused)


async def last_edits(
    connection: AsyncConnection, requests: Collection[tuple[TenantId, RequestId]]
) -> Mapping[tuple[TenantId, RequestId], SentEdit]:
    """Return the newest edit of each of these questions that has one."""
    if not requests:
        return {}
    query = select(edits).where(tuple_(edits.c.tenant, edits.c.request).in_(requests))
    rows = await connection.execute(query.order_by(edits.c.at, edits.c.nonce.desc()))
    return {
        (TenantId(row.tenant), RequestId(row.request)): SentEdit(
            edit_from_json(Reader.parse(row.body, "stored edit")), row.at, row.refused
        )
        for row in rows
    }


async def refuse_edit(connection: AsyncConnection, tenant: TenantId, request: RequestId, why: str) -> None:
    """Note why the edge did not take what was sent of a question's edits."""
    sent = (edits.c.tenant == tenant) & (edits.c.request == request) & edits.c.refused.is_(None)
    await connection.execute(update(edits).where(sent).values(refused=why))


async def add(
    connection: AsyncConnection, tenant: TenantId, grant: StandingGrant, request: RequestId, now: float
) -> None:
    """Keep an outward grant."""
    body = canonical_bytes(standing_to_json(grant))
    row = {"id": grant.id, "request": request, "made": now, "not_after": grant.not_after, "body": body}
    await connection.execute(insert(standing_grants).values(tenant=tenant, **row))


async def listed(
    connection: AsyncConnection, tenants: Collection[TenantId], after: float, limit: int
) -> tuple[MadeGrant, ...]:
    """Return the outward grants of these tenants that end after `after`, the newest first."""
    query = select(standing_grants).where(standing_grants.c.tenant.in_(tenants) & (standing_grants.c.not_after > after))
    rows = await connection.execute(query.order_by(standing_grants.c.made.desc(), standing_grants.c.id).limit(limit))
    return tuple(
        MadeGrant(
            standing_from_json(Reader.parse(row.body, "stored outward grant")),
            RequestId(row.request),
            row.withdrawn,
            row.withdrawn_by,
            row.remaining,
            row.ended,
        )
        for row in rows
    )


async def known(connection: AsyncConnection, tenant: TenantId, grant: str) -> bool:
    """Tell whether the tenant has an outward grant of this id."""
    query = select(standing_grants.c.id).where((standing_grants.c.tenant == tenant) & (standing_grants.c.id == grant))
    return (await connection.execute(query)).first() is not None


async def withdraw(connection: AsyncConnection, tenant: TenantId, grant: str, by: str, now: float) -> bool:
    """Note that an outward grant was withdrawn; False if it was before, or is not there."""
    mine = (standing_grants.c.tenant == tenant) & (standing_grants.c.id == grant)
    statement = update(standing_grants).where(mine & standing_grants.c.withdrawn.is_(None))
    done = await connection.execute(statement.values(withdrawn=now, withdrawn_by=by).returning(standing_grants.c.id))
    return done.first() is not None


async def said_of(connection: AsyncConnection, tenant: TenantId, said: StandingReport) -> None:
    """Note how an outward grant stands at its edge."""
    mine = (standing_grants.c.tenant == tenant) & (standing_grants.c.id == said.id)
    values = {"remaining": said.remaining, "ended": said.ended or None}
    await connection.execute(update(standing_grants).where(mine).values(**values))
