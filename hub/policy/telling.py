"""What people are told of a release: that it was halted, that something in it expires; and that this is over."""

from __future__ import annotations

from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from hub.alerts import raise_alert
from hub.happenings import Event, happened
from hub.policy.lifecycle import Place
from hub.store import alerts, rollouts
from hub.store.alerts import Alert
from hub.store.rollouts import Staged, StoredRelease
from safety_core.canonical import JsonObject
from safety_core.model.tool_call import TenantId

HALTED: Final = "release halted"
EXPIRES: Final = "release expires"


async def halted(connection: AsyncConnection, stored: StoredRelease, reason: str, now: float) -> None:
    """Tell, at the first tenant that has the release, that it was halted."""
    tenant = await _first(connection, stored.id)
    if tenant is not None:
        text = f"release {stored.name} was halted: {reason}"
        await raise_alert(connection, Alert(tenant, now, HALTED, stored.id, text))


async def expires(connection: AsyncConnection, stored: StoredRelease, item: Staged, wave: int, now: float) -> None:
    """Tell that a publication will have expired when its wave comes."""
    text = f"its publication in release {stored.name} expires before wave {wave}: safety policy release --continue"
    await raise_alert(connection, Alert(item.tenant, now, EXPIRES, stored.id, text))


async def placed(connection: AsyncConnection, item: Staged, now: float) -> None:
    """Have webhooks told that a tenant's publication is in its repository."""
    body: JsonObject = {"release": item.release, "revision": item.revision, "version": item.version}
    await happened(connection, item.tenant, Event.RELEASE, f"{item.release} {item.version}", body, now)


async def over(connection: AsyncConnection, release: str, tenant: TenantId, kind: str, now: float) -> None:
    """Note that what was told is over."""
    await alerts.over(connection, tenant, kind, now, release)


async def all_over(connection: AsyncConnection, release: str, now: float) -> None:
    """Note that all that was told of a release is over: it goes on, or will not."""
    for item in await rollouts.all_staged(connection, release):
        for kind in (HALTED, EXPIRES):
            await over(connection, release, item.tenant, kind, now)


async def _first(connection: AsyncConnection, release: str) -> TenantId | None:
    items = await rollouts.all_staged(connection, release)
    return next((item.tenant for item in items if item.state == Place.PLACED.value), None)
