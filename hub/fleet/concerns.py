"""What in a heartbeat a person should look at. Pure: a heartbeat and a clock in, concerns out.

A concern's subject is what makes it the same one the next time; its reason is for people.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Final

from hub.alerts import Concern, Kind
from safety_core.wire.activity import Trouble
from safety_core.wire.fleet import Component, Heartbeat
from safety_core.wire.posture import Result

STALE_SECONDS: Final = 300.0
"""How long an edge may be silent: ten of its heartbeats, as they come by default."""

EXPIRY_SECONDS: Final = 4 * 3600.0
"""How long before its end a policy's publisher should have renewed it: it is vouched for for a day at a time, and its
edge goes on with it for three more (its grace)."""

BACKUP_SECONDS: Final = 8 * 86400.0
"""How old the newest backup may become: a weekly one, and a day."""

SKEW_SECONDS: Final = 30.0
"""Half of what makes the hub refuse an edge's requests."""

CANARY_SECONDS: Final = 86400.0
"""How long a canary that was seen is told of; each hour in which it is seen again is told anew."""

_FLEETING: Final = frozenset({Trouble.NONE, Trouble.MISSING, Trouble.UNAVAILABLE, Trouble.EXPIRED})
"""Troubles that are none of the newest policy's: there is none yet, somebody is away, or its end is told by itself."""


def concerns(beat: Heartbeat, now: float, *, newest: str, wanted: Collection[str]) -> Mapping[Kind, Concern | None]:
    """Return what is found by kind; None: of this kind there is nothing (any more).

    Args:
        newest: the gateway's version that the hub itself has.
        wanted: for whom the hub has halted agents there ("*": all), and the edge has said so.
    """
    return {
        Kind.STALE: None,
        Kind.POSTURE: _posture(beat),
        Kind.VERSION: _version(beat, newest),
        Kind.POLICY: _policy(beat),
        Kind.EXPIRY: _expiry(beat, now),
        Kind.BACKUP: _backup(beat, now),
        Kind.BUDGET: _budget(beat),
        Kind.CLOCK: _clock(beat, now),
        Kind.HALT: _halt(beat, wanted),
        Kind.CANARY: _canary(beat, now),
        Kind.DAMAGE: _damage(beat),
    }


def silent(seen: float, now: float) -> Concern | None:
    """Return the concern about an edge that was last heard of at `seen`."""
    if now - seen <= STALE_SECONDS:
        return None
    return Concern("", f"its edge was last heard of {_span(now - seen)} ago")


def _posture(beat: Heartbeat) -> Concern | None:
    opened = () if beat.posture is None else beat.posture.named(Result.OPEN)
    names = ", ".join(opened)
    return Concern(names, f"the agent's user gets out by {names}; see `safety doctor`") if opened else None


def _version(beat: Heartbeat, newest: str) -> Concern | None:
    has = beat.versions.get(Component.GATEWAY, "")
    if not has or _numbers(has) >= _numbers(newest):
        return None
    return Concern(has, f"runs version {has}, and the hub {newest}")


def _numbers(version: str) -> tuple[int, ...]:
    """Return the release's numbers; what stands behind them (rc1, +local) tells no version apart here."""
    release = re.match(r"[0-9]{1,9}(\.[0-9]{1,9})*", version)
    return tuple(int(part) for part in release[0].split(".")) if release else ()


def _policy(beat: Heartbeat) -> Concern | None:
    if beat.trouble in _FLEETING:
        return None
    kept = f"and keeps {beat.policy}" if beat.policy else "and has none"
    return Concern(beat.trouble.value, f"refuses the newest policy ({beat.trouble.value.replace('_', ' ')}), {kept}")


def _expiry(beat: Heartbeat, now: float) -> Concern | None:
    if not beat.policy or not beat.expires or beat.expires - now > EXPIRY_SECONDS:
        return None
    left = beat.expires - now
    state = f"ends in {_span(left)}" if left > 0 else f"ended {_span(-left)} ago"
    return Concern(beat.policy, f"its policy {state}; renew it: safety policy publish --renew")


def _backup(beat: Heartbeat, now: float) -> Concern | None:
    if beat.backup is None:
        return None
    if not beat.backup.ok:
        return Concern("damaged", "its newest backup is damaged")
    age = now - beat.backup.at
    return Concern("old", f"its newest backup is {_span(age)} old") if age > BACKUP_SECONDS else None


def _budget(beat: Heartbeat) -> Concern | None:
    count = beat.budgets_spent
    return Concern(str(count), f"{count} limit{'s' if count > 1 else ''} on models used up") if count else None


def _clock(beat: Heartbeat, now: float) -> Concern | None:
    skew = beat.at - now
    if not beat.at or abs(skew) <= SKEW_SECONDS:
        return None
    way = "ahead of" if skew > 0 else "behind"
    return Concern(way, f"its clock is {abs(skew):.0f} s {way} the hub's; at 60 s its requests are refused")


def _halt(beat: Heartbeat, wanted: Collection[str]) -> Concern | None:
    gone = sorted(set(wanted) - set(beat.hub_halts))
    if not gone:
        return None
    names = ", ".join("all agents" if name == "*" else name for name in gone)
    reason = f"{names}: halted from here, and the edge says no longer; a person there resumed, or its disk was set back"
    return Concern(",".join(gone), reason)


def _canary(beat: Heartbeat, now: float) -> Concern | None:
    age = now - beat.canary_at
    if not beat.canary_at or age > CANARY_SECONDS:
        return None
    reason = f"a secret that nobody uses was seen, {_span(max(age, 0))} ago; see `safety status` there"
    return Concern(str(beat.canary_at // 3600), reason)


def _damage(beat: Heartbeat) -> Concern | None:
    if not beat.damaged:
        return None
    return Concern("", "old entries of its audit log were changed; keep the file, and see `safety audit verify` there")


def _span(seconds: float) -> str:
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h" if seconds < 3 * 86400 else f"{seconds / 86400:.0f} days"
