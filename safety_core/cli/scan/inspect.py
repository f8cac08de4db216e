"""One text -> hits, each at its line and column.

A JSON document, or lines of them, is looked at whole and as JSON, so that a key gives context to its value and no
escape hides anything. A long text is looked at in pieces that overlap, which bounds the memory that it takes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from safety_core.cli.scan.fingerprint import fingerprints
from safety_core.cli.scan.hit import Hit
from safety_core.errors import UnscannableError
from safety_core.model.finding import Finding
from safety_core.redact.json_text import check_json, check_lines
from safety_core.redact.redactor import Redactor

WHOLE: Final = 4 << 20
"""Characters of JSON that are looked at as JSON; a longer text is looked at in pieces, with its escapes undone."""

PIECE: Final = 1 << 20
OVERLAP: Final = 16 << 10
"""Characters: more than any provider's token, and any key in PEM armour of up to 16,384 bits."""


def hits(redactor: Redactor, path: str, text: str) -> list[Hit]:
    """Return what is taken for a secret in one file. Raises UnscannableError where nobody could look into it."""
    found = sorted(_findings(redactor, text), key=lambda finding: finding.start)
    return [*_placed(path, text, found, fingerprints(path, text, found))]


def is_json(text: str) -> bool:
    """Say whether it is one JSON object or list."""
    return text.lstrip()[:1] in {"{", "["} and _passes(check_json, text)


def _is_lines(text: str) -> bool:
    return text.lstrip()[:1] in {"{", "["} and _passes(check_lines, text)


def _passes(check: Callable[[str], None], text: str) -> bool:
    try:
        check(text)
    except UnscannableError:
        return False
    return True


def _findings(redactor: Redactor, text: str) -> Sequence[Finding]:
    if len(text) <= WHOLE and (is_json(text) or _is_lines(text)):
        return redactor.json_text(text).findings
    if len(text) <= PIECE:
        return redactor.text(text).findings
    return [*_in_pieces(redactor, text)]


def _in_pieces(redactor: Redactor, text: str) -> Iterator[Finding]:
    """Yield what stands in each piece, seen with what stands around it; what two pieces see, once."""
    done = 0
    for start in range(0, len(text), PIECE):
        stop, base = start + PIECE, max(0, start - OVERLAP)
        for found in redactor.text(text[base : stop + OVERLAP]).findings:
            first, last = found.start + base, found.end + base
            if first < stop and last > start and first >= done:
                yield Finding(found.kind, found.rule, first, last, found.name)
                done = last


def _placed(path: str, text: str, found: Sequence[Finding], names: Sequence[str]) -> Iterator[Hit]:
    line, counted = 1, 0
    for finding, fingerprint in zip(found, names, strict=True):
        line += text.count("\n", counted, finding.start)
        counted = finding.start
        end_line = line + text.count("\n", finding.start, finding.end)
        yield Hit(
            path,
            finding.kind,
            finding.rule,
            line,
            column(text, finding.start),
            end_line,
            column(text, finding.end),
            fingerprint,
        )


def column(text: str, place: int) -> int:
    """Return the column of a place in a text, counted from 1."""
    return place - text.rfind("\n", 0, place)
