"""Nonces of requests that were accepted, for as long as their signature could be accepted again."""

from __future__ import annotations

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.store.engine import insert_into
from hub.store.schema.edges import nonces
from safety_core.model.tool_call import TenantId


async def remember(connection: AsyncConnection, tenant: TenantId, nonce: str, now: float, expires: float) -> bool:
    """Remember a nonce until `expires` and forget the tenant's expired ones; False if it has come before."""
    await connection.execute(delete(nonces).where((nonces.c.tenant == tenant) & (nonces.c.expires < now)))
    statement = insert_into(connection, nonces).values(tenant=tenant, nonce=nonce, expires=expires)
    return (await connection.execute(statement.on_conflict_do_nothing().returning(nonces.c.nonce))).first() is not None
