"""Heartbeats. Each carries a checkpoint of the tenant's audit log, which the hub holds against all that came before.

The hub cosigns a checkpoint when nothing contradicts it and a consistency proof shows that the log only grew since the
one it cosigned last (the first one needs no proof). So whoever cuts or rewrites a log later contradicts the hub.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from nacl.signing import VerifyKey
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hub.auth import EdgeCall, edge_call
from hub.context import Context
from hub.store import fleet
from hub.store.fleet import Alert, StoredCheckpoint
from safety_core.audit.checkpoint import Checkpoint, cosign, verified
from safety_core.audit.tree import Hash, verify_consistency
from safety_core.errors import AuditError, InputError
from safety_core.wire.fleet import ConsistencyProof, Heartbeat, HeartbeatReply, heartbeat_from_json
from safety_core.wire.reader import Reader

CONTRADICTION = "audit contradiction"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a checkpoint means beside the one before: the new head to keep, or how it contradicts."""

    head: StoredCheckpoint
    contradiction: str = ""

    @property
    def proven(self) -> bool:
        """True where the whole log up to the new head is known to have only grown."""
        return not self.contradiction and self.head.proven_size == self.head.size


async def heartbeat(request: Request, context: Context) -> Response:
    """Store what an edge reports; answer the time, and what its audit log looks like from here."""
    call = await edge_call(request, context)
    beat = heartbeat_from_json(Reader.parse(call.body, "heartbeat"))
    checkpoint = _checkpoint(beat.audit, call) if beat.audit else None
    now = context.clock()
    async with context.database.write() as connection:
        await fleet.put_heartbeat(connection, call.tenant, beat, now)
        reply = HeartbeatReply(now)
        if checkpoint is not None:
            reply = await _witness(connection, call, beat, checkpoint, context, now)
    return JSONResponse(reply.to_json())


def _checkpoint(note: str, call: EdgeCall) -> Checkpoint:
    try:
        return verified(note, VerifyKey(bytes.fromhex(call.public)))
    except AuditError as error:
        raise InputError("heartbeat.audit", error.reason, "sign checkpoints with the tenant's key") from error


async def _witness(
    connection: AsyncConnection, call: EdgeCall, beat: Heartbeat, new: Checkpoint, context: Context, now: float
) -> HeartbeatReply:
    old = await fleet.find_checkpoint(connection, call.tenant)
    finding = judge(old, new, beat.proof)
    if finding.contradiction:
        subject = f"{finding.head.size} {finding.head.root}"  # what is contradicted: one alert, however often
        await fleet.raise_alert(connection, Alert(call.tenant, now, CONTRADICTION, subject, finding.contradiction))
        return HeartbeatReply(now, finding.head.proven_size, contradiction=finding.contradiction)
    await fleet.put_checkpoint(connection, call.tenant, finding.head, now)
    line = ""
    if finding.proven:
        line = cosign(beat.audit, context.settings.name, context.keys.audit, int(now))[len(beat.audit) :]
    return HeartbeatReply(now, finding.head.proven_size, line)


def judge(old: StoredCheckpoint | None, new: Checkpoint, proof: ConsistencyProof | None) -> Finding:
    """Hold a checkpoint against the head that is known. Pure."""
    root = new.root.hex()
    if old is None:
        return Finding(StoredCheckpoint(new.origin, new.size, root, new.size, root))
    if new.origin != old.origin:
        return Finding(old, f"the log is named {new.origin}, but was named {old.origin}")
    if new.size < old.size:
        return Finding(old, f"the log has {new.size} entries, but had {old.size}")
    if new.size == old.size and root != old.root:
        return Finding(old, f"the log of {new.size} entries has another root than before")
    head = replace(old, size=new.size, root=root)
    if new.size == old.proven_size:
        return Finding(head)
    if proof is None or proof.size != old.proven_size:
        return Finding(head)
    try:
        hashes = [Hash(bytes.fromhex(item)) for item in proof.hashes]
        verify_consistency(old.proven_size, new.size, Hash(bytes.fromhex(old.proven_root)), new.root, hashes)
    except AuditError:
        return Finding(old, f"the log of {new.size} entries is not proved to contain the {old.proven_size} seen before")
    return Finding(replace(head, proven_size=new.size, proven_root=root))
