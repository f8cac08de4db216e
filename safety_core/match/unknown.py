"""Tokens that nobody registered and no pattern knows."""

from __future__ import annotations

from collections.abc import Iterator

from safety_core.match.layer import Layer
from safety_core.match.span import Span


def unknown_spans(layer: Layer) -> Iterator[Span]:
    """Yield tokens that look like chance and have no other explanation."""
    yield from ()
