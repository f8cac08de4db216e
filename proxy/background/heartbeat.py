"""That the edge is alive: under which policy, with how much waiting, and with which audit log.

Each beat carries the log's signed checkpoint, and the proof that it only adds to the one the hub cosigned last. So a
log that was cut or rewritten later contradicts the hub's memory.
"""

from __future__ import annotations

import logging
import platform
import sqlite3
from dataclasses import dataclass
from importlib.metadata import version
from typing import Final

from proxy.effects import Services
from proxy.errors import NoPolicyError
from proxy.force import InForce
from safety_core.audit.checkpoint import size_of
from safety_core.edge import clock
from safety_core.edge.hub import HubClient
from safety_core.errors import AuditError
from safety_core.wire.fleet import Component, ConsistencyProof, Heartbeat

CLOCK_SKEW: Final = 30.0
"""Seconds between hub and edge from which on the log says so: at 60 the hub refuses our requests."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Heart:
    """Beats. `proven`: entries of the audit log that the hub has cosigned."""

    hub: HubClient
    services: Services
    in_force: InForce
    proven: int = 0

    async def beat(self) -> None:
        """Send one sign of life.

        Raises:
            UnavailableError: the hub is away.
            AuditError: what the hub remembers of the audit log contradicts it.
        """
        reply = await self.hub.heartbeat(await self._message())
        if reply.contradiction:
            raise AuditError(
                "audit log", f"contradicts what the hub cosigned: {reply.contradiction}", "run `safety audit verify`"
            )
        self.proven = reply.proven
        skew = abs(reply.time - clock.now())
        if skew > CLOCK_SKEW:
            _log.warning("the hub's clock and ours are %.0f s apart", skew)

    async def _message(self) -> Heartbeat:
        note = await self.services.audit.checkpoint()
        size = size_of(note)
        proof = None
        if 0 < self.proven <= size:
            hashes = await self.services.audit.consistency(self.proven, size)
            proof = ConsistencyProof(self.proven, tuple(item.hex() for item in hashes))
        revision, number = "", 0
        try:
            policy = self.in_force.latest().policy
            revision, number = policy.revision, policy.version
        except NoPolicyError:
            pass
        return Heartbeat(
            versions={
                Component.GATEWAY: version("safety-gateway"),
                Component.PYTHON: platform.python_version(),
                Component.SQLITE: sqlite3.sqlite_version,
            },
            policy=revision,
            policy_version=number,
            audit=note if size else "",
            proof=proof,
            pending=len(await self.services.approvals.pending()),
            unsent=len(await self.services.approvals.unsent()) + len(await self.services.usage.unsent()),
            posture=self.services.posture.last,
        )
