"""Every known secret, ready to be found in a text.

A registry is an immutable snapshot of an index that only grows: a new secret is added to the index in place, which
takes microseconds, and older snapshots do not look at it; removing one only forgets its name. An index in which most
is forgotten is made anew.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, TypeAlias

from safety_core._native.engine import ENGINE
from safety_core._native.literals import LiteralTable
from safety_core.match.extent import Extents
from safety_core.match.layer import Layer, flatten, squeeze
from safety_core.match.needles import FORMS, PLAIN_MINIMUM, needles_of
from safety_core.match.openings import LEAST, Known
from safety_core.match.span import REGISTERED, Span, settle
from safety_core.model.finding import FindingKind
from safety_core.model.secret import SecretName, SecretValue

_FORM_CODES: Final = {form: code for code, form in enumerate(FORMS)}
_TAG: Final = 16
"""A tag is the number of the secret, times this, and the code of the form."""

_PIECE: Final = _FORM_CODES["piece"]
_SHARED: Final = 4
"""Secrets that may have a piece in common."""


_Hit: TypeAlias = tuple[int, int, int]
"""Tag, start, end."""

_EARLIER: Final = "@"
"""Never in the name of a secret."""

_FORGOTTEN: Final = 256
"""Secrets that an index may have forgotten before it is made anew, if they outnumber those that it knows."""


class _Index:
    """All secrets that a line of snapshots ever had, by number, with their needles."""

    __slots__ = ("exact", "names", "needles", "numbers", "pieces", "values")

    def __init__(self, entries: Mapping[SecretName, SecretValue]) -> None:
        self.names: list[SecretName] = []
        self.values: list[SecretValue] = []
        self.numbers: dict[SecretName, list[int]] = {}
        self.pieces: dict[int, int] = {}
        self.needles = ENGINE.table()
        self.exact = LiteralTable()
        self.add(entries)

    def add(self, entries: Mapping[SecretName, SecretValue]) -> None:
        first = len(self.names)
        short = [*self._short(enumerate(entries.values(), first))]
        self.needles.add_all(self._tagged(enumerate(entries.values(), first)))
        self.exact.add_all(short)
        for number, name in enumerate(entries, first):
            self.numbers.setdefault(name, []).append(number)
        self.names += entries.keys()
        self.values += entries.values()

    def _tagged(self, secrets: Iterable[tuple[int, SecretValue]]) -> Iterator[tuple[bytes, int]]:
        for number, secret in secrets:
            for needle in needles_of(secret.reveal()):
                if needle.form != FORMS[_PIECE] or self._is_own(needle.squeezed):
                    yield needle.squeezed, number * _TAG + _FORM_CODES[needle.form]

    def _is_own(self, piece: bytes) -> bool:
        """Count a piece; tell whether few secrets have it. What many begin with gives none of them away, and each place
        where it stands in a text would be one hit for each of them."""
        key = hash(piece)
        count = self.pieces[key] = self.pieces.get(key, 0) + 1
        return count <= _SHARED

    @staticmethod
    def _short(secrets: Iterable[tuple[int, SecretValue]]) -> Iterator[tuple[bytes, int]]:
        for number, secret in secrets:
            flat = flatten(secret.reveal())
            if len(flat) >= LEAST and len(squeeze(flat)) < PLAIN_MINIMUM:
                yield flat, number * _TAG


class Registry:
    """All known secrets of one tenant. Values shorter than four characters are not looked for."""

    __slots__ = ("_count", "_gone", "_index", "_openings")

    def __init__(self, entries: Mapping[SecretName, SecretValue]) -> None:
        self._index = _Index(entries)
        self._count = len(entries)
        self._gone: frozenset[int] = frozenset()
        self._openings: Known | None = None

    def __len__(self) -> int:
        return self._count - len(self._gone)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._number(SecretName(name)) is not None

    def _known(self) -> Iterator[int]:
        return (number for number in range(self._count) if number not in self._gone)

    @property
    def openings(self) -> Known:
        """Where a text that has not ended could be in the middle of a secret. Made when first asked for."""
        if self._openings is None:
            self._openings = Known(self._index.values[number].reveal() for number in self._known())
        return self._openings

    def _number(self, name: SecretName) -> int | None:
        """Return the number under which this snapshot knows `name`, or None."""
        numbers = self._index.numbers.get(name, [])
        place = bisect_left(numbers, self._count) - 1
        return numbers[place] if place >= 0 and numbers[place] not in self._gone else None

    def with_secret(self, name: SecretName, value: SecretValue) -> Registry:
        """Return a registry that also knows this secret; an older value of the same name is forgotten."""
        older = self._number(name)
        gone = self._gone if older is None else self._gone | {older}
        if self._count < len(self._index.names) or len(gone) > max(_FORGOTTEN, self._count // 2):
            return Registry({**self.entries(), name: value})
        self._index.add({name: value})
        grown = self._snapshot(self._count + 1, gone)
        if self._openings is not None:
            grown._openings = self._openings.grown(value.reveal())
        return grown

    def without(self, name: SecretName) -> Registry:
        """Return a registry that does not know the secret of this name."""
        number = self._number(name)
        return self if number is None else self._snapshot(self._count, self._gone | {number})

    def entries(self) -> dict[SecretName, SecretValue]:
        """Return every secret that this snapshot knows."""
        return {self._index.names[number]: self._index.values[number] for number in self._known()}

    def _snapshot(self, count: int, gone: frozenset[int]) -> Registry:
        registry = Registry.__new__(Registry)
        registry._index, registry._count, registry._gone, registry._openings = self._index, count, gone, self._openings
        return registry

    def find(self, layer: Layer) -> list[Span]:
        """Return where registered secrets stand in this layer, in its characters, without overlaps."""
        hits = sorted(self._living(self._index.needles.find(layer.squeezed)), key=lambda hit: hit[1])
        short = [*self._living(self._index.exact.find(layer.flat))]
        if not hits and not short:
            return []
        extents = Extents(layer.flat)
        whole = [hit for hit in hits if hit[0] % _TAG != _PIECE]
        spans = settle(
            [
                *(self._widened(layer, hit, extents) for hit in whole),
                *(self._span(tag, *place) for tag, *place in short),
            ]
        )
        apart = _apart([hit for hit in hits if hit[0] % _TAG == _PIECE], whole)
        pieces = (span for span in (self._widened(layer, hit, extents) for hit in apart) if not _covered(span, spans))
        return settle([*spans, *pieces])

    def _living(self, hits: Iterable[_Hit]) -> Iterator[_Hit]:
        """Yield the hits of secrets that this snapshot knows."""
        for hit in hits:
            number = hit[0] // _TAG
            if number < self._count and number not in self._gone:
                yield hit

    def _widened(self, layer: Layer, hit: _Hit, extents: Extents) -> Span:
        """Return the span that goes with a hit in squeezed text."""
        tag, start, end = hit
        value = self._index.values[tag // _TAG].reveal()
        return self._span(tag, *extents.of(FORMS[tag % _TAG], value, *layer.unsqueezed(start, end)))

    def _span(self, tag: int, start: int, end: int) -> Span:
        form = FORMS[tag % _TAG]
        rule = f"{REGISTERED}-{form}" if form else REGISTERED
        return Span(FindingKind.REGISTERED, rule, start, end, told_name(self._index.names[tag // _TAG]))


def earlier(name: SecretName, version: int) -> SecretName:
    """Return under which name an earlier value of a secret is known, beside the current one: no secret has it."""
    return SecretName(f"{name}{_EARLIER}{version}")


def told_name(name: SecretName) -> SecretName:
    """Return the secret's own name, by which all its values are told."""
    return SecretName(name.partition(_EARLIER)[0])


def _apart(pieces: list[_Hit], whole: list[_Hit]) -> list[_Hit]:
    """Return the pieces that do not lie in a whole secret: all others were found with it."""
    starts = sorted(whole, key=lambda hit: hit[1])
    apart: list[_Hit] = []
    for hit in pieces:
        place = bisect_right(starts, hit[1], key=lambda other: other[1]) - 1
        if place < 0 or starts[place][2] < hit[2]:
            apart.append(hit)
    return apart


def _covered(span: Span, others: list[Span]) -> bool:
    """Tell whether a span overlaps one of the others, which are in order and apart from each other."""
    place = bisect_left(others, span.end, key=lambda other: other.start) - 1
    return place >= 0 and others[place].end > span.start
