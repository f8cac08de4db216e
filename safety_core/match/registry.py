"""Every known secret, ready to be found in a text.

A registry is an immutable snapshot. Its needles lie in shards, each one Hyperscan literal database: a new
secret goes into the last, small shard, so adding one costs a fraction of a millisecond; removing one only
forgets its name.
"""

from __future__ import annotations

import string
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from safety_core.match.layer import Layer
from safety_core.match.literals import Literals
from safety_core.match.needles import PLAIN_MINIMUM, Needle, needles_of
from safety_core.match.span import Span, settle
from safety_core.match.squeeze import flatten, squeeze
from safety_core.model.finding import FindingKind
from safety_core.model.secret import SecretName, SecretValue

_FANOUT: Final = 4
"""Shards of one size that are put together to one of the next size."""

_BASE: Final = 99
"""Level of the shard that a registry begins with: never rebuilt because of one more secret."""

_ANCHOR: Final = 16
"""Bytes from the middle of a needle that Hyperscan looks for; the rest is compared when they are found."""

_WORD: Final = string.ascii_letters + string.digits + "_-"
_RUN: Final = {"base64": _WORD + "+/", "ascii85": _WORD + "!#$%&*+./:;=?@^~", "base85": _WORD + "!#$%&*+;=?@^~"}
"""What an encoded secret may go on with on either side: the rest of the message it was encoded with.
Otherwise `_WORD`."""

_LEAST: Final = 4
"""Shorter values are not looked for at all: every text would be full of them. `common_value` asks for more."""


@dataclass(frozen=True, slots=True)
class _Entry:
    name: SecretName
    value: str
    needle: Needle


@dataclass(frozen=True, slots=True)
class _Shard:
    """Some secrets with their databases: needles in squeezed text, short secrets in flattened text.

    `level`: how often it was put together from smaller ones. `gone`: names that it no longer knows.
    """

    secrets: Mapping[SecretName, SecretValue]
    needles: tuple[_Entry, ...]
    short: tuple[_Entry, ...]
    squeezed: Literals
    exact: Literals
    level: int
    gone: frozenset[SecretName] = frozenset()

    def living(self) -> dict[SecretName, SecretValue]:
        """Return the secrets that it still knows."""
        return {name: secret for name, secret in self.secrets.items() if name not in self.gone}


def _shard(secrets: Mapping[SecretName, SecretValue], level: int) -> _Shard:
    entries: list[_Entry] = []
    short: list[_Entry] = []
    for name, secret in secrets.items():
        value = secret.reveal()
        entries.extend(_Entry(name, value, needle) for needle in needles_of(value))
        if len(value) >= _LEAST and len(squeeze(flatten(value))) < PLAIN_MINIMUM:
            short.append(_Entry(name, value, Needle("", flatten(value))))
    return _Shard(
        secrets,
        tuple(entries),
        tuple(short),
        Literals(entry.needle.squeezed[slice(*_anchor(entry.needle))] for entry in entries),
        Literals(entry.needle.squeezed for entry in short),
        level,
    )


def _anchor(needle: Needle) -> tuple[int, int]:
    start = max(0, (len(needle.squeezed) - _ANCHOR) // 2)
    return start, min(start + _ANCHOR, len(needle.squeezed))


class Registry:
    """All known secrets of one tenant. Values shorter than four characters are not looked for."""

    __slots__ = ("_shards",)

    def __init__(self, entries: Mapping[SecretName, SecretValue]) -> None:
        self._shards: tuple[_Shard, ...] = (_shard(dict(entries), _BASE),)

    def __len__(self) -> int:
        return sum(1 for _ in self.names())

    def names(self) -> Iterator[SecretName]:
        """Yield the names of all secrets in it."""
        for shard in self._shards:
            yield from shard.living()

    def values(self) -> Iterator[str]:
        """Yield every value, for those who must know where one could begin (streams)."""
        for shard in self._shards:
            yield from (secret.reveal() for secret in shard.living().values())

    def with_secret(self, name: SecretName, value: SecretValue) -> Registry:
        """Return a registry that also knows this secret; an older value of the same name is forgotten."""
        shards = [*self.without(name)._shards, _shard({name: value}, 0)]
        while len(shards) > _FANOUT and len({shard.level for shard in shards[-_FANOUT:]}) == 1:
            joined: dict[SecretName, SecretValue] = {}
            for shard in shards[-_FANOUT:]:
                joined |= shard.living()
            shards[-_FANOUT:] = [_shard(joined, shards[-1].level + 1)]
        return _snapshot(shards)

    def without(self, name: SecretName) -> Registry:
        """Return a registry that does not know the secret of this name."""
        return _snapshot(
            replace(shard, gone=shard.gone | {name}) if name in shard.secrets else shard for shard in self._shards
        )

    def find(self, layer: Layer) -> list[Span]:
        """Return where registered secrets stand in this layer, in its characters, without overlaps."""
        whole: list[Span] = []
        pieces: list[Span] = []
        for shard in self._shards:
            for entry, start, end in _hits(shard, layer):
                if entry.name not in shard.gone:
                    (pieces if entry.needle.form == "piece" else whole).append(_span(entry, layer.text, start, end))
        whole = settle(whole)
        return settle([*whole, *(span for span in pieces if not _covered(span, whole))])


def _snapshot(shards: Iterable[_Shard]) -> Registry:
    registry = Registry.__new__(Registry)
    registry._shards = tuple(shards)
    return registry


def _hits(shard: _Shard, layer: Layer) -> Iterator[tuple[_Entry, int, int]]:
    """Yield each needle that stands whole in the layer, with its first and last character."""
    for index, end in shard.squeezed.find(layer.squeezed):
        entry = shard.needles[index]
        start = end - _anchor(entry.needle)[1]
        if start >= 0 and layer.squeezed.startswith(entry.needle.squeezed, start):
            yield entry, *layer.unsqueezed(start, start + len(entry.needle.squeezed))
    for index, end in shard.exact.find(layer.flat):
        entry = shard.short[index]
        yield entry, end - len(entry.value), end


def _covered(span: Span, others: Iterable[Span]) -> bool:
    return any(other.start < span.end and span.start < other.end for other in others)


def _span(entry: _Entry, text: str, start: int, end: int) -> Span:
    form = entry.needle.form
    if form in {"", "reversed", "rot13"}:
        start, end = _punctuation(entry, text, start, end)
    else:
        start, end = _run(form, text, start, end)
    return Span(FindingKind.REGISTERED, f"registered-{form}" if form else "registered", start, end, entry.name)


def _punctuation(entry: _Entry, text: str, start: int, end: int) -> tuple[int, int]:
    """Widen a span by the characters around a secret's first and last letter, which squeezing dropped,
    where they stand."""
    value = entry.value[::-1] if entry.needle.form == "reversed" else entry.value
    marks = [mark for mark, byte in zip(value, flatten(value), strict=True) if not squeeze(bytes((byte,)))]
    before = value[: len(value) - len(value.lstrip("".join(marks)))]
    after = value[len(value.rstrip("".join(marks))) :]
    start -= next((size for size in range(len(before), 0, -1) if text.endswith(before[-size:], 0, start)), 0)
    end += next((size for size in range(len(after), 0, -1) if text.startswith(after[:size], end)), 0)
    return start - _doubled(text[:start][::-1], text[start]), end + _doubled(text[end:], text[end - 1])


def _doubled(beyond: str, edge: str) -> int:
    """Return how many backslashes beyond a span are the escaped rest of the one at its edge."""
    more = len(beyond) - len(beyond.lstrip("\\"))
    return more - (more + 1) % 2 if edge == "\\" and more else 0


def _run(form: str, text: str, start: int, end: int) -> tuple[int, int]:
    alphabet = _RUN.get(form, _WORD)
    tail = text[end:]
    return len(text[:start].rstrip(alphabet)), end + len(tail) - len(tail.lstrip(alphabet + "=%"))
