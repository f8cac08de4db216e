"""A bundle is proved before it is activated."""

from __future__ import annotations

import pytest

from safety_core.bundle.contents import TrustedBundle
from safety_core.bundle.golden import vector_line
from safety_core.edge.prove import prove
from safety_core.edge.shipped import bundle_of
from safety_core.errors import UnprovenError
from safety_core.model.facts import Action, Facts, Kind, Target, TargetKind
from safety_core.model.level import Level
from safety_core.model.policy import Pattern
from safety_core.model.verdict import Hit
from tests.simulators.repository import RULE, SOURCES, rule

FACTS = Facts("exec", "a", (Action(Kind.DESTROY, "rm", "rm", (Target(TargetKind.PATH, "/a"),)),)).to_json()
HIT = Hit("deletes", Level.RED, "deletes /a")


def bundle(golden: bytes, **changed: bytes) -> TrustedBundle:
    rules = {f"rules/{name}/{name}.rego": raw for name, raw in changed.items()}
    return bundle_of({**SOURCES, **rules, "golden.jsonl": golden})


async def test_a_bundle_that_judges_as_its_author_saw_is_proved() -> None:
    await prove(bundle(vector_line(FACTS, [HIT]) + vector_line({}, [])))


@pytest.mark.parametrize(
    "hits", [[], [HIT, Hit("deletes", Level.RED, "deletes /b")], [Hit("deletes", Level.YELLOW, "deletes /a")]]
)
@pytest.mark.parametrize("guarded", [False, True])
async def test_a_vector_that_comes_out_differently_is_named(hits: list[Hit], guarded: bool) -> None:
    golden = vector_line({}, []) + vector_line(FACTS, hits)
    with pytest.raises(UnprovenError, match=r"golden\.jsonl:2: deletes comes out differently"):
        await prove(bundle(golden), guarded=guarded)


@pytest.mark.parametrize("guarded", [False, True])
async def test_a_rule_that_fires_outside_of_its_guard_is_named(guarded: bool) -> None:
    narrow = RULE.replace("kinds: [destroy]", "kinds: [write]").encode()
    with pytest.raises(UnprovenError, match="deletes fires outside of its own kinds"):
        await prove(bundle(vector_line(FACTS, [HIT]), deletes=narrow), guarded=guarded)


async def test_patterns_that_have_compiled_here_are_not_compiled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    async def compiles(patterns: tuple[Pattern, ...]) -> None:
        asked.append(len(patterns))

    monkeypatch.setattr("safety_core.edge.prove.prove_patterns", compiles)
    listed = b"patterns:\n  - {id: till, title: Till, expression: 'TILL-[0-9]{12}'}\n"
    held = bundle_of({**SOURCES, "patterns/till.yaml": listed})
    await prove(held)
    await prove(held, patterns=held.policy.patterns)
    assert asked == [1, 0]


async def test_a_runaway_rule_is_found_without_any_vector() -> None:
    loop = rule("loop", "some a in numbers.range(1, 1000000); some b in numbers.range(1, 1000000); a * b == -1")
    with pytest.raises(UnprovenError, match=r"does not run here: gave no answer within 0\.2 s"):
        await prove(bundle(b"", loop=loop), deadline=0.2)
    with pytest.raises(UnprovenError, match=r"could not be proved within 0\.5 s"):
        await prove(bundle(b"", loop=loop), total=0.5)


async def test_a_rule_that_does_not_even_load_is_found() -> None:
    with pytest.raises(UnprovenError, match="does not run here"):
        await prove(bundle(b"", broken=rule("broken", "some x in")))


async def test_facts_of_another_shape_are_judged_all_the_same() -> None:
    odd = vector_line({"actions": []}, []) + vector_line({"actions": [1, {"kind": 2}]}, [])
    await prove(bundle(odd))
