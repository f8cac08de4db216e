"""What an admin does on the hub's own machine, straight on the database."""

from __future__ import annotations

import time
from typing import Final

from hub.auth import revocation
from hub.auth.callers import ROLE_OF, new_token, token_hash
from hub.auth.registration import PUBLIC
from hub.context import Context
from hub.errors import NotFoundError
from hub.fleet import witness
from hub.people import directory
from hub.people.directory import CONSOLE
from hub.store import alerts, fleet, tenants, tokens
from hub.store.deeds import Deed
from hub.store.tokens import Token, TokenKind
from safety_core.errors import InputError
from safety_core.model.tool_call import TenantId
from safety_core.wire.posture import told
from safety_core.wire.signed import tenant_id

REGISTER_SECONDS: Final = 24 * 3600
"""How long a registration token waits for its edge."""


async def add_tenant(context: Context, name: str) -> str:
    """Add a tenant if it is new; return a fresh registration token, which replaces an older one."""
    tenant, text, now = tenant_id(name), new_token(TokenKind.REGISTER), context.clock()
    async with context.database.write() as connection:
        await tenants.add(connection, tenant, now)
        token = Token(token_hash(text), TokenKind.REGISTER, tenant, "edge", now, expires=now + REGISTER_SECONDS)
        await tokens.put(connection, token)
    return text


async def add_person(context: Context, kind: TokenKind, tenant_name: str, name: str, public: str | None = None) -> str:
    """Give a person a token as an approver or publisher; return it. It replaces an older one of the same kind.

    Whoever is not there yet is added; they get the role that the token stands for.
    """
    tenant = tenant_id(tenant_name)
    async with context.database.read() as connection:
        if await tenants.find(connection, tenant) is None:
            raise NotFoundError(f"tenant {tenant}", "is not there", f"safety hub tenant add {tenant}")
    return await _new_token(context, kind, tenant, name, public)


async def add_publisher_for_all(context: Context, name: str) -> str:
    """Add a publisher who may publish for every tenant; return their token, which replaces an older one."""
    return await _new_token(context, TokenKind.PUBLISHER, TenantId(""), name, None)


async def _new_token(context: Context, kind: TokenKind, tenant: TenantId, name: str, public: str | None) -> str:
    text, now = new_token(kind), context.clock()
    if public is not None and not PUBLIC.fullmatch(public):
        raise InputError("--public", "must be 64 hexadecimal digits", "make one: `safety approvals keygen`")
    async with context.database.write() as connection:
        person = await directory.named_or_new(connection, name, by=directory.CONSOLE, now=now)
        await directory.give_in(connection, person, ROLE_OF[kind], tenant, by=directory.CONSOLE, now=now)
        await tokens.put(connection, Token(token_hash(text), kind, tenant, name, now, public, person=person.id))
    return text


async def revoke(context: Context, name: str) -> None:
    """Take back a tenant's key. Raises NotFoundError."""
    await revocation.revoke(context, Deed(context.clock(), CONSOLE, tenant_id(name), "revoke key"))


async def accept_log(context: Context, name: str) -> None:
    """Let in another audit log of a tenant. Raises NotFoundError."""
    await witness.let_in_new_log(context, Deed(context.clock(), CONSOLE, tenant_id(name), "accept audit log"))


async def describe_tenants(context: Context) -> tuple[str, ...]:
    """Return one line for each tenant, and below it one for what its doctor found, and one for each alert."""
    async with context.database.read() as connection:
        seen = {entry.tenant: entry for entry in await fleet.last_seen(connection)}
        lines: list[str] = []
        for tenant in await tenants.listed(connection):
            last = seen.get(tenant.id)
            lines.append(f"{tenant.id}  {_standing(tenant, last, context.clock())}")
            if last is not None and last.posture is not None:
                lines.append(f"  doctor: {told(last.posture, context.clock())}")
            lines += [
                f"  alert {_when(alert.at)}: {alert.kind}: {alert.reason}"
                for alert in await alerts.open_of(connection, tenant.id)
            ]
    return tuple(lines)


def _standing(tenant: tenants.Tenant, seen: fleet.LastSeen | None, now: float) -> str:
    if tenant.public is None:
        return "waits for its edge to register"
    if seen is None:
        return "registered, has not reported yet"
    return f"seen {now - seen.at:.0f} s ago, policy {seen.policy or 'none'} (version {seen.policy_version})"


def _when(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(at))
