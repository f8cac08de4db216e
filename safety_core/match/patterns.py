"""Provider patterns: found by Hyperscan in one pass, confirmed by `regex` around the hit and by a structure
check."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import hyperscan
import regex

from safety_core._native.database import Database
from safety_core.errors import PolicyError, UnscannableError
from safety_core.match.assigned import IN_CONTEXT
from safety_core.match.checks import CHECKS
from safety_core.match.echoes import echoes
from safety_core.match.layer import Layer
from safety_core.match.prefilter import OPEN_REACH, prefilter, reach, resolute, shortened
from safety_core.match.promise import CONTEXT
from safety_core.match.span import Span
from safety_core.match.wordlike import entropy
from safety_core.model.finding import FindingKind
from safety_core.model.policy import Pattern

_SECONDS: Final = 0.25
"""For one confirmation. The window is small, so only an expression that explodes comes near it."""

_AGAIN: Final = re.compile(rb"[=:]")
"""What is no secret may still hold a name and a value of its own."""

_NEAR: Final = 64
"""Characters before a hit in which most matches begin."""

_AHEAD: Final = 2
"""How many times the reach of a rule is looked ahead."""

_FLAGS: Final = hyperscan.HS_FLAG_PREFILTER | hyperscan.HS_FLAG_ALLOWEMPTY


@dataclass(frozen=True, slots=True)
class _Rule:
    pattern: Pattern
    front: int
    reach: int
    keywords: tuple[bytes, ...]

    @property
    def bounded(self) -> bool:
        """Whether a match is never longer than `reach`."""
        return self.reach < OPEN_REACH

    @property
    def regex(self) -> Any:
        """The whole expression. Most are never asked for: few products stand in one text."""
        return _regex(self.pattern.expression)


@lru_cache(maxsize=4096)
def _regex(expression: str) -> Any:
    return regex.compile(resolute(expression).encode("ascii"), cache_pattern=False)


class PatternSet:
    """Compiled patterns. Earlier ones win where two find the same characters."""

    __slots__ = ("_database", "_in_context", "_rules", "ids")

    def __init__(self, patterns: Sequence[Pattern], stored: bytes = b"") -> None:
        """Compile. Raises PolicyError that names the pattern which is wrong.

        Args:
            stored: what `dump` of a set of the same `recipe` returned, whole: Hyperscan trusts what it is given. Where
                it comes from another processor or release, the patterns are compiled all the same.
        """
        self._rules = [_rule(pattern) for pattern in patterns]
        self.ids: Final = frozenset(pattern.id for pattern in patterns)
        self._in_context = frozenset(pattern.id for pattern in patterns if pattern.check in IN_CONTEXT)
        self._database = _restored(stored)
        if patterns and self._database is None:
            for pattern in patterns:
                _check_expression(pattern)
            self._database = _compiled(patterns)
            _regex.cache_clear()  # hundreds of expressions, of which few will ever hit
            regex.purge()

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """The patterns, as they were given."""
        return tuple(rule.pattern for rule in self._rules)

    def dump(self) -> bytes:
        """Return the compiled patterns for a later `stored`; nothing where there are none."""
        return self._database.dump() if self._database else b""

    def find(self, layer: Layer) -> Iterator[Span]:
        """Yield what the patterns find in this layer, confirmed. Raises UnscannableError when one
        runs out of time."""
        if self._database is None:
            return
        ends: dict[int, list[int]] = {}
        for number, end in self._database.ends(layer.flat):
            ends.setdefault(number, []).append(end)
        spans: list[Span] = []
        for number in sorted(ends):
            spans += _confirmed(self._rules[number], layer.flat, ends[number])
        yield from spans
        given_away = {layer.flat[span.start : span.end]: span.rule for span in spans if span.rule in self._in_context}
        for rule, start, end in echoes(layer.flat, given_away):
            yield Span(FindingKind.PATTERN, rule, start, end)


def recipe(patterns: Sequence[Pattern]) -> bytes:
    """Return all that the compiled form of `patterns` depends on: their expressions, and Hyperscan as it runs here.
    Of one that was compiled before, no expression is looked at again until it hits."""
    engine = f"{Database([b'a'], flags=_FLAGS).engine()} {_FLAGS}".encode()
    whole = [f"{pattern.group} {pattern.expression} {prefilter(pattern.expression)}".encode() for pattern in patterns]
    return b"\0".join([engine, *whole])


def _confirmed(rule: _Rule, flat: bytes, ends: list[int]) -> Iterator[Span]:
    """Yield what the whole expression and the check confirm around these hits, each part of the text looked at once."""
    at = 0
    for end, following in zip(ends, [*ends[1:], len(flat)], strict=True):
        at = max(at, end - rule.front)
        stop = _stop(rule, flat, end, following)
        if at >= end or (rule.keywords and not any(word in flat[at:stop].lower() for word in rule.keywords)):
            continue
        try:
            at = _nearest(rule, flat, at, end, stop)
            while at < end:
                found = rule.regex.search(flat, at, stop, timeout=_SECONDS)
                if not found or found.start() >= end:
                    at = max(at, _clear(rule, flat, stop, found))
                    break
                first, last = found.span(rule.pattern.group)
                at = max(found.end(), at + 1)
                if first < last and _checked(rule.pattern, flat, found, first, last):
                    yield Span(FindingKind.PATTERN, rule.pattern.id, first, last)
                elif found.start() < first and _AGAIN.search(flat, first, last):
                    at = first
        except TimeoutError as error:
            raise UnscannableError(
                f"pattern {rule.pattern.id}", "ran out of time on this text", "simplify its expression"
            ) from error


def _stop(rule: _Rule, flat: bytes, end: int, following: int) -> int:
    """Return how far to look for a match that begins before `end`; further where hits stand close together, so that one
    look answers for many."""
    ahead = _AHEAD * rule.reach if rule.bounded and following < end + rule.reach else 0
    return min(len(flat), end + rule.reach + ahead)


def _clear(rule: _Rule, flat: bytes, stop: int, found: Any) -> int:
    """Return up to where no match begins, after a search up to `stop` that came to `found`."""
    if not rule.bounded:
        return 0
    least = len(flat) if stop == len(flat) else stop - rule.reach
    return min(least, found.start()) if found else least


def _nearest(rule: _Rule, flat: bytes, at: int, end: int, stop: int) -> int:
    """Return where to search from: the beginning of a match shortly before a hit, where most begin, else `at`."""
    near = end - _NEAR
    found = rule.regex.search(flat, near, stop, timeout=_SECONDS) if near > at else None
    return near if found and found.start() < end else at


def _checked(pattern: Pattern, flat: bytes, found: Any, first: int, last: int) -> bool:
    secret = flat[first:last].decode("latin-1")
    if pattern.min_entropy and entropy(secret) < pattern.min_entropy:
        return False
    context = CONTEXT if pattern.check in IN_CONTEXT else 0
    return CHECKS[pattern.check](secret, flat[max(0, found.start() - context) : found.end()].decode("latin-1"))


def _rule(pattern: Pattern) -> _Rule:
    if pattern.check not in CHECKS:
        raise PolicyError(
            f"pattern {pattern.id}",
            f"names a check that does not exist: {pattern.check}",
            f"one of {', '.join(sorted(filter(None, CHECKS)))}",
        )
    return _Rule(
        pattern,
        reach(shortened(pattern.expression)),
        reach(pattern.expression),
        tuple(word.encode() for word in pattern.keywords),
    )


def _check_expression(pattern: Pattern) -> None:
    try:
        groups = _regex(pattern.expression).groups
    except (regex.error, UnicodeEncodeError) as error:
        raise PolicyError(f"pattern {pattern.id}", f"is not a regular expression in ASCII ({error})") from error
    if pattern.group > groups:
        raise PolicyError(f"pattern {pattern.id}", f"has no group {pattern.group}")


def _restored(stored: bytes) -> Database | None:
    """Return the database that was dumped, or None where there is none or it is not for this machine."""
    try:
        return Database.restored(stored) if stored else None
    except hyperscan.HyperscanError:
        return None


def _compiled(patterns: Sequence[Pattern]) -> Database:
    try:
        return _database(patterns)
    except hyperscan.HyperscanError as error:
        culprit = next((pattern.id for pattern in patterns if not _compiles(pattern)), "set")
        raise PolicyError(f"pattern {culprit}", f"cannot be compiled ({error})", "see the Hyperscan syntax") from error


def _compiles(pattern: Pattern) -> bool:
    try:
        return bool(_database([pattern]))
    except hyperscan.HyperscanError:
        return False


def _database(patterns: Sequence[Pattern]) -> Database:
    return Database([prefilter(pattern.expression).encode("ascii") for pattern in patterns], flags=_FLAGS)
