"""Whose request it is: the token that a client's SDK sends in place of a provider's key, wherever it puts that."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import parse_qsl

from safety_core.flow.egress_effects import Headers
from safety_core.model.tool_call import AgentId

KEY_HEADERS: Final = frozenset({b"authorization", b"x-api-key", b"api-key", b"x-goog-api-key"})
"""Where SDKs put a provider's key, and so a client of the edge its token."""

_CREDENTIAL: Final = re.compile(rb"AWS4-HMAC-SHA256 .*?Credential=([^/,\s]+)/")
"""AWS Signature Version 4: the access key id comes first. Its signature is not looked at; ours replaces it."""

_PROTOCOLS: Final = b"sec-websocket-protocol"
_IN_PROTOCOL: Final = b"openai-insecure-api-key."
"""Browsers cannot set headers of a WebSocket, so OpenAI takes the key as the name of a subprotocol."""

_BEARER: Final = re.compile(rb"bearer[ \t]+", re.IGNORECASE)
"""RFC 6750; RFC 9110, 11.1: case does not matter."""

_QUERY: Final = "key"
"""Gemini's older clients send the key in the URL."""

_KEYS: Final = frozenset(
    {_QUERY, "access_token", "api-key", "api_key", "bearer_token", "oauth_token", "subscription-key", "x-goog-api-key"}
)
"""Parameters in which providers take a key: a client's own goes nowhere."""

_HIDING: Final = frozenset({"fields", "$fields", "callback", "$callback"})
"""With these Google leaves out parts of an answer, or wraps it: then it states no usage."""


def agent_of(clients: Mapping[str, AgentId], headers: Headers, query: str) -> AgentId | None:
    """Return the agent whose token stands in a request, None if there is none.

    Args:
        clients: sha256 of a token, hexadecimal -> the agent.
    """
    found = (clients.get(hashlib.sha256(token).hexdigest()) for token in _tokens(headers, query))
    return next((agent for agent in found if agent is not None), None)


def leaving_query(query: str) -> str:
    """Return a query without the parameters that may hold a token or key, or that would keep an answer from stating its
    usage; others stay as they were written."""
    kept = [part for part in query.split("&") if not _is_token(part)]
    return "&".join(kept)


def _is_token(part: str) -> bool:
    return any(name.lower() in _KEYS | _HIDING for name, _ in parse_qsl(part, keep_blank_values=True))


def _tokens(headers: Headers, query: str) -> Iterator[bytes]:
    for name, value in headers:
        if name in KEY_HEADERS:
            credential = _CREDENTIAL.match(value)
            yield credential[1] if credential else _bare(value.strip())
        elif name == _PROTOCOLS:
            offered = (protocol.strip() for protocol in value.split(b","))
            yield from (each.removeprefix(_IN_PROTOCOL) for each in offered if each.startswith(_IN_PROTOCOL))
    yield from (value.encode() for name, value in parse_qsl(query) if name == _QUERY)


def _bare(value: bytes) -> bytes:
    scheme = _BEARER.match(value)
    return value[scheme.end() :] if scheme else value
