"""One pattern, confirmed where its prefilter hit: by the whole expression in `regex`, and by a check of the secret."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import regex

from safety_core.errors import PolicyError, UnscannableError
from safety_core.match.assigned import IN_CONTEXT
from safety_core.match.checks import CHECKS
from safety_core.match.prefilter import OPEN_REACH, fenced, reach, resolute, shortened
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


@dataclass(frozen=True, slots=True)
class Rule:
    """One pattern, and how far its matches go.

    Attributes:
        front: characters before a hit, which is the end of a match of its prefilter, in which a match may begin.
        reach: characters that a match may take.
        keywords: in lower case; one of them must stand near.
    """

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
    return regex.compile(fenced(resolute(expression)).encode("ascii"), cache_pattern=False)


def forget_expressions() -> None:
    """Let go of all compiled expressions; each is compiled again when it is needed."""
    _regex.cache_clear()
    regex.purge()


def rule_of(pattern: Pattern) -> Rule:
    """Return the rule of a pattern. Raises PolicyError where it names a check that does not exist."""
    if pattern.check not in CHECKS:
        raise PolicyError(
            f"pattern {pattern.id}",
            f"names a check that does not exist: {pattern.check}",
            f"one of {', '.join(sorted(filter(None, CHECKS)))}",
        )
    return Rule(
        pattern,
        reach(shortened(pattern.expression)),
        reach(pattern.expression),
        tuple(word.encode() for word in pattern.keywords),
    )


def check_expression(pattern: Pattern) -> None:
    """Compile the expression of a pattern. Raises PolicyError where it is none, or has not the group."""
    try:
        groups = _regex(pattern.expression).groups
    except (regex.error, UnicodeEncodeError) as error:
        raise PolicyError(f"pattern {pattern.id}", f"is not a regular expression in ASCII ({error})") from error
    if pattern.group > groups:
        raise PolicyError(f"pattern {pattern.id}", f"has no group {pattern.group}")


def confirmed(rule: Rule, flat: bytes, ends: list[int]) -> Iterator[Span]:
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


def _stop(rule: Rule, flat: bytes, end: int, following: int) -> int:
    """Return how far to look for a match that begins before `end`; further where hits stand close together, so that one
    look answers for many."""
    ahead = _AHEAD * rule.reach if rule.bounded and following < end + rule.reach else 0
    return min(len(flat), end + rule.reach + ahead)


def _clear(rule: Rule, flat: bytes, stop: int, found: Any) -> int:
    """Return up to where no match begins, after a search up to `stop` that came to `found`."""
    if not rule.bounded:
        return 0
    least = len(flat) if stop == len(flat) else stop - rule.reach
    return min(least, found.start()) if found else least


def _nearest(rule: Rule, flat: bytes, at: int, end: int, stop: int) -> int:
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
