"""Token counts to the hub: whole buckets with their sequence, so that sending one again changes nothing."""

from __future__ import annotations

from dataclasses import dataclass

from safety_core.edge.hub import HubClient
from safety_core.edge.usage_store import UsageStore


@dataclass(frozen=True, slots=True)
class UsageFlush:
    """Delivers what has changed."""

    usage: UsageStore
    hub: HubClient

    async def flush(self) -> None:
        """Send every bucket that changed since it was last delivered. Raises UnavailableError."""
        while buckets := await self.usage.unsent():
            await self.hub.push_usage(buckets)
            await self.usage.mark_sent(max(bucket.sequence for bucket in buckets))
