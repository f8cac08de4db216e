"""Which headers pass between client and provider, and in what state: those of one connection do not, secrets do
not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from safety_core.errors import UnscannableError
from safety_core.flow.egress_effects import Headers
from safety_core.model.finding import certain
from safety_core.model.secret import SecretName, SecretValue
from safety_core.redact.redactor import Redactor

CONNECTION: Final = frozenset(
    {b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade"}
)
"""Of one connection only (RFC 9110, 7.6.1)."""

_LENGTH: Final = b"content-length"
"""Follows from the body that is sent."""

NOT_SENT: Final = CONNECTION | {
    _LENGTH,
    b"accept-encoding",
    b"api-key",
    b"authorization",
    b"content-encoding",
    b"cookie",
    b"expect",
    b"forwarded",
    b"host",
    b"if-range",
    b"ocp-apim-subscription-key",
    b"origin",
    b"proxy-authorization",
    b"range",
    b"sec-websocket-extensions",
    b"sec-websocket-key",
    b"sec-websocket-protocol",
    b"sec-websocket-version",
    b"via",
    b"x-amz-content-sha256",
    b"x-amz-date",
    b"x-amz-security-token",
    b"x-api-key",
    b"x-forwarded-for",
    b"x-forwarded-host",
    b"x-forwarded-proto",
    b"x-goog-api-key",
    b"x-goog-fieldmask",
    b"x-http-method",
    b"x-http-method-override",
    b"x-method-override",
    b"x-original-url",
    b"x-real-ip",
    b"x-rewrite-url",
}
"""What the client says to the edge, not to the provider: who it is, where it sits, how it takes its bytes; and what
would make another request of one that is listed, or have a part of its answer sent: a part is neither scanned as a
whole, nor does it state what it consumed.
"""

NOT_SHOWN: Final = CONNECTION | {
    _LENGTH,
    b"alt-svc",
    b"content-encoding",
    b"proxy-authenticate",
    b"set-cookie",
    b"strict-transport-security",
}
"""What the provider says to the edge, not to the client."""


@dataclass(frozen=True, slots=True)
class CleanHeaders:
    """Headers that may pass, how many secrets were replaced in them, and which of these nobody had registered."""

    headers: Headers
    findings: int
    discovered: Mapping[SecretName, SecretValue]


def clean_headers(headers: Headers, drop: frozenset[bytes], redactor: Redactor) -> CleanHeaders:
    """Return `headers` in order, without those in `drop` and those that their Connection header names.

    Raises:
        UnscannableError: a name holds a secret: there, nothing can stand in its place.
    """
    kept = kept_headers(headers, drop)
    names = redactor.recurring("\n".join(name.decode("latin-1") for name, _ in kept))
    if certain(names.findings):
        raise UnscannableError("headers", "hold a secret in a name", "send it as a reference, in the body")
    whole = redactor.recurring("\n".join(text_of(value) for _, value in kept))
    if not whole.findings:  # the common case, at the cost of one scan
        return CleanHeaders(kept, 0, {})
    passed: list[tuple[bytes, bytes]] = []
    findings = 0
    discovered: dict[SecretName, SecretValue] = {}
    for name, value in kept:
        redaction = redactor.text(text_of(value))
        if certain(redaction.findings):
            findings += len(redaction.findings)
            discovered |= redaction.discovered
            value = redaction.text.encode()  # noqa: PLW2901
        passed.append((name, value))
    return CleanHeaders(tuple(passed), findings, discovered)


def kept_headers(headers: Iterable[tuple[bytes, bytes]], drop: frozenset[bytes]) -> Headers:
    """Return headers in order, without those in `drop` and those that their Connection header names."""
    headers = tuple(headers)
    named = b",".join(value for name, value in headers if name == b"connection")
    dropped = drop | {token.strip().lower() for token in named.split(b",")}
    return tuple((name, value) for name, value in headers if name not in dropped)


def text_of(value: bytes) -> str:
    """Return a header's value as text: UTF-8 where it is that, so that a secret beyond ASCII is recognised."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
