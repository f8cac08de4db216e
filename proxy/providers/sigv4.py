"""AWS Signature Version 4, as every AWS service but S3 wants it: the path's segments are encoded once more than they
were sent. Source: AWS IAM User Guide, "Create a signed AWS API request".
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from urllib.parse import SplitResult, quote, urlsplit

from safety_core.flow.egress_effects import Headers

_ALGORITHM: Final = "AWS4-HMAC-SHA256"
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_UNSIGNED: Final = frozenset({b"x-amzn-trace-id"})
"""What is changed on the way."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who signs. `session_token` is empty for a user's own, lasting key."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs the requests to one service in one region."""

    credentials: Credentials
    region: str
    service: str

    def signed(self, method: str, url: str, headers: Headers, body: bytes, now: float) -> Headers:
        """Return the headers with the signature of this request.

        Args:
            url: as it is sent, percent-encoded.
            headers: without the host, which is taken from the URL. Signed are the content type and AWS's own; what
                else there is may change on the way.
            now: seconds since the epoch; AWS refuses what is more than five minutes off.
        """
        date = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
        added = [(b"x-amz-date", date.encode())]
        if self.credentials.session_token:
            added.append((b"x-amz-security-token", self.credentials.session_token.encode()))
        passed = (*headers, *added)
        parts = urlsplit(url)
        lines = _canonical_headers(parts, passed)
        names = b";".join(name for name, _ in lines)
        canonical = b"\n".join(
            (
                method.upper().encode(),
                quote(_without_dots(parts.path), safe="/~").encode(),
                _canonical_query(parts.query).encode(),
                *(name + b":" + value for name, value in lines),
                b"",
                names,
                hashlib.sha256(body).hexdigest().encode(),
            )
        )
        scope = f"{date[:8]}/{self.region}/{self.service}/aws4_request"
        text = "\n".join((_ALGORITHM, date, scope, hashlib.sha256(canonical).hexdigest()))
        signature = hmac.digest(self._key(date[:8]), text.encode(), "sha256").hex()
        credential = f"{self.credentials.access_key_id}/{scope}"
        value = f"{_ALGORITHM} Credential={credential}, SignedHeaders={names.decode()}, Signature={signature}"
        return (*passed, (b"authorization", value.encode()))

    def _key(self, day: str) -> bytes:
        key = b"AWS4" + self.credentials.secret_access_key.encode()
        for part in (day, self.region, self.service, "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        return key


def _canonical_headers(url: SplitResult, headers: Headers) -> list[tuple[bytes, bytes]]:
    """Return what is signed of the headers, by name; repeats are one, with their values in order."""
    values: dict[bytes, list[bytes]] = {b"host": [_host(url)]}
    for name, value in headers:
        if name == b"content-type" or (name.startswith(b"x-amz") and name not in _UNSIGNED):
            values.setdefault(name, []).append(b" ".join(value.split()))
    return [(name, b",".join(values[name])) for name in sorted(values)]


def _host(url: SplitResult) -> bytes:
    host = url.hostname or ""
    host = f"[{host}]" if ":" in host else host
    usual = url.port in {None, _DEFAULT_PORTS.get(url.scheme)}
    return (host if usual else f"{host}:{url.port}").encode()


def _canonical_query(query: str) -> str:
    """Return the parameters in order of name and value, encoded as they came."""
    pairs = sorted((name, value) for name, _, value in (part.partition("=") for part in query.split("&") if query))
    return "&".join(f"{name}={value}" for name, value in pairs)


def _without_dots(path: str) -> str:
    """Return the path without "." and "..", and without empty segments (RFC 3986, 5.2.4, as AWS reads it)."""
    kept = "/".join(_resolved(path))
    return f"/{kept}/" if kept and path.endswith("/") else f"/{kept}"


def _resolved(path: str) -> Iterator[str]:
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in {"", "."}:
            kept.append(segment)
    return iter(kept)
