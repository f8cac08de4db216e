"""The hub's memory of each tenant's audit log, which nobody on the tenant's machine can change.

The hub cosigns a checkpoint when nothing contradicts it and a consistency proof shows that the log only grew since the
one it cosigned last (the first one needs no proof). So whoever cuts, rewrites or sets back a log later contradicts the
hub, whichever key signs then: only a person can let in another log in its place.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from nacl.signing import VerifyKey
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hub import alerts
from hub.alerts import Kind
from hub.auth.callers import EdgeCall, edge_call
from hub.context import Context
from hub.errors import NotFoundError
from hub.store import alerts as stored_alerts
from hub.store import checkpoints, deeds
from hub.store.alerts import Alert
from hub.store.checkpoints import StoredCheckpoint
from hub.store.deeds import Deed
from safety_core.audit.checkpoint import Checkpoint, cosign, verified
from safety_core.audit.tree import Hash, verify_consistency
from safety_core.canonical import Json
from safety_core.errors import AuditError, InputError
from safety_core.wire.fleet import ConsistencyProof, Heartbeat, HeartbeatReply


@dataclass(frozen=True, slots=True)
class Finding:
    """What a checkpoint means beside the one before: the new head to keep, or how it contradicts."""

    head: StoredCheckpoint
    contradiction: str = ""

    @property
    def proven(self) -> bool:
        """True where the whole log up to the new head is known to have only grown."""
        return not self.contradiction and self.head.proven_size == self.head.size


def checkpoint_in(note: str, call: EdgeCall) -> Checkpoint:
    """Return the checkpoint of a heartbeat. Raises InputError: the tenant's key has not signed it."""
    try:
        return verified(note, VerifyKey(bytes.fromhex(call.public)))
    except AuditError as error:
        raise InputError("heartbeat.audit", error.reason, "sign checkpoints with the tenant's key") from error


async def witness(
    connection: AsyncConnection, call: EdgeCall, beat: Heartbeat, new: Checkpoint, context: Context, now: float
) -> HeartbeatReply:
    """Hold a heartbeat's checkpoint against all that came before, and cosign it where it follows."""
    old = await checkpoints.find(connection, call.tenant)
    finding = judge(old, new, beat.proof)
    if finding.contradiction:
        subject = f"{finding.head.size} {finding.head.root}"  # what is contradicted: one alert, however often
        alert = Alert(call.tenant, now, Kind.AUDIT, subject, finding.contradiction)
        await alerts.raise_alert(connection, alert)
        return HeartbeatReply(now, finding.head.proven_size, contradiction=finding.contradiction)
    if finding.head != old:
        await checkpoints.put(connection, call.tenant, finding.head, now)
    if not finding.proven:
        return HeartbeatReply(now, finding.head.proven_size)
    note = cosign(beat.audit, context.settings.name, context.keys.audit, int(now))
    if finding.head != old:
        await checkpoints.keep(connection, call.tenant, new.size, new.root.hex(), note, now)
    return HeartbeatReply(now, finding.head.proven_size, note[len(beat.audit) :])


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


async def remembered(request: Request, context: Context) -> Response:
    """Tell an edge what the hub has cosigned of its log: a checkpoint of each day."""
    call = await edge_call(request, context)
    async with context.database.read() as connection:
        head = await checkpoints.current(connection, call.tenant)
        kept = await checkpoints.kept(connection, call.tenant)
    log = head.log if head is not None else 1
    items: list[Json] = [
        {"day": item.day, "at": item.at, "size": item.size, "root": item.root, "note": item.note}
        for item in kept
        if item.log == log
    ]
    return JSONResponse({"log": log, "items": items})


async def let_in_new_log(context: Context, deed: Deed) -> None:
    """Begin a tenant's audit anew with whatever log its edge reports next; what was cosigned of the old one stays.

    Raises:
        NotFoundError: no log of this tenant is known.
    """
    async with context.database.write() as connection:
        if not await checkpoints.begin_anew(connection, deed.tenant):
            raise NotFoundError(f"tenant {deed.tenant}", "has no audit log that the hub knows")
        await stored_alerts.over(connection, deed.tenant, Kind.AUDIT, deed.at)
        await deeds.note(connection, deed)
