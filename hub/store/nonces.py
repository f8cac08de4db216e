"""Nonces of requests that were accepted, for as long as their signature could be accepted again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache

from sqlalchemy import Executable, delete
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.store.engine import insert_in
from hub.store.schema.edges import nonces
from safety_core.model.tool_call import TenantId


@dataclass(frozen=True, slots=True, order=True)
class Nonce:
    """A nonce of a tenant. `expires`: seconds since the epoch, from when on its request is refused for its time."""

    tenant: TenantId
    nonce: str
    expires: float = field(compare=False)


@cache
def _insertion(dialect: str) -> Executable:
    return insert_in(dialect, nonces).on_conflict_do_nothing().returning(*nonces.c)


async def remember(connection: AsyncConnection, several: Iterable[Nonce]) -> frozenset[Nonce]:
    """Remember nonces; return those that had not come before. Locks rows in one order: no deadlock."""
    rows = [{"tenant": one.tenant, "nonce": one.nonce, "expires": one.expires} for one in sorted(several)]
    statement = _insertion(connection.dialect.name)
    return frozenset(
        Nonce(TenantId(row.tenant), row.nonce, row.expires) for row in await connection.execute(statement, rows)
    )


async def forget(connection: AsyncConnection, now: float) -> None:
    """Forget those whose requests would be refused for their time."""
    await connection.execute(delete(nonces).where(nonces.c.expires < now))
