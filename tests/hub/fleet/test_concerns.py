"""What in a heartbeat a person should look at, and what not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.alerts import Kind
from hub.fleet.concerns import BACKUP_SECONDS, EXPIRY_SECONDS, SKEW_SECONDS, STALE_SECONDS, concerns, silent
from safety_core.wire.activity import BackupTold, Trouble
from safety_core.wire.fleet import Component, Heartbeat
from safety_core.wire.posture import Check, Posture, Result

NOW = 1_800_000_000.0
FINE = Heartbeat(
    {Component.GATEWAY: "1.2.3"},
    policy="9af1",
    policy_version=7,
    posture=Posture(int(NOW), 1001, {Check.ICMP: Result.BLOCKED}),
    at=NOW - SKEW_SECONDS,
    expires=NOW + EXPIRY_SECONDS + 1,
    backup=BackupTold(int(NOW - BACKUP_SECONDS), 7, ok=True),
)
NOTHING = dict.fromkeys(
    (
        Kind.STALE,
        Kind.POSTURE,
        Kind.VERSION,
        Kind.POLICY,
        Kind.EXPIRY,
        Kind.BACKUP,
        Kind.BUDGET,
        Kind.CLOCK,
        Kind.HALT,
        Kind.CANARY,
        Kind.DAMAGE,
    )
)


def found(beat: Heartbeat, wanted: frozenset[str] = frozenset(), newest: str = "1.2.3") -> dict[Kind, str]:
    told = concerns(beat, NOW, newest=newest, wanted=wanted)
    assert set(told) == set(NOTHING)
    return {kind: f"{concern.subject}: {concern.reason}" for kind, concern in told.items() if concern is not None}


@pytest.mark.parametrize("trouble", [Trouble.NONE, Trouble.MISSING, Trouble.UNAVAILABLE])
def test_nothing_is_wrong_with_an_edge_that_is_well(trouble: Trouble) -> None:
    assert found(replace(FINE, trouble=trouble)) == {}
    assert found(Heartbeat({})) == {}


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        (
            {"posture": Posture(1, 1, {Check.UDP_443: Result.OPEN, Check.DNS_UDP: Result.OPEN})},
            Kind.POSTURE,
            "dns_udp, udp_443: the agent's user gets out by dns_udp, udp_443; see `safety doctor`",
        ),
        ({"trouble": Trouble.UNDER_SIGNED}, Kind.POLICY, "under_signed: refuses the newest policy (under signed)"),
        ({"expires": NOW + 3600}, Kind.EXPIRY, "9af1: its policy ends in 60 min"),
        ({"expires": NOW - 4 * 86400}, Kind.EXPIRY, "9af1: its policy ended 4 days ago"),
        ({"backup": BackupTold(int(NOW), 7, ok=False)}, Kind.BACKUP, "damaged: "),
        ({"backup": BackupTold(int(NOW - BACKUP_SECONDS - 1), 7, ok=True)}, Kind.BACKUP, "old: "),
        ({"budgets_spent": 1}, Kind.BUDGET, "1: 1 limit on models used up"),
        ({"budgets_spent": 2}, Kind.BUDGET, "2: 2 limits on models used up"),
        ({"at": NOW - 40}, Kind.CLOCK, "behind: its clock is 40 s behind the hub's"),
        ({"at": NOW + 40}, Kind.CLOCK, "ahead of: its clock is 40 s ahead of the hub's"),
        (
            {"canaries": 3, "canary_at": int(NOW) - 600},
            Kind.CANARY,
            f"{(int(NOW) - 600) // 3600}: a secret that nobody",
        ),
        ({"damaged": 10}, Kind.DAMAGE, ": old entries of its audit log were changed; keep the file"),
        ({"versions": {Component.GATEWAY: "1.2.2"}}, Kind.VERSION, "1.2.2: runs version 1.2.2, and the hub 1.2.3"),
    ],
)
def test_each_concern_is_of_one_kind(change: dict[str, object], kind: Kind, words: str) -> None:
    told = found(replace(FINE, **change))  # type: ignore[arg-type]
    assert list(told) == [kind]
    assert told[kind].startswith(words)


@pytest.mark.parametrize(
    ("has", "newest", "old"),
    [
        ("1.2.3", "1.2.3", False),
        ("1.10.0", "1.9.9", False),
        ("0.9", "0.10", True),
        ("1.2.3rc1", "1.2.3", False),
        ("dev", "1.2.3", True),
        ("1.3.0", "1.2.3", False),
    ],
)
def test_versions_are_compared_by_their_numbers(has: str, newest: str, old: bool) -> None:
    assert (Kind.VERSION in found(replace(FINE, versions={Component.GATEWAY: has}), newest=newest)) is old


def test_an_agent_that_was_halted_from_here_and_runs_again_is_told() -> None:
    wanted = frozenset({"main", "*"})
    assert found(replace(FINE, hub_halts=("*", "main")), wanted) == {}
    told = found(replace(FINE, hub_halts=("main",)), wanted)
    assert told[Kind.HALT].startswith("*: all agents: halted from here, and the edge says no longer")


def test_an_edge_is_silent_after_ten_heartbeats() -> None:
    assert silent(NOW - STALE_SECONDS, NOW) is None
    concern = silent(NOW - 3 * 3600, NOW)
    assert concern is not None
    assert concern.reason == "its edge was last heard of 3 h ago"
