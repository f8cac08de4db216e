"""Provider patterns: found by Hyperscan in one pass, confirmed around the hit (`safety_core.match.rule`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import hyperscan

from safety_core._native.database import Database
from safety_core.errors import PolicyError
from safety_core.match.assigned import IN_CONTEXT
from safety_core.match.echoes import echoes
from safety_core.match.layer import Layer
from safety_core.match.prefilter import prefilter
from safety_core.match.rule import check_expression, confirmed, forget_expressions, rule_of
from safety_core.match.span import Span
from safety_core.model.finding import FindingKind
from safety_core.model.policy import Pattern

_FLAGS: Final = hyperscan.HS_FLAG_PREFILTER | hyperscan.HS_FLAG_ALLOWEMPTY


class PatternSet:
    """Compiled patterns. Earlier ones win where two find the same characters."""

    __slots__ = ("_database", "_rules", "ids", "in_context")

    def __init__(self, patterns: Sequence[Pattern], stored: bytes = b"") -> None:
        """Compile. Raises PolicyError that names the pattern which is wrong.

        Args:
            stored: what `dump` of a set of the same `recipe` returned, whole: Hyperscan trusts what it is given. Where
                it comes from another processor or release, the patterns are compiled all the same.
        """
        self._rules = [rule_of(pattern) for pattern in patterns]
        self.ids: Final = frozenset(pattern.id for pattern in patterns)
        self.in_context: Final = frozenset(pattern.id for pattern in patterns if pattern.check in IN_CONTEXT)
        self._database = _restored(stored)
        if patterns and self._database is None:
            for pattern in patterns:
                check_expression(pattern)
            self._database = _compiled(patterns)
            forget_expressions()  # hundreds, of which few will ever hit

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
            spans += confirmed(self._rules[number], layer.flat, ends[number])
        yield from spans
        given_away = {layer.flat[span.start : span.end]: span.rule for span in spans if span.rule in self.in_context}
        for rule, start, end in echoes(layer.flat, given_away):
            yield Span(FindingKind.PATTERN, rule, start, end)


def recipe(patterns: Sequence[Pattern]) -> bytes:
    """Return all that the compiled form of `patterns` depends on: their expressions, and Hyperscan as it runs here.
    Of one that was compiled before, no expression is looked at again until it hits."""
    engine = f"{Database([b'a'], flags=_FLAGS).engine()} {_FLAGS}".encode()
    whole = [f"{pattern.group} {pattern.expression} {prefilter(pattern.expression)}".encode() for pattern in patterns]
    return b"\0".join([engine, *whole])


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
