"""Alerts: stored once for each subject, told to people once, over when what they say is over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from hub import happenings
from hub.store import alerts
from hub.store.alerts import Alert
from safety_core.model.tool_call import TenantId


class Kind(StrEnum):
    """What an alert is about."""

    AUDIT = "audit contradiction"
    POSTURE = "open posture"
    STALE = "stale tenant"
    VERSION = "old version"
    POLICY = "policy refused"
    EXPIRY = "policy near its end"
    BACKUP = "old backup"
    BUDGET = "budget used up"
    CLOCK = "clock skew"
    HALT = "halt not in force"
    KEY = "revoked key used"
    CANARY = "canary seen"
    DAMAGE = "damaged audit log"


BY_THEMSELVES: Final = frozenset(Kind) - {Kind.KEY}
"""Kinds whose alerts end by themselves, or (a contradiction) by what a person does about them. All others, and those of
other parts of the hub, a person closes."""


@dataclass(frozen=True, slots=True)
class Concern:
    """Why somebody should look."""

    subject: str
    reason: str


async def raise_alert(connection: AsyncConnection, alert: Alert) -> bool:
    """Store an alert and have people told; False where the same one is open already, and nobody is told again."""
    if not await alerts.put(connection, alert):
        return False
    await happenings.alert(connection, alert.tenant, alert.kind, alert.subject, alert.reason, alert.at)
    return True


async def keep(connection: AsyncConnection, tenant: TenantId, found: Mapping[Kind, Concern | None], now: float) -> bool:
    """Bring a tenant's alerts in line with what was found now: None is nothing of this kind, so what there was is over.

    Kinds that are not among `found` stay as they are. Returns whether anything has changed.
    """
    changed = False
    held = {kind.value: concern for kind, concern in found.items()}
    there: set[tuple[str, str]] = set()
    for alert in await alerts.open_of(connection, tenant):
        concern = held.get(alert.kind)
        if alert.kind in held and (concern is None or concern.subject != alert.subject):
            await alerts.clear(connection, alert, now)
            changed = True
        else:
            there.add((alert.kind, alert.subject))
    for kind, concern in held.items():
        if concern is not None and (kind, concern.subject) not in there:
            await raise_alert(connection, Alert(tenant, now, kind, concern.subject, concern.reason))
            changed = True
    return changed
