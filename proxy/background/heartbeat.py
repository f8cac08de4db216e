"""That the edge is alive: under which policy, with how much waiting, and with which audit log.

Each beat carries the log's signed checkpoint, and the proof that it only adds to the one the hub cosigned last. So a
log that was cut or rewritten later contradicts the hub's memory.
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Final

from proxy.background.sight import Sight
from proxy.effects import Services
from proxy.errors import NoPolicyError
from proxy.force import Force, InForce
from safety_core.audit.checkpoint import size_of
from safety_core.edge import clock
from safety_core.edge.hub import HubClient
from safety_core.errors import AuditError, FreezeError
from safety_core.wire.activity import Trouble, trouble_of
from safety_core.wire.fleet import Component, ConsistencyProof, Heartbeat

CLOCK_SKEW: Final = 30.0
"""Seconds between hub and edge from which on the log says so: at 60 the hub refuses our requests."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Heart:
    """Beats.

    Attributes:
        proven: entries of the audit log that the hub has cosigned.
        sight: what is told beside policy and audit log; None: nothing.
    """

    hub: HubClient
    services: Services
    in_force: InForce
    proven: int = 0
    sight: Sight | None = None
    _passed_over: int = 0

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
        if reply.passed_over != self._passed_over:
            self._passed_over = reply.passed_over
            _log.info("the hub is older than this edge: it passes over %d things of a heartbeat", reply.passed_over)
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
        force = self._force()
        waiting = await self.services.approvals.waiting()
        read = self.services.audit.last_read
        told = Heartbeat(
            versions={Component.GATEWAY: version("safety-gateway")},
            policy=force.policy.revision if force else "",
            policy_version=force.policy.version if force else 0,
            audit=note if size else "",
            proof=proof,
            pending=waiting.pending,
            unsent=waiting.unsent + len(await self.services.usage.unsent()),
            posture=self.services.posture.last,
            at=clock.now(),
            expires=force.expires if force and math.isfinite(force.expires) else 0.0,
            trouble=self._trouble(),
            damaged=len(read.damage) if read else 0,
        )
        return told if self.sight is None else await seen(told, self.sight, force)

    def _force(self) -> Force | None:
        try:
            return self.in_force.latest()
        except NoPolicyError:
            return None

    def _trouble(self) -> Trouble:
        """Return in a word why the newest policy is not in force, or why there is none that holds."""
        if self.in_force.trouble is not None:
            return trouble_of(self.in_force.trouble)
        try:
            self.in_force.current(clock.now())
        except FreezeError:
            return Trouble.EXPIRED
        except NoPolicyError:
            return Trouble.MISSING
        return Trouble.NONE


async def seen(beat: Heartbeat, sight: Sight, force: Force | None) -> Heartbeat:
    """Return the heartbeat with all that `sight` sees. Raises SecretError or UnavailableError."""
    secrets = sight.services.secrets
    await (secrets.redactor(force) if force else secrets.refresh())  # names are looked through by what is known now
    canaries = secrets.canaries.sum()
    return replace(
        beat,
        versions=sight.versions(),
        activity=sight.activity(),
        backup=await sight.backup(),
        halted=sight.halted(),
        hub_halts=sight.hub_halts(),
        budgets_spent=sight.budgets_spent(),
        agents=sight.agents(force.policy) if force else (),
        secrets=sight.secrets(),
        missing=sight.missing(),
        canaries=canaries[0],
        canary_at=canaries[1],
    )
