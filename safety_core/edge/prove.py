"""Proves a bundle before it is activated: in a child process of its own, with a deadline for every answer.

Every rule is asked about an empty call, and every golden vector is judged: for an author by all rules, guards aside; on
an edge, which has no author to tell, by those that would be asked, as every later call. So a rule that errs, runs away,
answers otherwise than its author saw, or fires where its guard says that it cannot, keeps the bundle out. Every pattern
must compile, for the same reason.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from safety_core.bundle.contents import TrustedBundle
from safety_core.bundle.golden import Vector, vector_line
from safety_core.bundle.index import RuleIndex
from safety_core.canonical import Json, JsonObject
from safety_core.edge.pattern_proof import prove_patterns
from safety_core.edge.rego import RegoEngine
from safety_core.errors import UnavailableError, UnprovenError
from safety_core.model.facts import Facts
from safety_core.model.policy import Pattern

DEADLINE: Final = 5.0
"""Seconds for all rules on one vector: 10,000 rules take a quarter of a second."""

TOTAL: Final = 120.0
"""Seconds for a whole bundle."""

WRITE_AGAIN: Final = "mend the rule; or, if it is right: safety policy golden --policies FOLDER FOLDER/golden.jsonl"


async def prove(
    bundle: TrustedBundle,
    *,
    deadline: float = DEADLINE,
    total: float = TOTAL,
    patterns: Collection[Pattern] = (),
    guarded: bool = False,
) -> None:
    """Return if `bundle` judges here as its author saw it.

    Args:
        guarded: ask about each vector only the rules that can concern it: the time no longer grows with all rules.
        patterns: those that are known to compile here: they are not compiled again.

    Raises:
        UnprovenError: naming the first vector, and the rule, that comes out differently; or the pattern that does not
            compile.
    """
    fresh = [pattern for pattern in bundle.policy.patterns if pattern not in patterns]
    try:
        async with asyncio.timeout(total):
            await prove_patterns(fresh)
            await _prove_rules(bundle, deadline, guarded=guarded)
    except UnavailableError as error:
        raise UnprovenError(f"bundle {bundle.revision}", f"does not run here: {error.reason}", error.fix) from error
    except TimeoutError as error:
        raise UnprovenError(f"bundle {bundle.revision}", f"could not be proved within {total:g} s") from error


async def _prove_rules(bundle: TrustedBundle, deadline: float, *, guarded: bool) -> None:
    engine = RegoEngine(deadline=deadline)
    try:
        await engine.load(bundle)
        await engine.ask(bundle.guards, Facts("", "").to_json())
        index = RuleIndex(bundle.guards)
        for number, vector in enumerate(bundle.golden, 1):
            able = index.candidates(_actions(vector.facts.get("actions")))
            if not guarded or await engine.ask(able, vector.facts) != vector.hits:
                await _check(engine, bundle, able, vector, f"golden.jsonl:{number}")
    finally:
        await engine.close()


async def vectors_of(bundle: TrustedBundle, asked: Iterable[JsonObject]) -> tuple[bytes, ...]:
    """Return the golden lines for these facts, as the bundle judges now. Raises UnavailableError."""
    engine = RegoEngine(deadline=DEADLINE)
    try:
        await engine.load(bundle)
        return tuple([vector_line(facts, await engine.ask(bundle.guards, facts)) for facts in asked])
    finally:
        await engine.close()


async def _check(engine: RegoEngine, bundle: TrustedBundle, able: Sequence[str], vector: Vector, place: str) -> None:
    hits = await engine.ask(bundle.guards, vector.facts)
    unguarded = {hit.rule for hit in hits} - set(able)
    if unguarded:
        rule = min(unguarded)
        raise UnprovenError(place, f"{rule} fires outside of its own kinds and subjects", "widen them in its METADATA")
    if hits != vector.hits:
        differing = {hit.rule for hit in set(hits) ^ set(vector.hits)}
        raise UnprovenError(place, f"{min(differing)} comes out differently", WRITE_AGAIN)


def _actions(actions: Json) -> list[tuple[str, str]]:
    listed = actions if isinstance(actions, list) else []
    return [(str(action.get("kind")), str(action.get("subject"))) for action in listed if isinstance(action, dict)]
