"""data.json -> Policy: every field is read, and the matrix holds both properties."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety_core.bundle.policy import check_matrix, parse_policy
from safety_core.bundle.source import compile_sources
from safety_core.errors import PolicyError
from safety_core.model.level import Level, Outcome, Tier
from safety_core.model.policy import AgentManifest, ApproverKey, KeyKind, OutwardGrant, Pattern
from tests.simulators.policies import MATRIX
from tests.simulators.repository import SOURCES

KEY = {"id": "owner", "kind": "person", "public": "ab" * 32, "up_to": "critical_red"}
GRANT = {"agent": "helper", "tool": "message", "recipient": "@x.test", "not_after": 1.5}
PATTERN = {
    "id": "one",
    "title": "One",
    "expression": "a(b)",
    "group": 1,
    "check": "luhn",
    "keywords": ["k"],
    "min_entropy": 3.5,
}


def data() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(compile_sources(SOURCES, tenant="one", revision="r1")["data.json"])
    return found | {
        "agents": {"helper": {"tier": "supervised", "tools": ["exec"]}, "free": {"tier": "autonomous"}},
        "approvers": [dict(KEY)],
        "outward": [dict(GRANT)],
        "patterns": [dict(PATTERN)],
        "volatile": {"exec": ["timeout"]},
    }


def test_all_of_it_is_read() -> None:
    policy = parse_policy(data(), revision="r1", version=7)
    assert (policy.tenant, policy.revision, policy.version, policy.default_tier) == ("one", "r1", 7, Tier.TRUSTED)
    assert dict(policy.matrix) == dict(MATRIX)
    assert policy.agents["helper"] == AgentManifest("helper", Tier.SUPERVISED, frozenset({"exec"}))  # type: ignore[arg-type]
    assert policy.agents["free"].tools is None  # type: ignore[index]
    assert policy.approvers == (ApproverKey("owner", KeyKind.PERSON, "ab" * 32, Level.CRITICAL_RED),)  # type: ignore[arg-type]
    assert policy.outward == (OutwardGrant("helper", "message", "@x.test", 1.5),)  # type: ignore[arg-type]
    assert policy.patterns == (Pattern("one", "One", "a(b)", 1, "luhn", ("k",), 3.5),)
    assert policy.volatile == {"exec": frozenset({"timeout"})}
    assert policy.floors == frozenset({"deletes"})
    assert policy.floor_reasons == {"deletes": "never here"}


@pytest.mark.parametrize(
    ("change", "place", "words"),
    [
        (lambda d: d.update(more=1), "data", "a field that is not known"),
        (lambda d: d.pop("hosts"), "data.hosts", "is missing"),
        (lambda d: d.update(revision="r2"), "data.revision", "not the revision of the manifest"),
        (lambda d: d.update(default_tier="free"), "data.default_tier", "not one of supervised, trusted, autonomous"),
        (lambda d: d["matrix"]["red"].update(trusted="maybe"), "data.matrix.red.trusted", "not one of allow"),
        (lambda d: d["matrix"]["red"].pop("trusted"), "data.matrix.red.trusted", "is missing"),
        (lambda d: d["matrix"].update(blue={}), "data.matrix", "a field that is not known"),
        (lambda d: d["matrix"]["red"].update(owner="allow"), "data.matrix.red", "a field that is not known"),
        (lambda d: d["agents"]["free"].update(tool=[]), "data.agents.free", "a field that is not known"),
        (lambda d: d["approvers"].append(KEY), "data.approvers[1].id", "owner stands twice"),
        (lambda d: d["approvers"][0].update(kind="root"), "data.approvers[0].kind", "hub, person, passkey or channel"),
        (lambda d: d["approvers"][0].update(public="AB" * 32), "data.approvers[0].public", "64 lower-case"),
        (lambda d: d["approvers"][0].update(up_to="all"), "data.approvers[0].up_to", "not one of"),
        (lambda d: d["approvers"][0].update(kind="channel"), "data.approvers[0].up_to", "more than a chat channel may"),
        (lambda d: d["outward"][0].update(recipient="@"), "data.outward[0].recipient", "names nobody"),
        (lambda d: d["patterns"].append(PATTERN), "data.patterns[1].id", "one stands twice"),
        (lambda d: d["patterns"][0].update(group=-1), "data.patterns[0].group", "must lie in"),
    ],
)
def test_anything_else_is_refused_by_its_path(change: Callable[[dict], object], place: str, words: str) -> None:  # type: ignore[type-arg]
    changed = data()
    change(changed)
    with pytest.raises(PolicyError, match=words) as caught:
        parse_policy(changed, revision="r1", version=1)
    assert caught.value.thing == place


@pytest.mark.parametrize(
    ("level", "tier", "outcome", "words"),
    [
        (Level.RED, Tier.TRUSTED, Outcome.DENY, "critical_red.trusted: is looser than red"),
        (Level.GREEN, Tier.AUTONOMOUS, Outcome.ASK, "yellow.autonomous: is looser than green"),
        (Level.YELLOW_EXTERNAL, Tier.AUTONOMOUS, Outcome.ALLOW, "opens the external gate"),
        (Level.YELLOW, Tier.SUPERVISED, Outcome.ASK_STRONG, "looser|external"),
        (Level.CRITICAL_RED, Tier.AUTONOMOUS, Outcome.DENY, "stricter than for a trusted agent"),
    ],
)
def test_a_matrix_that_breaks_a_property_is_refused(level: Level, tier: Tier, outcome: Outcome, words: str) -> None:
    with pytest.raises(PolicyError, match=words):
        check_matrix({**MATRIX, (level, tier): outcome}, "data.matrix")


CELLS = tuple(product(Level, Tier))


@st.composite
def matrices(draw: st.DrawFn) -> dict[tuple[Level, Tier], Outcome]:
    """A matrix with both properties, in which one cell may have been changed."""
    free = {cell: draw(st.sampled_from(Outcome)) for cell in CELLS}
    for tier in Tier:
        free[Level.GREEN, tier] = min(free[Level.GREEN, tier], Outcome.ASK)
        free[Level.YELLOW_EXTERNAL, tier] = max(free[Level.YELLOW_EXTERNAL, tier], Outcome.ASK)
    good = {
        (level, tier): max(free[other, freer] for other, freer in CELLS if other <= level and freer >= tier)
        for level, tier in CELLS
    }
    return {**good, draw(st.sampled_from(CELLS)): draw(st.sampled_from(Outcome))}


def monotonous(matrix: dict[tuple[Level, Tier], Outcome]) -> bool:
    inside = [level for level in Level if level is not Level.YELLOW_EXTERNAL]
    return (
        all(matrix[a, tier] <= matrix[b, tier] for tier in Tier for a in inside for b in inside if a < b)
        and all(matrix[level, s] >= matrix[level, t] for level in Level for s in Tier for t in Tier if s < t)
        and all(matrix[Level.YELLOW_EXTERNAL, t] >= max(Outcome.ASK, matrix[Level.YELLOW, t]) for t in Tier)
    )


@given(matrices())
def test_exactly_the_monotonous_matrices_pass(matrix: dict[tuple[Level, Tier], Outcome]) -> None:
    try:
        check_matrix(matrix, "m")
    except PolicyError:
        assert not monotonous(matrix)
    else:
        assert monotonous(matrix)
