"""Tokens that nobody registered and no pattern knows.

Without any context a token is taken for a secret only if it mixes upper case, lower case and digits without
spelling anything, is as long as keys are, and has no other explanation: no identifier, digest, path, encoded
text or picture. A bare row of hexadecimal digits is never enough, since nothing tells a key from a checksum;
there the patterns ask for a name before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from safety_core._native.twin import MIXED
from safety_core.match.decode import decoded
from safety_core.match.layer import Layer
from safety_core.match.span import Span
from safety_core.match.wordlike import entropy, usual_share, word_letters
from safety_core.model.finding import FindingKind

SHORTEST: Final = 24
LONGEST: Final = 200
"""Longer runs are content (a picture, a signature), which would be worth nothing in pieces."""

_HEX: Final = re.compile(r"[0-9a-fA-F_-]+")
_NAMED: Final = re.compile(
    r"(?:id|ids|uuid|guid|etag|sha\d*|md5|digest|integrity|hash|checksum|signature|cursor|fingerprint|commit|revision|version|nonce"
    r"|encrypted_content|thought_?signature|data|image|url|uri|href|src|path|file(?:name)?|ref|arn|key_?name)[\"'\\]{0,3}\s{0,2}[:=]\s{0,2}[\"'\\]{0,3}$",
    re.IGNORECASE,
)
"""Names, before a value, of what looks like chance and is no secret. A model's own signatures must come back
as they were."""

_BEFORE: Final = re.compile(r"(?:sha\d{1,3}|md5|base64|SHA\d{1,3}|ssh-[a-z0-9]+|ecdsa\S*)[-: ,]\s?$|[/.:@#?&%]$")
_DIGEST: Final = re.compile(r"(?:sha\d{1,3}|md5)[-_]", re.IGNORECASE)
_WIDTH: Final = 48
_LINE_WIDTHS: Final = frozenset({60, 64, 70, 72, 76})
"""Of wrapped base64: a line of it is content (a certificate, a picture), whose secret forms have armour that
is known."""


def unknown_spans(layer: Layer) -> Iterator[Span]:
    """Yield tokens that look like chance and have no other explanation."""
    for start, end, kind in layer.runs:
        if kind & MIXED and SHORTEST <= end - start <= LONGEST:
            token = layer.flat[start:end].decode("ascii")
            before = layer.flat[max(0, start - _WIDTH) : start].decode("latin-1")
            after = layer.flat[end : end + 1].decode("latin-1")
            lines = end - start in _LINE_WIDTHS and "\n" in before[-1:] + after
            if not lines and looks_random(token) and not _explained(token, before, after):
                yield Span(FindingKind.UNKNOWN, "unknown", start, end)


def looks_random(token: str) -> bool:
    """Tell whether a token mixes all three classes and spells nothing."""
    digits = sum(map(str.isdigit, token))
    upper = sum(map(str.isupper, token))
    lower = sum(map(str.islower, token))
    if min(digits, upper, lower) < max(2, len(token) // 12) or _HEX.fullmatch(token):
        return False
    return entropy(token) >= 3.8 and usual_share(token) < 0.4 and word_letters(token) * 4 < len(token)


def _explained(token: str, before: str, after: str) -> bool:
    if _NAMED.search(before) or _BEFORE.search(before) or after == ".":
        return True
    if _DIGEST.match(token) or token.strip("/").count("/") * 12 > len(token):
        return True
    return decoded(token.encode()) is not None
