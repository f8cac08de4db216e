"""Proves the patterns of a bundle before it is activated, in a child process; tries their samples for an author.

Whoever comes back after a restart has nothing but the bundle on its disk: one whose patterns do not compile would
leave it without any policy. So no such bundle gets there.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from functools import partial
from typing import Final

from safety_core.bundle.samples import Sample, invented
from safety_core.edge.reap import reap
from safety_core.errors import InputError, PolicyError, UnprovenError
from safety_core.match.layer import Layer, flatten
from safety_core.match.patterns import PatternSet
from safety_core.match.rule import check_expression, rule_of
from safety_core.model.policy import Pattern
from safety_core.wire.reader import Reader

PATTERN_SECONDS: Final = 60.0
"""Seconds to compile all patterns: 800 take three on a slow machine."""


async def prove_patterns(patterns: Sequence[Pattern], *, seconds: float = PATTERN_SECONDS) -> None:
    """Return if all patterns compile here. Raises UnprovenError, naming the first that does not."""
    if not patterns:
        return
    try:
        child = await asyncio.create_subprocess_exec(
            # isolated: neither the folder it is started in nor the environment chooses what it imports
            sys.executable, "-I", "-m", "safety_core.edge.pattern_worker",
            stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env={}, cwd="/",
        )  # fmt: skip
    except OSError as error:
        raise UnprovenError("patterns", "could not be tried", "is the machine out of memory?") from error
    try:
        async with asyncio.timeout(seconds):
            told, _ = await child.communicate(json.dumps([asdict(pattern) for pattern in patterns]).encode())
    except TimeoutError as error:
        raise UnprovenError("patterns", f"do not compile within {seconds:g} s", "simplify their expressions") from error
    finally:
        await reap(child)
    _check(told)


def _check(told: bytes) -> None:
    try:
        answer = Reader.parse(told, "answer")
        thing, reason, fix = answer.texts("error") if answer.has("error") else ("", "", "")
    except (InputError, ValueError) as error:
        raise UnprovenError("patterns", "end the process that compiles them", "simplify their expressions") from error
    if reason:
        raise UnprovenError(thing, reason, fix)


def check_patterns(patterns: Sequence[Pattern], samples: Iterable[Sample], place: Callable[[int, str], str]) -> None:
    """Compile the patterns and try their samples, as strictly as an author wants.

    Args:
        place: where a field of a pattern is written, by the pattern's number.

    Raises:
        PolicyError: at the first place that is wrong.
    """
    for number, pattern in enumerate(patterns):
        _check_pattern(pattern, partial(place, number))
    try:
        whole = PatternSet(patterns)
    except PolicyError as error:  # Hyperscan's own
        number = next((n for n, pattern in enumerate(patterns) if error.thing == f"pattern {pattern.id}"), 0)
        raise _placed(place(number, "expression"), error) from error
    for sample in samples:
        _check_sample(whole, patterns[sample.number].id, sample)


def _check_pattern(pattern: Pattern, place: Callable[[str], str]) -> None:
    try:
        rule = rule_of(pattern)
    except PolicyError as error:
        raise _placed(place("check"), error) from error
    try:
        check_expression(pattern)
        empty = rule.regex.search(b"")
    except PolicyError as error:
        raise _placed(place("group" if "group" in error.reason else "expression"), error) from error
    except (re.error, RecursionError, OverflowError) as error:
        reason = f"pattern {pattern.id} is not a regular expression ({error})"
        raise PolicyError(place("expression"), reason) from error
    if empty:
        fix = "let it begin with something that is always there"
        raise PolicyError(place("expression"), f"pattern {pattern.id} matches the empty text", fix)


def _placed(place: str, error: PolicyError) -> PolicyError:
    return PolicyError(place, f"{error.thing} {error.reason}", error.fix)


def _check_sample(patterns: PatternSet, rule: str, sample: Sample) -> None:
    try:
        text = invented(sample.text)
    except PolicyError as error:
        raise _placed(sample.place, error) from error
    matches = any(span.rule == rule for span in patterns.find(Layer(flatten(text))))
    if matches != sample.must_match:
        wrong = "is not found, and must_match says that it is" if sample.must_match else "is found, and must not be"
        raise PolicyError(sample.place, f"a sample of pattern {rule} {wrong}", "mend the expression, or the sample")
