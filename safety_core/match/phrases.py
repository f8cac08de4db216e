"""Chains of words with gaps between them -> where a text holds them, in one pass that no text makes long.

A regular expression for "these words, up to 60 characters, those words" begins again at each of the first ones: a text
full of them takes a hundred times as long as another. Here each part is tried where one of its beginnings stands, and
only if the part before it stands near enough; how long that takes depends on the text's length alone.
"""

from __future__ import annotations

import re
import sys
from bisect import insort
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from safety_core.match.beginnings import beginnings

LINE: Final = r"^\s{0,20}+"
"""Before the first part, which is a word: it begins a line."""

MARK: Final = r"[\[<(>*#-]\s*+/?"
"""Before the first part, which is a word: a mark stands there, as of a tag."""

_MARKS: Final = "[<(>*#-"

TAG: Final = r"<\s*+/?\s*+"
"""The same, where only a tag will do."""

SITE: Final = "https?://"
"""A part that also begins within a word: it is found by its end."""

_RUN: Final = "]++"
"""How a part ends that is found at each of its characters."""

_LEAD: Final = 400
"""Characters before a word in which its mark is looked for."""

_SPACE: Final = re.compile(r"\s+")
_WORD: Final = re.compile("[a-z]")

_FEW: Final = 4
"""Ends that are kept without looking which of them still count."""

_AT_ONCE: Final = 4096
"""Words that are passed over before others have their turn."""


@dataclass(frozen=True, slots=True)
class Gap:
    """What may stand between two parts: so many characters at most, and none of some."""

    most: int
    without: str = ""


@dataclass(frozen=True, slots=True)
class Chain:
    """Parts, in this order, with gaps between them.

    Attributes:
        why: what a text that holds it is taken for.
        first: regular expression, in lower case. Of several ends that a match could have, it finds the last, here and
            in `then`.
        then: the other parts, each behind its gap, in one way or another.
    """

    why: str
    first: str
    then: tuple[tuple[Gap, *tuple[str, ...]], ...] = ()


Found: TypeAlias = tuple[str, int, int]
"""Why, and where: as late a beginning as there is for this end."""

_Ends: TypeAlias = "list[tuple[int, int]]"
"""(end, begin) of what there is of a chain, up to one of its parts."""


@dataclass(frozen=True, slots=True)
class _Step:
    """A part of a chain, or one way to put it.

    Attributes:
        number: of the part, among all parts; the one before it has the number before.
        gap: before it; None for the first part.
        why: of the chain.
        last: it is the chain's last part.
        led: it begins before what it is found by.
        runs: it is found at each of its characters.
    """

    number: int
    expression: str
    match: Callable[[str, int], re.Match[str] | None]
    gap: Gap | None
    why: str
    last: bool
    led: bool
    runs: bool


_Table: TypeAlias = "dict[str, tuple[_Step, ...]]"


class Phrases:
    """Many chains, ready to be looked for."""

    def __init__(self, chains: Iterable[Chain]) -> None:
        steps = _steps(chains)
        self._parts = steps[-1].number + 1
        kinds: tuple[defaultdict[str, list[_Step]], ...] = (defaultdict(list), defaultdict(list), defaultdict(list))
        words, marks, runs = kinds
        for step in steps:
            for key in _keys(step.expression):
                (runs if step.runs else words if _WORD.match(key) else marks)[key].append(step)
        self._scan = re.compile(_scan(*kinds))
        self._tables: list[_Table] = [*map(_table, kinds)]

    def found(self, text: str, known: Container[str] = (), start: int = 0, end: int = sys.maxsize) -> Iterator[Found]:
        """Yield what a text holds, in the order in which the last parts begin. The text is in lower case.

        Args:
            known: what is not looked for any more; it may grow meanwhile.
            start: where the first part may begin, and `end` behind it the last one.
        """
        reached: list[_Ends] = [[] for _ in range(self._parts)]
        for hit in self._scan.finditer(text, start, end):
            group = hit.lastindex
            if group is None:
                continue
            table, at = self._tables[group - 1], hit.start(group)
            for step in table.get(hit[group]) or table[_SPACE.sub(" ", hit[group])]:
                ends = reached[step.number - 1]
                if (step.gap and not ends) or step.why in known:
                    continue
                one = _tried(step, text, at, ends)
                if one is None:
                    continue
                if step.last:
                    yield step.why, one[1], one[0]
                    continue
                ends = reached[step.number]
                if not ends or (len(ends) <= _FEW and ends[-1][0] < one[0]):
                    ends.append(one)
                else:
                    _add(ends, one, at)


def _steps(chains: Iterable[Chain]) -> list[_Step]:
    steps: list[_Step] = []
    number = 0
    for chain in _together(chains):
        parts: list[tuple[Gap | None, *tuple[str, ...]]] = [(None, chain.first), *chain.then]
        for left, (gap, *expressions) in zip(range(len(parts) - 1, -1, -1), parts, strict=True):
            steps += [_step(number, gap, expression, chain.why, last=not left) for expression in expressions]
            number += 1
    return steps


def _together(chains: Iterable[Chain]) -> Iterator[Chain]:
    """Yield the chains, and those of one part that mean the same as one."""
    alone: dict[str, str] = {}
    for chain in chains:
        if chain.then or _is_led(chain.first):
            yield chain
        else:
            alone[chain.why] = f"{alone[chain.why]}|{chain.first}" if chain.why in alone else chain.first
    yield from (Chain(why, first) for why, first in alone.items())


def _step(number: int, gap: Gap | None, expression: str, why: str, *, last: bool) -> _Step:
    match = re.compile(expression.removeprefix(LINE)).match
    return _Step(number, expression, match, gap, why, last, _is_led(expression), expression.endswith(_RUN))


def _is_led(expression: str) -> bool:
    return expression.startswith((LINE, MARK, TAG, SITE))


def _tried(step: _Step, text: str, at: int, ends: _Ends) -> tuple[int, int] | None:
    """Return (end, begin) of a chain up to this part, which may stand here behind one of these ends."""
    gap, place = step.gap, at
    if step.led:
        led = _begin(step.expression, text, at)
        if led is None:
            return None
        place = led
    if gap is None:
        match = step.match(text, place)
        return (match.end(), place) if match else None
    begun = _before(gap, ends, text, place)
    if begun is None or not (match := step.match(text, place)):
        return None
    return min(match.end(), begun[0] + gap.most + 1) if step.runs else match.end(), begun[1]


def _begin(expression: str, text: str, at: int) -> int | None:
    """Return where a part may begin that was found by a word or a mark in it."""
    if expression == SITE:
        place = text.rfind("http", max(at - 5, 0), at)
        return None if place < 0 else place
    before = at - 1 if at and not text[at - 1].isspace() else _shown_before(text, at, at)
    if expression.startswith(LINE):
        if before == at - 1 >= 0:
            return None
        space = max(before + 1, at - 21)
        return at if text.find("\n", space, at) >= 0 or (space == 0 and at <= 20) else None
    if before >= 0 and text[before] == "/":
        before = _shown_before(text, before, at)
    return before if before >= 0 and text[before] in _MARKS else None


def _shown_before(text: str, place: int, at: int) -> int:
    """Return the last character before a place that is no white space, -1 for none."""
    place -= 1
    while place >= 0 and text[place].isspace():
        if at - place > _LEAD:
            return -1
        place -= 1
    return place


def _keys(expression: str) -> set[str]:
    """Return how a part begins, or what it is found by. A space at its end means that a word ends there."""
    if expression == SITE:
        return {"://"}
    lead = next((lead for lead in (LINE, MARK, TAG) if expression.startswith(lead)), "")
    found = beginnings(expression.removeprefix(lead))
    if not found:
        raise ValueError(f"a part begins with anything: {expression}")
    if expression.endswith(_RUN):
        return {text[0] for text in found}
    return {*found}


def _scan(words: Iterable[str], marks: Iterable[str], runs: Iterable[str]) -> str:
    """Return an expression that finds each of these, or passes over so many words."""
    first = "".join(sorted({re.escape(key[0]) for key in (*marks, *runs)}))
    word, mark, run = (_trie(keys) or "(?!)" for keys in (words, marks, runs))
    none = rf"(?!\b{word})[a-z0-9]++|[^a-z0-9{first}]++|(?!{mark}|{run})[^a-z0-9]"
    return rf"(?:{none}){{0,{_AT_ONCE}}}+(?:\b(?=({word}))[a-z0-9]++|(?=({mark})).|(?=({run})){run}++|)"


def _trie(keys: Iterable[str]) -> str:
    """Return an expression for the longest of these that stands somewhere."""
    tails: defaultdict[str, list[str]] = defaultdict(list)
    for key in keys:
        tails[key[:1]].append(key[1:])
    ends = tails.pop("", None) is not None
    parts = [(r"\s++" if mark == " " else re.escape(mark)) + _trie(rest) for mark, rest in sorted(tails.items())]
    if not parts:
        return ""
    return f"(?:{'|'.join(parts)}){'?' if ends else ''}" if ends or len(parts) > 1 else parts[0]


def _table(keys: dict[str, list[_Step]]) -> _Table:
    """Return the parts to be tried by what was found: also those that begin with less of it."""
    return {
        text: tuple(dict.fromkeys(step for key in keys if text.startswith(key) for step in keys[key])) for text in keys
    }


def _before(gap: Gap, ends: _Ends, text: str, place: int) -> tuple[int, int] | None:
    """Return the last end of what stands before a place, if it is near enough."""
    for one in reversed(ends):
        end = one[0]
        if end > place:
            continue
        if end + gap.most < place:
            return None
        for mark in gap.without:
            if text.find(mark, end, place) >= 0:
                return None
        return one
    return None


def _add(ends: _Ends, one: tuple[int, int], place: int) -> None:
    """Keep an end, in order; of those before this place only the last: whatever comes is nearer to it."""
    if len(ends) > _FEW:
        while len(ends) > 1 and ends[1][0] <= place:
            del ends[0]
    if not ends or ends[-1][0] < one[0]:
        ends.append(one)
    elif ends[-1][0] == one[0]:
        ends[-1] = max(ends[-1], one)
    else:
        insort(ends, one)
