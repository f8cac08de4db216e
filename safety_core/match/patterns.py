"""Provider patterns: found by Hyperscan in one pass, confirmed by `regex` around the hit and by a structure
check."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import hyperscan
import regex

from safety_core.errors import PolicyError, UnscannableError
from safety_core.match.checks import CHECKS
from safety_core.match.layer import Layer
from safety_core.match.literals import borrowed
from safety_core.match.span import Span
from safety_core.match.wordlike import entropy
from safety_core.model.finding import FindingKind
from safety_core.model.policy import Pattern

_SECONDS: Final = 0.25
"""For one confirmation. The window is small, so only an expression that explodes comes near it."""

_REACH: Final = 128
_OPEN_REACH: Final = 4096
_COUNT: Final = re.compile(r"(?<!\\)\{([0-9]+)(,?)([0-9]*)\}")
_OPEN: Final = re.compile(r"(?<![\\(])[*+]|\{[0-9]+,\}")
_CLASS: Final = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]")
_HEAD: Final = re.compile(r"^\(\?<!\[[^\]]*\]\)")
_TAIL: Final = re.compile(r"\(\?!\[[^\]]*\]\)$")
_COUNTED: Final = 40
"""Repetitions that the prefilter counts: what stands between the name of a product and its key is not open."""
_FLAGS: Final = hyperscan.HS_FLAG_PREFILTER | hyperscan.HS_FLAG_ALLOWEMPTY


@dataclass(frozen=True, slots=True)
class _Rule:
    pattern: Pattern
    regex: Any
    reach: int
    keywords: tuple[bytes, ...]


class PatternSet:
    """Compiled patterns. Earlier ones win where two find the same characters."""

    __slots__ = ("_database", "_rules", "_spare")

    def __init__(self, patterns: Sequence[Pattern], stored: bytes = b"") -> None:
        """Compile. Raises PolicyError that names the pattern which is wrong.

        Args:
            stored: what `dump` of a set of the same `recipe` returned, whole: Hyperscan trusts what it is given. Where
                it comes from another processor or release, the patterns are compiled all the same.
        """
        self._rules = [_rule(pattern) for pattern in patterns]
        self._database: Any = None
        self._spare: list[Any] = []
        if patterns:
            self._database = _restored(stored) or _compiled(patterns)

    def dump(self) -> bytes:
        """Return the compiled patterns for a later `stored`; nothing where there are none."""
        return hyperscan.dumpb(self._database) if self._database is not None else b""

    def find(self, layer: Layer) -> Iterator[Span]:
        """Yield what the patterns find in this layer, confirmed. Raises UnscannableError when one
        runs out of time."""
        if self._database is None or not layer.flat:
            return
        for index, windows in self._windows(layer.flat).items():
            rule = self._rules[index]
            for start, end in windows:
                yield from _confirmed(rule, layer.flat, start, end)

    def _windows(self, flat: bytes) -> dict[int, list[tuple[int, int]]]:
        """Return, per rule, the parts of the text in which it hit, widened by its reach and joined."""
        ends: dict[int, list[int]] = {}

        def keep(index: int, _start: int, end: int, _flags: int, _context: object) -> None:
            ends.setdefault(index, []).append(end)

        with borrowed(self._database, self._spare) as scratch:
            self._database.scan(flat, match_event_handler=keep, scratch=scratch)
        return {index: _joined(ends[index], self._rules[index].reach, len(flat)) for index in sorted(ends)}


def recipe(patterns: Sequence[Pattern]) -> bytes:
    """Return all that the compiled form of `patterns` depends on: their expressions, and Hyperscan as it runs here."""
    probe = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    probe.compile(expressions=[b"a"], ids=[0], flags=[_FLAGS])
    engine = f"{probe.info()!r} {_FLAGS}".encode()
    return b"\0".join([engine, *_expressions(patterns)])


def _joined(ends: list[int], reach: int, size: int) -> list[tuple[int, int]]:
    windows: list[tuple[int, int]] = []
    for end in sorted(ends):
        start, stop = max(0, end - reach), min(size, end + reach)
        if windows and start <= windows[-1][1]:
            windows[-1] = (windows[-1][0], stop)
        else:
            windows.append((start, stop))
    return windows


def _confirmed(rule: _Rule, flat: bytes, start: int, end: int) -> Iterator[Span]:
    pattern = rule.pattern
    if rule.keywords and not any(word in flat[start:end].lower() for word in rule.keywords):
        return
    try:
        for found in rule.regex.finditer(flat, start, end, timeout=_SECONDS):
            first, last = found.span(pattern.group)
            secret = flat[first:last].decode("latin-1")
            if first < last and entropy(secret) >= pattern.min_entropy and _checked(pattern, secret, found):
                yield Span(FindingKind.PATTERN, pattern.id, first, last)
    except TimeoutError as error:
        raise UnscannableError(
            f"pattern {pattern.id}", "ran out of time on this text", "simplify its expression"
        ) from error


def _checked(pattern: Pattern, secret: str, found: Any) -> bool:
    return CHECKS[pattern.check](secret, found[0].decode("latin-1"))


def _rule(pattern: Pattern) -> _Rule:
    if pattern.check not in CHECKS:
        raise PolicyError(
            f"pattern {pattern.id}",
            f"names a check that does not exist: {pattern.check}",
            f"one of {', '.join(sorted(filter(None, CHECKS)))}",
        )
    try:
        compiled = regex.compile(pattern.expression.encode("ascii"))
    except (regex.error, UnicodeEncodeError) as error:
        raise PolicyError(f"pattern {pattern.id}", f"is not a regular expression in ASCII ({error})") from error
    if pattern.group > compiled.groups:
        raise PolicyError(f"pattern {pattern.id}", f"has no group {pattern.group}")
    return _Rule(pattern, compiled, _reach(pattern.expression), tuple(word.encode() for word in pattern.keywords))


def _reach(expression: str) -> int:
    """Return how many characters around a hit a whole match may take, by the counts that are written in
    the expression."""
    bounds = [int(last or first) for first, _, last in _COUNT.findall(expression)]
    unbounded = _OPEN.search(_CLASS.sub(".", expression))
    return max(_OPEN_REACH if unbounded else 0, sum(bounds) + _REACH)


def prefilter(expression: str) -> str:
    """Return a simpler expression that hits wherever `expression` does, and compiles to a small automaton.

    Long counts become short ones, at the end of the expression exactly (one hit per match, not one per character),
    elsewhere open; assertions at both ends go. What hits too often is sorted out by the confirmation.
    """
    bare = _TAIL.sub("", _HEAD.sub("", expression))
    last = max((found.end() for found in _COUNT.finditer(bare)), default=0)

    def shorter(found: re.Match[str]) -> str:
        least = min(int(found[1]), _COUNTED)
        if least and found.end() == last == len(bare):
            return f"{{{least}}}"
        return found[0] if int(found[3] or (_COUNTED + 1 if found[2] else found[1])) <= _COUNTED else f"{{{least},}}"

    return _COUNT.sub(shorter, bare)


def _restored(stored: bytes) -> Any:
    """Return the database that was dumped, or None where there is none or it is not for this machine."""
    try:
        return hyperscan.loadb(stored, hyperscan.HS_MODE_BLOCK) if stored else None
    except hyperscan.HyperscanError:
        return None


def _compiled(patterns: Sequence[Pattern]) -> Any:
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


def _expressions(patterns: Sequence[Pattern]) -> list[bytes]:
    return [prefilter(pattern.expression).encode("ascii") for pattern in patterns]


def _database(patterns: Sequence[Pattern]) -> Any:
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    raw = _expressions(patterns)
    database.compile(expressions=raw, ids=[*range(len(raw))], flags=[_FLAGS] * len(raw))
    return database
