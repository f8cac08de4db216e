"""All detectors on one text, until nothing is left to find.

A text is scanned with its placeholders, and with what has been found, each standing as one boundary that
nothing matches across. So scanning the redacted text is the last step of scanning the text itself, and
redacting twice changes nothing.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import chain
from typing import Final

from safety_core._native.fold import BOUNDARY
from safety_core.errors import UnscannableError
from safety_core.match.decode import DEPTH, opened
from safety_core.match.extent import run_end, run_start
from safety_core.match.layer import Layer, flatten, masked, unescaped
from safety_core.match.patterns import PatternSet
from safety_core.match.placeholders import placeholders
from safety_core.match.registry import Registry
from safety_core.match.span import Span, settle
from safety_core.match.unknown import unknown_spans
from safety_core.model.secret import SecretName

_PASSES: Final = 16
"""Two are the rule: one that finds, one that finds nothing more. A text made to need many is refused."""

_PATIENCE: Final = 4
"""Passes after which what is found takes the whole run with it that it stands in: what lies beside it would only be
found in the next pass."""

_PART: Final = re.compile(rb"[^\xff]{8,}")
"""Shorter parts are not worth a name: the marks between two placeholders."""

_WORD: Final = bytes(byte for byte in range(256) if byte not in b" \t\r\n\"'<>" and byte != BOUNDARY)


class Matcher:
    """The secrets and patterns that hold at one moment. Immutable and free of I/O.

    Args:
        seen: told the names of the registered secrets that were found in a text; it must be quick and raise nothing.
    """

    __slots__ = ("patterns", "registry", "seen")

    def __init__(
        self,
        registry: Registry,
        patterns: PatternSet,
        seen: Callable[[frozenset[SecretName]], None] | None = None,
    ) -> None:
        self.registry = registry
        self.patterns = patterns
        self.seen = seen

    def spans(self, text: str) -> tuple[Span, ...]:
        """Return everything that must not leave, in order, without overlaps. Placeholders in `text`
        are left alone.

        Raises:
            UnscannableError: a pattern ran out of time, or a packed run unpacks to too much.
        """
        return self.spans_of(Layer(flatten(text)))

    def spans_of(self, root: Layer) -> tuple[Span, ...]:
        """Return the same for a text in flat bytes that has no parent, in its characters."""
        marks = placeholders(root.flat, self.registry, self.patterns.ids)
        spans: list[Span] = []
        for turn in range(_PASSES):
            fresh = settle(self._found(masked(root, marks) if marks else root, 0))
            if not fresh:
                if self.seen is not None and spans:
                    self.seen(frozenset(span.name for span in spans if span.name is not None))
                return tuple(sorted(spans, key=lambda span: span.start))
            if turn >= _PATIENCE:
                fresh = settle(_widened(root.flat, fresh, marks))
            spans += fresh
            marks += [(span.start, span.end) for span in fresh]
        raise UnscannableError("text", f"still shows secrets after {_PASSES} passes", "send less of it at once")

    def _found(self, layer: Layer, depth: int) -> Iterator[Span]:
        """Yield what stands in a layer: as it is, with its escapes undone, and in its encoded runs."""
        layers = [layer]
        while len(layers) <= DEPTH and (derived := unescaped(layers[-1])):
            layers.append(derived)
        for height, each in enumerate(layers):
            yield from self._plain(each, depth + height)
            inner = opened(each) if depth < DEPTH else None
            if inner is not None:
                yield from self._found(inner, depth + 1)

    def _plain(self, layer: Layer, depth: int) -> Iterator[Span]:
        """Yield what stands in one layer as it is, in characters of the original text."""
        detectors = [self.registry.find(layer), self.patterns.find(layer)]
        if depth == 0:
            detectors.append(unknown_spans(layer))
        for span in chain.from_iterable(detectors):
            if BOUNDARY not in layer.flat[span.start : span.end]:
                start, end = layer.origin(span.start, span.end)
                yield Span(span.kind, span.rule, start, end, span.name)
            elif depth == 0 and span.rule not in self.patterns.in_context:
                yield from _around(layer, span)


def _around(layer: Layer, span: Span) -> Iterator[Span]:
    """Yield what a span holds before, between and behind placeholders: one in the middle of a private key must not give
    away the rest of it."""
    for part in _PART.finditer(layer.flat, span.start, span.end):
        start, end = layer.origin(*part.span())
        yield replace(span, start=start, end=end)


def _widened(flat: bytes, spans: Iterable[Span], marks: Iterable[tuple[int, int]]) -> Iterator[Span]:
    """Yield the spans with the runs that they stand in, up to what has been found before."""
    places = sorted(marks)
    for span in spans:
        place = bisect_right(places, (span.start, span.start))
        least = places[place - 1][1] if place else 0
        most = places[place][0] if place < len(places) else len(flat)
        start, end = run_start(_WORD, flat, span.start), run_end(_WORD, flat, span.end)
        yield replace(span, start=max(start, least), end=min(end, most))
