"""Whose request it is: the client token in Proxy-Authorization, as a Basic password (what `http://me:TOKEN@host:port`
becomes) or a Bearer token. The user's name is not looked at: the token says who it is."""

from __future__ import annotations

import binascii
import hashlib
from base64 import b64decode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from safety_core.errors import InputError
from safety_core.model.tool_call import AgentId

CHALLENGE: Final = ((b"proxy-authenticate", b'Basic realm="safety"'), (b"proxy-authenticate", b"Bearer"))
_HEADER: Final = b"proxy-authorization"


class UnknownClientError(InputError):
    """No token, or one that nobody knows. Many clients show theirs only once they have been asked: `shown` tells."""

    def __init__(self, thing: str, reason: str, fix: str, *, shown: bool) -> None:
        super().__init__(thing, reason, fix)
        self.shown = shown


@dataclass(frozen=True, slots=True)
class Client:
    """One client of the edge, and the token that it showed."""

    agent: AgentId
    token: bytes

    def __repr__(self) -> str:
        return f"Client({self.agent})"


def unknown_client(headers: Iterable[tuple[bytes, bytes]]) -> UnknownClientError:
    """Return the refusal of a request whose token nobody knows."""
    shown = any(name == _HEADER for name, _ in headers)
    reason = "holds no token that is known" if shown else "is missing"
    return UnknownClientError("Proxy-Authorization", reason, "use http://me:TOKEN@host:port", shown=shown)


def client_of(clients: Mapping[str, AgentId], headers: Iterable[tuple[bytes, bytes]]) -> Client | None:
    """Return whose token stands in the one Proxy-Authorization header, None if there is none that is known.

    Args:
        clients: sha256 of a token, hexadecimal -> the agent.
        headers: names in lower case.
    """
    values = [value for name, value in headers if name == _HEADER]
    token = _token(values[0]) if len(values) == 1 else b""
    agent = clients.get(hashlib.sha256(token).hexdigest()) if token else None
    return None if agent is None else Client(agent, token)


def _token(value: bytes) -> bytes:
    scheme, _, rest = value.strip().partition(b" ")
    if scheme.lower() == b"bearer":
        return rest.strip()
    if scheme.lower() != b"basic":
        return b""
    try:
        return b64decode(rest.strip(), validate=True).partition(b":")[2]
    except binascii.Error:
        return b""
