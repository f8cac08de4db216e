"""What the security team signs so that a passkey counts at edges: the entry of policies/approvers.yaml."""

from __future__ import annotations

import base64
import json

from hub.context import Context
from hub.store import passkeys
from hub.store.passkeys import Passkey
from safety_core.approve import key_id
from safety_core.model.level import Level
from safety_core.model.policy import KeyKind


def pin(passkey: Passkey, owner: str, site: str) -> str:
    """Return the entry (YAML) by which signed policy lets this passkey approve everything that its owner may.

    Args:
        owner: the person's name, as it stands in grants.
        site: the console's origin, on which alone it signs.
    """
    called = "".join(mark if mark.isprintable() else " " for mark in passkey.name)
    return "\n".join(
        [
            f"  - id: {key_id(KeyKind.PASSKEY, passkey.spki)}  # {called}",
            f"    kind: {KeyKind.PASSKEY}",
            f"    public: {base64.b64encode(passkey.spki).decode()}",
            f"    up_to: {Level.CRITICAL_RED.word}",
            f"    site: {site}",
            f"    names: [{json.dumps(owner, ensure_ascii=False)}]",
        ]
    )


async def pins(context: Context) -> str:
    """Return the entries of all passkeys."""
    async with context.database.read() as connection:
        known = await passkeys.listed(connection)
    found = [pin(passkey, owner, context.settings.origin) for owner, passkey in known]
    return "\n".join(["approvers:", *found]) if found else ""
