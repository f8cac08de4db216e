"""A text that comes in pieces, without its secrets, and the same however it was cut.

The stream is cut again where its own content says so, never where a piece happens to end: after a character
that no token holds (a space, a quote, a bracket, a line's end), unless a registered secret, a placeholder or
a private key could still be going on there. Each of these segments is scanned whole, with what stands before
it as context, and leaves when it is complete.

What that covers: a registered secret as it is, whatever it consists of; every pattern and encoding that is
one run of token characters, up to `HELD`; names before a value (`password = ...`) up to `CONTEXT` characters
back; private keys. What it does not: a registered secret that is written with separators of its own ("A B C D
..."), of which the head has left by the time that the rest is recognised; the rest does not leave.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from safety_core.model.finding import Finding
from safety_core.model.secret import SecretName, SecretValue, reference
from safety_core.redact.redactor import Redactor

HELD: Final = 8192
"""Characters that are held back at most while a token goes on. A registered secret that is longer is held
whole."""

CONTEXT: Final = 512
"""Characters before a segment that may give it a meaning."""

_BREAK: Final = re.compile(r"[^A-Za-z0-9_+/=.~%:@#$&!*?^|\\;-]")
"""After this character a segment may end."""

_OPEN_REFERENCE: Final = re.compile(r"SECRET_REF\([A-Za-z0-9_.-]{0,64}\Z")
_OPEN_KEY: Final = re.compile(
    r"-----BEGIN[A-Z0-9 ]{0,40}(?:\Z| PRIVATE KEY(?!.*-----END[A-Z0-9 ]{0,40} PRIVATE KEY[A-Z ]{0,8}-----))", re.DOTALL
)


class StreamRedactor:
    """Feed it pieces of text; what it returns may leave. `end` returns the rest."""

    def __init__(self, redactor: Redactor) -> None:
        self.findings: list[Finding] = []
        """Positions are characters of the whole stream."""
        self.discovered: dict[SecretName, SecretValue] = {}
        self._redactor = redactor
        self._secrets = sorted(redactor.matcher.registry.values())
        self._heads = _heads(self._secrets)
        self._longest = max(map(len, self._secrets), default=0)
        self._context = ""
        self._held = ""
        self._seen = 0
        self._tried = 0

    def feed(self, text: str) -> str:
        """Take the next piece and return what may leave now. Raises UnscannableError; nothing more
        must leave then."""
        self._held += text
        left: list[str] = []
        while (end := self._boundary()) is not None:
            left.append(self._release(end))
        return "".join(left)

    def end(self) -> str:
        """Return what was held back. Nothing may be fed afterwards."""
        return self._release(len(self._held)) if self._held else ""

    def _boundary(self) -> int | None:
        """Return where the first segment of what is held ends, or None while that is not known."""
        limit = HELD + self._longest
        while found := _BREAK.search(self._held, self._tried, limit):
            self._tried = found.end()
            if not self._pending(found.end()):
                return found.end()
        self._tried = min(len(self._held), limit)
        return self._forced(limit) if len(self._held) >= limit else None

    def _pending(self, end: int) -> bool:
        """Tell whether something that must not be cut is still going on at `end`."""
        if any(self._held[end - length : end] in heads for length, heads in self._heads if length <= end):
            return True
        return bool(_OPEN_REFERENCE.search(self._held, max(0, end - 80), end) or _OPEN_KEY.search(self._held, 0, end))

    def _forced(self, limit: int) -> int:
        """Return the last place before `limit` at which no registered secret is going on."""
        for start in range(limit - self._longest, limit):
            tail = self._held[start:limit]
            index = bisect_left(self._secrets, tail)
            if index < len(self._secrets) and self._secrets[index].startswith(tail):
                return start
        return limit

    def _release(self, end: int) -> str:
        """Return the segment up to `end` without its secrets, and go on behind it."""
        known = len(self._context)
        clean = self._redactor.text(self._context + self._held[:end])
        pieces: list[str] = []
        copied = 0
        for found in clean.findings:
            if found.end > known:
                start = max(0, found.start - known)
                self.findings.append(replace(found, start=self._seen + start, end=self._seen + found.end - known))
                if found.name in clean.discovered:
                    self.discovered[found.name] = clean.discovered[found.name]
                pieces += (self._held[copied:start], reference(found.name))
                copied = found.end - known
        pieces.append(self._held[copied:end])
        self._context = (self._context + self._held[:end])[-CONTEXT:]
        self._held, self._seen, self._tried = self._held[end:], self._seen + end, 0
        return "".join(pieces)


def _heads(secrets: Iterable[str]) -> tuple[tuple[int, frozenset[str]], ...]:
    """Return, by length, the beginnings of secrets after which a segment could otherwise end."""
    found: dict[int, set[str]] = {}
    for secret in secrets:
        for end in (place.end() for place in _BREAK.finditer(secret[:-1])):
            found.setdefault(end, set()).add(secret[:end])
    return tuple((length, frozenset(heads)) for length, heads in found.items())
