"""Tokens that nobody registered and no pattern knows.

Two things give a token away. Alone, it must look drawn by chance (`safety_core.match.chance`) and have no other
explanation: no identifier, digest, path, encoded text or picture. After a name that promises a secret, any mix of
letters and digits will do, bare hexadecimal digits and UUIDs too: without the name nothing tells those from a checksum.
A name that promises an id or a digest (`id`, `tool_call_id`, `sha256`, `signature`) exempts what follows, whatever it
begins with.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from safety_core._native.coded import ALONE, WIDTH
from safety_core._native.engine import ENGINE
from safety_core._native.twin import MIXED
from safety_core.match.chance import chance
from safety_core.match.decode import decoded
from safety_core.match.layer import Layer
from safety_core.match.span import UNKNOWN, Span
from safety_core.match.wordlike import entropy, repeated, word_letters
from safety_core.model.finding import FindingKind

_AFTER_A_NAME: Final = -1.0
"""Log-odds that do where a name promises a secret."""

_LAST_PART: Final = re.compile(r"[-_]([A-Za-z0-9]{16,})$")
_HEX: Final = re.compile(rb"[0-9a-fA-F_-]+")
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_ALPHABET: Final = re.compile(r"0123456789|abcdefgh|ABCDEFGH")
_NAMED: Final = re.compile(
    rb"(?:(?<![a-z]key)(?<!key[_-])(?<!access)(?<!access[_-])ids?|uuid|guid|etag|sha\d*|md5|crc\d*|digest(?:value)?"
    rb"|integrity|hash(?:es)?|checksum|signature(?:value|_delta)?|cursor|fingerprint|thumbprint|commit|revision|version"
    rb"|boundary|trace|span|resolved|(?:next|page|prev\w*|continuation|pagination|starting|sync|client|lock|request"
    rb"|idempotency)[_-]?token|(?:public|encrypted|wrapped|host|cache|idempotency)[_. -]?key|pub|encrypted_\w{1,12}"
    rb"|b64_json|obfuscation|data|image|url|uri|href|src|path|file(?:name)?|ref|arn|key_?name|identifier|location"
    rb"|handle|cipher(?:value|text|data)?)"
    rb"[\"'\\\])]{0,4}[\s_]{0,2}[:=(>]{1,2}\s{0,2}[\"'\\\[({]{0,4}$"
    rb"|\bID\W{1,3}(?:for example|e\.g\.|such as|like)\W{1,4}$|--[\w-]*ids?\s[\"']?$",
    re.IGNORECASE,
)
"""Names, before a value, of what looks like chance and is no secret. A model's own signatures must come back
as they were."""

_KEYED: Final = re.compile(
    rb"(?:secret|token|passw|passphrase|pwd|key|access|private|auth(?!or(?!i))|bearer|cred|jwt|otp|salt|nonce|licen[sc]e"
    rb"|webhook|api)[\w.-]{0,24}+[^\w\n]{0,12}+(?:[\w.]{1,24}+[^\w\n]{1,8}+){0,3}+$",
    re.IGNORECASE,
)
"""Names that promise a secret, with at most three words between them and the value: a type, a function, values."""

_UNKEYED: Final = re.compile(
    rb"sha\d|md5|digest|hash|checksum|integrity|fingerprint|thumbprint|public|commit|revision|etag|uuid|guid|trace"
    rb"|(?<!access)(?<!key)[_. -]id\W|(?-i:(?<!Key)Id\W)|author(?!iz)|authority|path|file|url|import|include"
    rb"|class|data:|image|keyw|keyb|keyframe|access(?:ed|ib|or)|::",
    re.IGNORECASE,
)
"""What among those words says that it is something else after all."""

_OTHER_KEY: Final = re.compile(
    rb"(?:cache|primary|foreign|sort|partition|registry|object|index|public|encrypted|resource|host|s3)\w{0,8}[_. -]?$"
    rb"|::\w*$",
    re.IGNORECASE,
)
_ID: Final = re.compile(rb"[iI][dD][\"'\\\s:=]{1,8}$")
"""A UUID is what it says, even if it is a key's."""

_BARE_KEY: Final = re.compile(rb"(?:^|[\"'.>&({,\[\n])[ \t]*(key)[\"'\\]{0,3}[ \t]{0,4}[:=(]", re.IGNORECASE)
"""The key of a dictionary, a file in a bucket: `key: x` alone."""

_BEFORE: Final = re.compile(
    rb"(?:sha\d{1,3}|md5|base64|ssh-[a-z0-9]+|ecdsa\S*)[-: ,]\s?$|(?<!\xff)\.$|[/:@#?&%]$"
    rb"|\|1\|(?:[A-Za-z0-9+/]{27}=\|)?$",
    re.IGNORECASE,
)
"""What names an encoding or a digest (`|1|`: the hosts that a person has logged in to, with salt), or part of an
address or name. (Behind a placeholder, a dot begins the last part of a token.)"""
_CALL_OR_FILE: Final = re.compile(rb"\(|\.[A-Za-z][A-Za-z0-9]{0,4}(?![A-Za-z0-9_-])")
_SUFFIX: Final = 8
_DIGEST: Final = re.compile(r"(?:sha\d{1,3}|md5)[-_]", re.IGNORECASE)
_PIECE_BEFORE: Final = re.compile(
    rb"[A-Za-z0-9+/]{32}={0,2}(?:[^A-Za-z0-9+/]{0,4}(?:\n|\\n)[^A-Za-z0-9+/]{0,24}|\\{1,2})$"
)
_PIECE_AFTER: Final = re.compile(
    rb"={0,2}(?:[^A-Za-z0-9+/]{0,4}(?:\n|\\n)[^A-Za-z0-9+/]{0,24}|\\{1,2})[A-Za-z0-9+/]{20}"
)
_NEAR: Final = 32
_LINEWIDTHS: Final = frozenset({60, 64, 70, 72, 76})
"""Of wrapped base64: a line of it is content (a certificate, a picture), whose secret forms have armour that
is known."""


def unknown_spans(layer: Layer) -> Iterator[Span]:
    """Yield tokens that look like chance and have no other explanation, and those that a name before them promises."""
    for start, end, kind in layer.runs:
        if kind & MIXED and (found := _judged(layer.flat, start, end)):
            yield Span(FindingKind.UNKNOWN, UNKNOWN, *found)


def _judged(flat: bytes, start: int, end: int) -> tuple[int, int] | None:
    """Return the part of a run that is a secret. What is cheap to tell is asked first."""
    promising = ENGINE.hinted(flat[max(0, start - WIDTH) : end])
    bare = _HEX.fullmatch(flat, start, end) is not None
    if not promising and bare:
        return None
    before = flat[max(0, start - WIDTH) : start]
    token, after = flat[start:end].decode("ascii"), flat[end : end + _SUFFIX]
    alone = not bare and end - start >= ALONE and looks_random(token)
    if not (alone or promising) or _is_content(flat, start, end) or _NAMED.search(before, max(0, len(before) - _NEAR)):
        return None
    if (alone and not _explained(token, before, after)) or _promised(token, before):
        return start, end
    return _part_promised(token, before, start)


def _part_promised(token: str, before: bytes, start: int) -> tuple[int, int] | None:
    """Return the last part of a token where what goes before it in the same run promises a secret."""
    found = _LAST_PART.search(token)
    if found and _promised(found[1], before + token[: found.start(1)].encode()):
        return start + found.start(1), start + len(token)
    return None


def _is_content(flat: bytes, start: int, end: int) -> bool:
    """Tell whether a run is a line of many."""
    edges = flat[max(0, start - 1) : start] + flat[end : end + 1]
    return (end - start in _LINEWIDTHS and b"\n" in edges) or _one_of_many(flat, start, end)


def _one_of_many(flat: bytes, start: int, end: int) -> bool:
    """Tell whether the line before or after is of the same kind: a picture or certificate in pieces."""
    return bool(_PIECE_BEFORE.search(flat, max(0, start - 64), start) or _PIECE_AFTER.match(flat, end, end + 64))


def looks_random(token: str) -> bool:
    """Tell whether a token looks drawn by chance without any name before it."""
    return not _ALPHABET.search(token) and chance(token) > 0


def _promised(token: str, before: bytes) -> bool:
    """Tell whether a token stands after a name that promises a secret, and is not made of words."""
    if repeated(token) or entropy(token) < 2.8 or not (_HEX.fullmatch(token.encode()) or _mixed(token)):
        return False
    if _UUID.fullmatch(token) and _ID.search(before, max(0, len(before) - _NEAR)):
        return False
    found = _KEYED.search(before)
    if found is None or _UNKEYED.search(before, found.start()) or _OTHER_KEY.search(before, 0, found.start()):
        return False
    bare = _BARE_KEY.search(before)
    return bare is None or bare.start(1) != found.start()


def _mixed(token: str) -> bool:
    """Tell whether a token has more digits than words have, or looks drawn by chance."""
    if word_letters(token) * 3 > len(token):
        return False
    return sum(map(str.isdigit, token)) * 5 >= len(token) * 2 or chance(token) >= _AFTER_A_NAME


def _explained(token: str, before: bytes, after: bytes) -> bool:
    if _BEFORE.search(before) or _CALL_OR_FILE.match(after):
        return True
    if _DIGEST.match(token) or token.strip("/").count("/") * 12 > len(token):
        return True
    return decoded(token.encode()) is not None
