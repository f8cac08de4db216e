"""The keys that the hub knows of an approver. What they may approve is for signed policy to say."""

from __future__ import annotations

from dataclasses import replace

from hub.approvals.approver import Approver
from hub.context import Context
from hub.errors import NotFoundError
from hub.store import approver_keys
from safety_core.model.policy import ApproverKey


async def keys_of(context: Context, approver: Approver) -> tuple[ApproverKey, ...]:
    """Return the key beside the approver's token, and their passkeys, which are good at the console's site alone."""
    async with context.database.read() as connection:
        known = await approver_keys.known(connection, approver.tenant, approver.name)
    return tuple(replace(key, site=context.settings.origin) for key in known)


async def passkey_of(context: Context, approver: Approver, credential: str) -> bytes:
    """Return the public key (DER) of the passkey that browsers name `credential`.

    Raises:
        NotFoundError: the approver has no such passkey.
    """
    async with context.database.read() as connection:
        spki = await approver_keys.passkey(connection, approver.name, credential)
    if spki is None:
        raise NotFoundError("passkey", "is not one of yours", "add it in the console's settings")
    return spki
