"""A text, a JSON value or a body without its secrets."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from safety_core.canonical import Json
from safety_core.errors import InputError, UnscannableError
from safety_core.match.layer import Layer
from safety_core.match.matcher import Matcher
from safety_core.match.span import Span
from safety_core.model.finding import Finding, Redaction
from safety_core.model.secret import SecretName, SecretValue, reference
from safety_core.redact.body import BodyRedaction, Scans, redacted_body, text_of
from safety_core.redact.json_text import check_json, check_lines, checked_lines, checked_view, cut_out, loose_view
from safety_core.redact.placeholder import name_for

_PASSES: Final = 8
"""Times that a JSON text is scanned again because numbers in it have become strings."""

SHORTEST_KEY: Final = 16
"""Bytes of a tenant's key."""

REMEMBERED: Final = 64
"""Texts that are known to be clean."""

REMEMBERED_LENGTH: Final = 4096
"""Characters of the longest of them."""


@dataclass(frozen=True, slots=True)
class ValueRedaction:
    """A JSON value after redaction. The findings' positions are those in its compact JSON text."""

    value: Json
    findings: tuple[Finding, ...] = ()
    discovered: dict[SecretName, SecretValue] = field(default_factory=dict)


class Redactor:
    """What one tenant knows at one moment. Immutable; a new secret makes a new one (`with_matcher`).

    Args:
        tenant_key: names what is found; at least 16 bytes, or the names would give the values away to whoever tries all
            keys.

    Raises:
        InputError: the key is shorter.
    """

    __slots__ = ("_clean", "_tenant_key", "matcher")

    def __init__(self, matcher: Matcher, tenant_key: bytes) -> None:
        if len(tenant_key) < SHORTEST_KEY:
            raise InputError("tenant key", f"is shorter than {SHORTEST_KEY} bytes", "keep one: secrets.token_bytes(32)")
        self.matcher = matcher
        self._tenant_key = tenant_key
        self._clean: set[str] = set()

    def with_matcher(self, matcher: Matcher) -> Redactor:
        """Return a redactor of the same tenant that knows other secrets or patterns."""
        return Redactor(matcher, self._tenant_key)

    def text(self, text: str) -> Redaction:
        """Return `text` with a reference in place of every secret; the same object where there is none.

        Redacting twice changes nothing. Raises UnscannableError where the scan does not come to its end.
        """
        pieces: list[str] = []
        findings: list[Finding] = []
        discovered: dict[SecretName, SecretValue] = {}
        copied = 0
        for span in self.matcher.spans(text):
            secret = text[span.start : span.end]
            name = name_for(span, secret, self._tenant_key)
            if span.name is None:
                discovered[name] = SecretValue(secret)
            findings.append(Finding(span.kind, span.rule, span.start, span.end, name))
            pieces += (text[copied : span.start], reference(name))
            copied = span.end
        if not findings:
            return Redaction(text)
        return Redaction("".join([*pieces, text[copied:]]), tuple(findings), discovered)

    def recurring(self, text: str) -> Redaction:
        """Do as `text`, for what comes again and again (paths, headers): what was clean is not scanned another time."""
        if text in self._clean:
            return Redaction(text)
        redaction = self.text(text)
        if not redaction.findings and len(text) <= REMEMBERED_LENGTH:
            if len(self._clean) >= REMEMBERED:
                self._clean.clear()
            self._clean.add(text)
        return redaction

    def name_of_part(self, found: Finding, value: str) -> SecretName:
        """Return the name that a discovery has of which only `value` is replaced: the rest has left already."""
        return name_for(Span(found.kind, found.rule, found.start, found.end), value, self._tenant_key)

    def json_text(self, text: str) -> Redaction:
        """Return a JSON text that is still JSON; only its strings, keys and numbers change."""
        spans = self.matcher.spans_of(Layer(loose_view(text.encode("utf-8", "surrogatepass"))))
        return self._cut(text, spans) if spans else Redaction(text)

    def _cut(self, text: str, spans: Sequence[Span]) -> Redaction:
        """Return a JSON text without these spans, and without what is seen only once numbers have become strings: the
        positions of that are characters of what came before.

        Raises:
            UnscannableError: it does not come to rest.
        """
        clean, quoted = cut_out(text, spans, self._tenant_key)
        for _ in range(_PASSES):
            if not quoted:
                return clean
            spans = self.matcher.spans_of(Layer(loose_view(clean.text.encode("utf-8", "surrogatepass"))))
            more, quoted = cut_out(clean.text, spans, self._tenant_key)
            clean = Redaction(more.text, clean.findings + more.findings, clean.discovered | more.discovered)
        raise UnscannableError("body", f"still shows secrets after {_PASSES} passes", "send less of it at once")

    def value(self, value: Json) -> ValueRedaction:
        """Return a JSON value without secrets, keys included; the same object where there are none.

        Raises:
            UnscannableError: too deep, or two keys would become the same.
        """
        try:
            text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        except (RecursionError, ValueError, TypeError) as error:
            raise UnscannableError("value", "is nested too deep or is no JSON value") from error
        clean = self.json_text(text)
        if not clean.findings:
            return ValueRedaction(value)
        check_json(clean.text)
        return ValueRedaction(json.loads(clean.text), clean.findings, clean.discovered)

    def body(self, raw: bytes, content_type: str, content_encoding: str = "") -> BodyRedaction:
        """Return a body without secrets, byte for byte the same everywhere else; the same object
        where there is none.

        Raises:
            UnscannableError: nobody could look into it (`safety_core.redact.body` says into what we can).
        """
        return redacted_body(raw, content_type, content_encoding, Scans(self._text, self._json, self._json_lines))

    def _text(self, raw: bytes) -> Redaction | None:
        clean = self.text(text_of(raw))
        return clean if clean.findings else None

    def _json(self, raw: bytes) -> Redaction | None:
        return self._parsed(raw, checked_view(raw), check_json)

    def _json_lines(self, raw: bytes) -> Redaction | None:
        return self._parsed(raw, checked_lines(raw), check_lines)

    def _parsed(self, raw: bytes, view: bytes, check: Callable[[str], None]) -> Redaction | None:
        """Return JSON in UTF-8 without secrets; what comes out is checked as what came in was."""
        spans = self.matcher.spans_of(Layer(view))
        if not spans:
            return None
        clean = self._cut(raw.decode("utf-8"), spans)
        if not clean.findings:
            return None
        check(clean.text)
        return clean
