"""What an edge tells the hub about itself: heartbeats and usage.

No secret can stand in these messages by construction: a field is a number, a word of a closed list, or text of a
narrow shape that is checked when the value is made, on both sides. There is no field for arguments, output, paths,
prompts or error texts. Names of secrets are told only where the edge's settings let them, and never a value.

Heartbeats are read tolerantly: what a newer edge says that this program does not know is passed over and counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from safety_core.canonical import Json, JsonObject
from safety_core.errors import InputError
from safety_core.model.tool_call import AgentId
from safety_core.model.usage import Usage, UsageBucket
from safety_core.wire.activity import (
    AGENT_NAME,
    AGENTS,
    Activity,
    AgentTold,
    BackupTold,
    Trouble,
    activity_from_json,
    agents_from_json,
    backup_from_json,
    check_names,
    names_from_json,
)
from safety_core.wire.posture import Posture, newer_posture
from safety_core.wire.reader import Reader

BUCKETS: Final = 1000
"""Buckets in one message: a day of forty (agent, model) pairs, and far below the body limit."""

PROOF_HASHES: Final = 128
"""Hashes in one consistency proof: twice the height of a tree of 2**64 leaves."""

_VERSION: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+_-]{0,39}")
_REVISION: Final = re.compile(r"[0-9A-Za-z._-]{0,64}")
_CHECKPOINT: Final = re.compile(
    r"[!-*,-~]{1,128}\n[0-9]{1,19}\n[A-Za-z0-9+/]{43}=\n\n(\u2014 [!-*,-~]{1,128} [A-Za-z0-9+/]{40,200}={0,2}\n){0,8}"
)
_HASH: Final = re.compile(r"[0-9a-f]{64}")
_SWITCH: Final = re.compile(rf"\*|{AGENT_NAME.pattern}")
_NAME: Final = re.compile(r"[^\x00-\x1f\x7f]{1,200}")


class Component(StrEnum):
    """Whose version a heartbeat may report."""

    GATEWAY = "gateway"
    PLUGIN = "plugin"
    OPENCLAW = "openclaw"
    PYTHON = "python"
    SQLITE = "sqlite"


@dataclass(frozen=True, slots=True)
class ConsistencyProof:
    """RFC 6962 consistency proof from the tree of `size` leaves to the one that the heartbeat's checkpoint names.

    Attributes:
        size: the size that the hub cosigned last (`HeartbeatReply.proven`).
        hashes: 64 hexadecimal digits each.
    """

    size: int
    hashes: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.hashes) > PROOF_HASHES or not all(_HASH.fullmatch(item) for item in self.hashes):
            raise InputError(
                "heartbeat.proof.hashes", f"must be at most {PROOF_HASHES} hashes of 64 hexadecimal digits"
            )


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """What an edge reports about every minute.

    Attributes:
        versions: what runs there.
        policy, policy_version: the revision and TUF version in force; empty and 0 while there is none.
        audit: the log's newest checkpoint, a C2SP signed note; empty while there is none.
        proof: that the checkpoint only adds to what the hub cosigned last.
        pending, unsent: questions without an answer, and messages that wait for the hub.
        posture: what the doctor found last; None where it never ran.
        at: the edge's clock, seconds since the epoch; 0 where it is not told.
        expires: until when the policy in force is vouched for, seconds since the epoch; 0 while there is none.
        trouble: why the newest policy is not in force.
        activity: what was counted since the edge began.
        backup: the newest one; None where there is none.
        halted, hub_halts: how many kill switches are thrown, and for which agents by the hub's order ("*": all).
        budgets_spent: limits on what agents may spend that are used up.
        agents: those that policy names or that have asked for something.
        secrets: names of those that people have registered; None where the edge does not tell them.
        missing: names that agents referred to and that no secret has.
        canaries: how often canary secrets were seen there, ever.
        canary_at: when last, seconds since the epoch, whole; 0 for never.
        damaged: contradictions that the edge found when it read its whole audit log through last (the first ten).
        passed_over: on reading, how much was not understood; it does not stand on the wire.

    Raises:
        InputError: a text that has not the shape of its field.
    """

    versions: Mapping[Component, str]
    policy: str = ""
    policy_version: int = 0
    audit: str = ""
    proof: ConsistencyProof | None = None
    pending: int = 0
    unsent: int = 0
    posture: Posture | None = None
    at: float = 0.0
    expires: float = 0.0
    trouble: Trouble = Trouble.NONE
    activity: Activity | None = None
    backup: BackupTold | None = None
    halted: int = 0
    hub_halts: tuple[str, ...] = ()
    budgets_spent: int = 0
    agents: tuple[AgentTold, ...] = ()
    secrets: tuple[str, ...] | None = None
    missing: tuple[str, ...] = ()
    canaries: int = 0
    canary_at: int = 0
    damaged: int = 0
    passed_over: int = 0

    def __post_init__(self) -> None:
        for component, version in self.versions.items():
            _check(_VERSION, version, f"heartbeat.versions.{Component(component)}")
        _check(_REVISION, self.policy, "heartbeat.policy")
        if self.audit:
            _check(_CHECKPOINT, self.audit, "heartbeat.audit")
        for agent in self.hub_halts:
            _check(_SWITCH, agent, "heartbeat.hub_halts")
        if max(len(self.agents), len(self.hub_halts)) > AGENTS:
            raise InputError("heartbeat.agents", f"must be at most {AGENTS}")
        check_names(self.secrets or (), "heartbeat.secrets")
        check_names(self.missing, "heartbeat.missing")

    def to_json(self) -> JsonObject:
        """Return the form that goes to the hub."""
        proof: Json = None
        if self.proof is not None:
            proof = {"size": self.proof.size, "hashes": [*self.proof.hashes]}
        parts: dict[str, Posture | Activity | BackupTold | None] = {
            "posture": self.posture,
            "activity": self.activity,
            "backup": self.backup,
        }
        told: JsonObject = {name: part.to_json() for name, part in parts.items() if part is not None}
        if self.secrets is not None:
            told["secrets"] = [*self.secrets]
        return {
            "versions": {component.value: version for component, version in self.versions.items()},
            "policy": self.policy,
            "policy_version": self.policy_version,
            "audit": self.audit,
            "proof": proof,
            "pending": self.pending,
            "unsent": self.unsent,
            "at": self.at,
            "expires": self.expires,
            "trouble": self.trouble.value,
            "halted": self.halted,
            "hub_halts": [*self.hub_halts],
            "budgets_spent": self.budgets_spent,
            "agents": [agent.to_json() for agent in self.agents],
            "missing": [*self.missing],
            "canaries": self.canaries,
            "canary_at": self.canary_at,
            "damaged": self.damaged,
            **told,
        }


@dataclass(frozen=True, slots=True)
class HeartbeatReply:
    """What the hub answers.

    Attributes:
        time: the hub's clock, seconds since the epoch.
        proven: size of the last audit checkpoint that the hub cosigned; the next proof starts there.
        cosignature: the hub's signature line for the checkpoint of this heartbeat; empty if it was not consistent or
            not proved.
        contradiction: in which way the checkpoint contradicts an earlier one; empty if it does not.
        passed_over: how much of the heartbeat an older hub did not understand.
    """

    time: float
    proven: int = 0
    cosignature: str = ""
    contradiction: str = ""
    passed_over: int = 0

    def to_json(self) -> JsonObject:
        """Return the form that goes to the edge."""
        return {
            "time": self.time,
            "proven": self.proven,
            "cosignature": self.cosignature,
            "contradiction": self.contradiction,
            "passed_over": self.passed_over,
        }


def is_version(text: str) -> bool:
    """Tell whether `text` can stand in a heartbeat as a version."""
    return _VERSION.fullmatch(text) is not None


def _check(shape: re.Pattern[str], text: str, where: str) -> None:
    if not shape.fullmatch(text):
        raise InputError(where, "has not the shape of this field")


def heartbeat_from_json(body: Reader) -> Heartbeat:
    """Return what is understood of the heartbeat in `body`, or raise InputError naming a field that is not as it must
    be. Fields and words of newer edges are passed over and counted."""
    versions = body.object("versions")
    word = body.text("trouble", "", limit=32)
    trouble = next((trouble for trouble in Trouble if trouble.value == word), None)
    proof, ignored = _proof(body.object("proof")) if body.has("proof") else (None, 0)
    posture, unknown = newer_posture(body.object("posture")) if body.has("posture") else (None, 0)
    activity, more = activity_from_json(body.object("activity")) if body.has("activity") else (None, 0)
    backup, further = backup_from_json(body.object("backup")) if body.has("backup") else (None, 0)
    agents, strange = agents_from_json(body, "agents") if body.has("agents") else ((), 0)
    told = {item: versions.text(item.value) for item in Component if versions.has(item.value)}
    heartbeat = Heartbeat(
        versions=told,
        policy=body.text("policy", ""),
        policy_version=body.integer("policy_version", 0),
        audit=body.text("audit", ""),
        proof=proof,
        pending=body.integer("pending", 0),
        unsent=body.integer("unsent", 0),
        posture=posture,
        at=body.number("at", 0.0),
        expires=body.number("expires", 0.0),
        trouble=Trouble.OTHER if trouble is None else trouble,
        activity=activity,
        backup=backup,
        halted=body.integer("halted", 0),
        hub_halts=body.texts("hub_halts", ()),
        budgets_spent=body.integer("budgets_spent", 0),
        agents=agents,
        secrets=names_from_json(body, "secrets") if body.has("secrets") else None,
        missing=names_from_json(body, "missing") if body.has("missing") else (),
        canaries=body.integer("canaries", 0),
        canary_at=body.integer("canary_at", 0),
        damaged=body.integer("damaged", 0),
    )
    nested = versions.unread() + ignored + unknown + more + further + strange
    return replace(heartbeat, passed_over=body.unread() + nested + (trouble is None))


def _proof(body: Reader) -> tuple[ConsistencyProof, int]:
    return ConsistencyProof(body.integer("size"), body.texts("hashes")), body.unread()


def reply_from_json(body: Reader) -> HeartbeatReply:
    """Return the hub's answer to a heartbeat, or raise InputError. Fields of newer hubs are passed over."""
    return HeartbeatReply(
        time=body.number("time"),
        proven=body.integer("proven", 0),
        cosignature=body.text("cosignature", ""),
        contradiction=body.text("contradiction", ""),
        passed_over=body.integer("passed_over", 0),
    )


def usage_to_json(buckets: Iterable[UsageBucket]) -> JsonObject:
    """Return the message that reports `buckets`, or raise InputError for a name that is none."""
    rows: list[Json] = []
    for bucket in buckets:
        _check_names(bucket)
        rows.append(bucket.to_json())
    return {"buckets": rows}


def usage_from_json(body: Reader) -> tuple[UsageBucket, ...]:
    """Return the buckets that `body` reports, or raise InputError naming the field."""
    buckets = tuple(_bucket(row) for row in body.objects("buckets", limit=BUCKETS))
    body.done()
    return buckets


def _bucket(row: Reader) -> UsageBucket:
    requests = row.integer("requests")
    bucket = UsageBucket(
        hour=row.integer("hour"),
        agent=AgentId(row.text("agent", limit=200)),
        provider=row.text("provider", limit=200),
        model=row.text("model", limit=200),
        sequence=row.integer("sequence", minimum=1),
        requests=requests,
        estimated=row.integer("estimated"),
        totals=Usage(
            input_total=row.integer("input_total"),
            output_total=row.integer("output_total"),
            cache_read=row.integer("cache_read"),
            cache_write=row.integer("cache_write"),
            cache_write_1h=row.integer("cache_write_1h"),
            reasoning=row.integer("reasoning"),
            tool_prompt=row.integer("tool_prompt", 0),
        ),
        cost=row.integer("cost", 0),
        unpriced=row.integer("unpriced", requests),  # an older edge knows no prices
    )
    row.done()
    _check_names(bucket)
    return bucket


def _check_names(bucket: UsageBucket) -> None:
    for name, value in (("agent", bucket.agent), ("provider", bucket.provider), ("model", bucket.model)):
        _check(_NAME, value, f"usage.{name}")
    if bucket.hour % 3600:
        raise InputError("usage.hour", "must be the start of an hour")
