"""The public keys of approvers: beside their tokens, and their passkeys'."""

from __future__ import annotations

import base64

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.store.schema.edges import tokens
from hub.store.schema.people import passkeys, people
from hub.store.tokens import TokenKind
from safety_core.approve import key_id
from safety_core.model.approval import KeyId
from safety_core.model.level import Level
from safety_core.model.policy import ApproverKey, KeyKind
from safety_core.model.tool_call import TenantId


async def known(connection: AsyncConnection, tenant: TenantId, approver: str) -> tuple[ApproverKey, ...]:
    """Return the keys that the hub knows of an approver: the one beside their token, and their passkeys."""
    own = (tokens.c.tenant == tenant) & (tokens.c.name == approver) & (tokens.c.kind == TokenKind.APPROVER.value)
    rows = await connection.execute(select(tokens.c.public).where(own & tokens.c.public.is_not(None)))
    keys = [ApproverKey(KeyId(""), KeyKind.PERSON, row.public, Level.CRITICAL_RED) for row in rows]
    query = select(passkeys.c.spki).join(people, people.c.id == passkeys.c.person)
    for row in await connection.execute(query.where((people.c.name == approver) & people.c.disabled.is_(None))):
        text = base64.b64encode(row.spki).decode("ascii")
        keys.append(ApproverKey(key_id(KeyKind.PASSKEY, row.spki), KeyKind.PASSKEY, text, Level.CRITICAL_RED))
    return tuple(keys)


async def passkey(connection: AsyncConnection, approver: str, credential: str) -> bytes | None:
    """Return the public key (DER) of one of the approver's passkeys."""
    query = select(passkeys.c.spki).join(people, people.c.id == passkeys.c.person)
    own = (people.c.name == approver) & people.c.disabled.is_(None) & (passkeys.c.credential == credential)
    return (await connection.execute(query.where(own))).scalar_one_or_none()
