"""What an engine or a proof says about a policy -> our own form: the place, the reason, the fix.

The engine's own message is kept as the reason; what is added is the file and line, and what to do about it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Final

from safety_core.bundle.clauses import clauses_of
from safety_core.bundle.contents import TrustedBundle
from safety_core.bundle.golden import Vector, read_vectors
from safety_core.edge.coverage import paths_of_tests, watched
from safety_core.edge.policy_tests import RuleTest, rule_tests_in
from safety_core.edge.prove import vectors_of
from safety_core.errors import PolicyError, SafetyError, UnavailableError, UnprovenError
from safety_core.model.verdict import Hit

_PLACE: Final = re.compile(r"--> ([\w./-]+):(\d+):(\d+)")
_MESSAGE: Final = re.compile(r"^error: (.+)$", re.MULTILINE)
_NO_HITS: Final = re.compile(r"rule (\w+): not a valid rule path")
_UNSAFE: Final = re.compile(r"undefined variable `(\w+)`")
_VECTOR: Final = re.compile(r"golden\.jsonl:(\d+)")
_NO_RULE: Final = re.compile(r"'(\w+)' names no rule")
_WRITE_AGAIN: Final = "mend the rule; or, if it is right: safety policy golden --policies FOLDER FOLDER/golden.jsonl"
_MOST: Final = 200
"""Golden vectors that are judged again to say which others come out otherwise."""


def _no_hits(error: SafetyError) -> PolicyError | None:
    """Return what is wrong with a rule that the engine finds no `hits` in; None for any other error."""
    found = _NO_HITS.search(error.reason)
    if found is None:
        return None
    fix = 'write: hits contains {"level": "red", "reason": "..."} if { ... }'
    return PolicyError(f"rules/{found[1]}/{found[1]}.rego", "has no `hits`", fix)


def rego_error(error: SafetyError) -> SafetyError:
    """Return an error of the Rego engine with the place that it names; any other error as it is."""
    place, message = _PLACE.search(error.reason), _MESSAGE.search(error.reason)
    if place is None or message is None:
        return _no_hits(error) or error
    unsafe = _UNSAFE.search(message[1])
    fix = f"define {unsafe[1]}, or put it in quotes" if unsafe else "mend the Rego at this line or just above it"
    return PolicyError(f"{place[1]}:{place[2]}", f"does not load, column {place[3]}: {message[1]}", fix)


def proof_error(error: UnprovenError, bundle: TrustedBundle) -> SafetyError:
    """Return an error of a proof with what was expected and what came; one of the engine with its place."""
    found = _VECTOR.fullmatch(error.thing)
    if found is None or "comes out differently" not in error.reason:
        return rego_error(error)
    first = int(found[1])
    try:
        lines = asyncio.run(vectors_of(bundle, [vector.facts for vector in bundle.golden[first - 1 : first + _MOST]]))
    except UnavailableError:
        return error
    now = [vector for line in lines for vector in read_vectors(line.rstrip(b"\n"), "now")]
    pairs = [*zip(bundle.golden[first - 1 :], now, strict=False)]
    others = sum(was.hits != is_.hits for was, is_ in pairs[1:])
    more = f"; and {others} more vectors below it" if others else ""
    return UnprovenError(error.thing, _difference(*pairs[0]) + more, _WRITE_AGAIN)


def _difference(was: Vector, now: Vector) -> str:
    gone = [f"no longer {_hit(hit)}" for hit in was.hits if hit not in now.hits]
    come = [f"now {_hit(hit)}" for hit in now.hits if hit not in was.hits]
    return f"comes out otherwise: {', '.join([*gone, *come])}"


def _hit(hit: Hit) -> str:
    return f'{hit.rule} {hit.level.word} "{hit.reason}"'


def test_error(outcome: RuleTest, bundle: TrustedBundle, sources: Mapping[str, bytes]) -> str:
    """Return why a test failed: the condition of it that did not come true."""
    file, _, line = outcome.file.rpartition(":")
    place = f"{outcome.file}: {outcome.name} {outcome.trouble}"
    tests = rule_tests_in(sources)
    paths = [path for path in paths_of_tests({file: tests.get(file, "")}) if path.endswith(f".{outcome.name}")]
    try:
        reached = asyncio.run(watched(bundle, [], tests=tests, values=paths)).lines[0].covered.get(file, frozenset())
    except UnavailableError:
        return place
    clause = next((one for one in clauses_of(tests[file]) if str(one.first) == line), None)
    at = clause.furthest(reached) if clause else None
    return (
        place if at is None else f"{file}:{at}: {outcome.name} stops here: {tests[file].splitlines()[at - 1].strip()}"
    )


def floor_error(error: PolicyError, sources: Mapping[str, bytes]) -> PolicyError:
    """Return the error of a floor that names no rule with the rules that there are; any other error as it is."""
    found = _NO_RULE.fullmatch(error.reason)
    if found is None:
        return error
    rules = sorted({name.split("/")[1] for name in sources if name.startswith("rules/")})
    near = get_close_matches(found[1], rules, 1)
    return PolicyError(error.thing, error.reason, f"write {near[0]}" if near else f"write one of {', '.join(rules)}")
