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

from safety_core.errors import InputError, UnscannableError
from safety_core.match.layer import Layer, substituted
from safety_core.match.matcher import Matcher
from safety_core.match.span import Span
from safety_core.model.finding import Finding, Redaction
from safety_core.model.secret import SecretName, SecretValue, reference
from safety_core.redact.placeholder import name_for
from safety_core.wire.reader import parse_json

_ESCAPE: Final = re.compile(r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[^u])")
_TOKEN: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|-?[0-9][0-9.eE+-]*', re.DOTALL)
_PLAIN: Final = {'\\"': '"', "\\\\": "\\", "\\/": "/", "\\n": "\n", "\\r": "\r", "\\t": "\t", "\\b": "\b", "\\f": "\f"}


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
    for line in text.splitlines():
        if line.strip():
            check_json(line)


def redacted_json(text: str, matcher: Matcher, tenant_key: bytes) -> Redaction:
    """Return a valid JSON text (or lines of it) without secrets; the same object where there is none."""
    root = Layer(text)
    view = substituted(root, _ESCAPE, lambda found: _PLAIN.get(found[0]) or json.loads(f'"{found[0]}"')) or root
    spans = [(span, *view.origin(span.start, span.end)) for span in matcher.spans(view.text)]
    if not spans:
        return Redaction(text)
    tokens = [*_TOKEN.finditer(text)]
    ends = [token.end() for token in tokens]
    pieces: list[str] = []
    findings: list[Finding] = []
    discovered: dict[SecretName, SecretValue] = {}
    copied = 0
    for span, start, end in spans:
        cuts = [*_cuts(islice(tokens, bisect_right(ends, start), None), max(start, copied), end)]
        if not cuts:
            continue
        finding, value = _named(span, cuts, text, tenant_key)
        findings.append(finding)
        if span.name is None:
            discovered[finding.name] = SecretValue(value)
        for cut in cuts:
            mark = reference(finding.name)
            pieces += (text[copied : cut.start], f'"{mark}"' if cut.number else mark)
            copied = cut.end
    return Redaction("".join([*pieces, text[copied:]]), tuple(findings), discovered)


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
