"""Parts of a heartbeat: what went on at an edge and what it has, as numbers, words of closed lists and narrow names.

A newer edge may say more than an older hub knows. What is not known is passed over and counted, never kept: a word
that nobody here knows could be anything, a secret too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from safety_core.canonical import JsonObject
from safety_core.errors import (
    BundleError,
    FreezeError,
    InputError,
    MixAndMatchError,
    OversizeError,
    PolicyError,
    RollbackError,
    SafetyError,
    TamperedError,
    UnavailableError,
    UnderSignedError,
    UnprovenError,
    UnsafePathError,
    WrongTenantError,
)
from safety_core.model.level import Tier
from safety_core.model.secret import NAME as SECRET_NAME
from safety_core.model.tool_call import AgentId
from safety_core.wire.reader import Reader

AGENTS: Final = 200
"""Agents that one heartbeat may name; the most that were seen on one machine are a few dozen."""

NAMES: Final = 1000
"""Secret names that one heartbeat may hold."""

AGENT_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""Names of agents as OpenClaw makes them. An agent of any other name is not told to the hub."""


class Count(StrEnum):
    """What is counted, since the edge began.

    Calls that were judged; those of them that people were asked about, that were refused, and that failed; prompts,
    those of them that were refused, and those of these that a spent budget refused.
    """

    CALLS = "calls"
    ASKED = "asked"
    DENIED = "denied"
    FAILED = "failed"
    PROMPTS = "prompts"
    PROMPTS_REFUSED = "prompts_refused"
    BUDGET_REFUSED = "budget_refused"


class Trouble(StrEnum):
    """Why the newest policy is not in force."""

    NONE = ""
    MISSING = "missing"
    EXPIRED = "expired"
    ROLLBACK = "rollback"
    FREEZE = "freeze"
    MIX_AND_MATCH = "mix_and_match"
    UNDER_SIGNED = "under_signed"
    TAMPERED = "tampered"
    WRONG_TENANT = "wrong_tenant"
    OVERSIZE = "oversize"
    UNSAFE_PATH = "unsafe_path"
    UNPROVEN = "unproven"
    BUNDLE = "bundle"
    POLICY = "policy"
    UNAVAILABLE = "unavailable"
    OTHER = "other"


_TROUBLES: Final[tuple[tuple[type[SafetyError], Trouble], ...]] = (
    (RollbackError, Trouble.ROLLBACK),
    (FreezeError, Trouble.FREEZE),
    (MixAndMatchError, Trouble.MIX_AND_MATCH),
    (UnderSignedError, Trouble.UNDER_SIGNED),
    (TamperedError, Trouble.TAMPERED),
    (WrongTenantError, Trouble.WRONG_TENANT),
    (OversizeError, Trouble.OVERSIZE),
    (UnsafePathError, Trouble.UNSAFE_PATH),
    (UnprovenError, Trouble.UNPROVEN),
    (BundleError, Trouble.BUNDLE),
    (PolicyError, Trouble.POLICY),
    (UnavailableError, Trouble.UNAVAILABLE),
)


def trouble_of(error: SafetyError | None) -> Trouble:
    """Return the word for why a policy was not taken: the error's class, nothing of its text."""
    if error is None:
        return Trouble.NONE
    return next((word for kind, word in _TROUBLES if isinstance(error, kind)), Trouble.OTHER)


@dataclass(frozen=True, slots=True)
class Activity:
    """Sums since the edge began: a heartbeat that is lost loses nothing, one that comes twice counts once.

    Attributes:
        since: when this edge's process began, seconds since the epoch; another one counts from zero.
    """

    since: float
    counts: Mapping[Count, int]

    def after(self, earlier: Activity | None) -> Mapping[Count, int]:
        """Return what came on top of `earlier`; everything where the edge has begun anew."""
        known: Mapping[Count, int] = {} if earlier is None or earlier.since != self.since else earlier.counts
        return {count: max(0, total - known.get(count, 0)) for count, total in self.counts.items()}

    def to_json(self) -> JsonObject:
        """Return the form on the wire."""
        return {"since": self.since, "counts": {count.value: total for count, total in self.counts.items()}}


@dataclass(frozen=True, slots=True)
class BackupTold:
    """The newest backup on the edge's own disk.

    Attributes:
        at: seconds since the epoch, whole.
        size: bytes of all its files.
        ok: every file of it was read again and is sound.
    """

    at: int
    size: int
    ok: bool

    def to_json(self) -> JsonObject:
        """Return the form on the wire."""
        return {"at": self.at, "size": self.size, "ok": self.ok}


@dataclass(frozen=True, slots=True)
class AgentTold:
    """One agent as its edge sees it.

    Attributes:
        seen: when it last asked for anything, seconds since the epoch; 0 if it has not since the edge began.
        halted: its kill switch is thrown, by whomever.
    """

    name: AgentId
    tier: Tier
    seen: int = 0
    halted: bool = False

    def __post_init__(self) -> None:
        if not AGENT_NAME.fullmatch(self.name):
            raise InputError("heartbeat.agents.name", "has not the shape of this field")

    def to_json(self) -> JsonObject:
        """Return the form on the wire."""
        return {"name": self.name, "tier": self.tier.word, "seen": self.seen, "halted": self.halted}


def activity_from_json(body: Reader) -> tuple[Activity, int]:
    """Return the sums, and how many fields were passed over. Raises InputError naming the field."""
    told = body.object("counts")
    counts = {count: told.integer(count.value) for count in Count if told.has(count.value)}
    return Activity(body.number("since"), counts), told.unread() + body.unread()


def backup_from_json(body: Reader) -> tuple[BackupTold, int]:
    """Return the backup, and how many fields were passed over. Raises InputError naming the field."""
    return BackupTold(body.integer("at"), body.integer("size"), body.flag("ok")), body.unread()


def agents_from_json(body: Reader, name: str) -> tuple[tuple[AgentTold, ...], int]:
    """Return the agents in a field, and how many fields or tiers were passed over. Raises InputError."""
    found: list[AgentTold] = []
    passed_over = 0
    for item in body.objects(name, limit=AGENTS):
        tier = tier_of(item.text("tier", limit=32))
        agent, seen, halted = item.text("name", limit=64), item.integer("seen", 0), item.flag("halted", False)
        passed_over += item.unread() + (tier is None)
        if tier is not None:
            found.append(AgentTold(AgentId(agent), tier, seen, halted))
    return tuple(found), passed_over


def names_from_json(body: Reader, name: str) -> tuple[str, ...]:
    """Return the names of secrets in a field. Raises InputError, which does not repeat them."""
    names = body.texts(name)
    check_names(names, f"{body.path}.{name}")
    return names


def check_names(names: tuple[str, ...], where: str) -> None:
    """Raise InputError unless all are names of secrets, and not too many."""
    if len(names) > NAMES or not all(SECRET_NAME.fullmatch(name) for name in names):
        raise InputError(where, f"must be at most {NAMES} names of secrets")


def tier_of(word: str) -> Tier | None:
    """Return the tier of this word; None where there is no such tier."""
    return next((tier for tier in Tier if tier.word == word), None)
