"""A JSON text without its secrets, which is still the same JSON text everywhere else.

The text is scanned whole, with its escapes undone, so that a key gives context to its value and no escape
hides anything. What is found is cut to the strings and numbers it lies in: brackets, commas, quotes and the
words true, false and null stay. A number that holds a secret becomes a string.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from safety_core._native.engine import ENGINE
from safety_core._native.twin import json_trail as twin_trail
from safety_core._native.twin import json_view as twin_view
from safety_core.errors import InputError, UnscannableError
from safety_core.match.layer import Trail
from safety_core.match.span import Span
from safety_core.model.finding import Finding, Redaction
from safety_core.model.secret import SecretName, SecretValue, reference
from safety_core.redact.body import utf8_of
from safety_core.redact.placeholder import name_for
from safety_core.wire.reader import parse_json

_TOKEN: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|-?[0-9][0-9.eE+-]*', re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Cut:
    """Characters [start, end) of the JSON text that go, and whether they are a whole number."""

    start: int
    end: int
    number: bool


def check_json(text: str) -> None:
    """Refuse what is not one JSON document, or is one that two parsers may read differently.

    Raises:
        UnscannableError: malformed, duplicate keys, NaN, nested too deep.
    """
    try:
        parse_json(text, "body")
    except InputError as error:
        raise UnscannableError(error.thing, error.reason, "send well-formed JSON") from error


def check_lines(text: str) -> None:
    """Refuse what is not one JSON document per line. Raises UnscannableError."""
    for line in text.split("\n"):
        if line.strip():
            check_json(line)


def checked_view(raw: bytes) -> bytes:
    """Return one JSON document in flat bytes with its escapes undone. Raises what `check_json` raises."""
    view = ENGINE.json_view(raw, True)
    if view is not None:
        return view
    check_json(utf8_of(raw))
    return loose_view(raw)


def checked_lines(raw: bytes) -> bytes:
    """Return the same for one JSON document per line. Raises what `check_json` raises."""
    return b"\n".join(checked_view(line) if line.strip() else line for line in raw.split(b"\n"))


def loose_view(raw: bytes) -> bytes:
    """Return a JSON text in flat bytes with its escapes undone, whether it is well-formed or not."""
    return ENGINE.json_view(raw, False) or twin_view(raw, False) or b""


def _places(text: str, spans: Iterable[Span]) -> Iterator[tuple[Span, int, int]]:
    """Yield each span with where it stands in the JSON text."""
    raw = text.encode("utf-8", "surrogatepass")
    trail = Trail(ENGINE.json_trail(raw) or twin_trail(raw) or b"")
    for span in spans:
        yield span, *trail.back(span.start, span.end)


def cut_out(text: str, spans: Iterable[Span], tenant_key: bytes) -> tuple[Redaction, bool]:
    """Return a valid JSON text (or lines of it) without what the spans, in characters of its view, stand for.

    And whether a number has become a string: its quotes have not been scanned.
    """
    tokens = [*_TOKEN.finditer(text)]
    ends = [token.end() for token in tokens]
    pieces: list[str] = []
    findings: list[Finding] = []
    discovered: dict[SecretName, SecretValue] = {}
    copied = 0
    quoted = False
    for span, start, end in _places(text, spans):
        cuts = [*_cuts(islice(tokens, bisect_right(ends, start), None), max(start, copied), end)]
        if not cuts:
            continue
        finding, value = _named(span, cuts, text, tenant_key)
        findings.append(finding)
        if span.name is None:
            discovered[finding.name] = SecretValue(value)
        for cut in cuts:
            quoted = quoted or cut.number
            mark = reference(finding.name)
            pieces += (text[copied : cut.start], f'"{mark}"' if cut.number else mark)
            copied = cut.end
    return Redaction("".join([*pieces, text[copied:]]), tuple(findings), discovered), quoted


def _cuts(tokens: Iterable[re.Match[str]], start: int, end: int) -> Iterator[_Cut]:
    """Yield the parts of [start, end) that are inside of strings, and the numbers that it touches."""
    for token in tokens:
        if token.start() >= end:
            return
        number = token[0][0] != '"'
        first, last = token.span() if number else (token.start() + 1, token.end() - 1)
        if max(first, start) < min(last, end):
            yield _Cut(first, last, number) if number else _Cut(max(first, start), min(last, end), number)


def _named(span: Span, cuts: list[_Cut], text: str, tenant_key: bytes) -> tuple[Finding, str]:
    parts = (text[cut.start : cut.end] for cut in cuts)
    value = "".join(json.loads(f'"{part}"', strict=False) for part in parts)
    return Finding(span.kind, span.rule, cuts[0].start, cuts[-1].end, name_for(span, value, tenant_key)), value
