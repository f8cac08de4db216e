"""Requests to addresses that people chose: push services, webhooks. Each is hostile until shown otherwise.

Only https to public addresses, looked up and checked when the socket is made, so no name leads inside a moment later;
no redirect is followed, no proxy of the environment asked, and of the answer only the status is read. A hub whose
settings say `private_addresses` may reach its own network, and without TLS: for receivers beside it.
"""

from __future__ import annotations

import socket
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, TypeAlias
from urllib.parse import urlsplit

from safety_core.edge.addresses import is_public
from safety_core.errors import InputError, UnavailableError

if TYPE_CHECKING:
    import aiohttp  # half a second and some megabytes: imported where there is something to send

SECONDS: Final = 15.0
"""For one request in all."""

URL_LIMIT: Final = 2048

AddressInfo: TypeAlias = "tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[str | int, ...]]"


class PrivateAddressError(OSError):
    """A name leads to an address inside."""


def check_url(url: str, what: str, *, private: bool) -> None:
    """Raise InputError unless `url` is one that we send to. Where its name leads is checked with each request."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise InputError(what, "is not a URL") from error
    if len(url) > URL_LIMIT or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise InputError(what, f"must be a URL of at most {URL_LIMIT} plain characters")
    if parts.scheme != "https" and not (private and parts.scheme == "http"):
        raise InputError(what, "must begin with https://")
    if not host or port == 0 or "@" in parts.netloc:
        raise InputError(what, "must name a host, and no user")


def public_socket(info: AddressInfo) -> socket.socket:
    """Return a socket for a public address, or raise PrivateAddressError."""
    family, kind, protocol, _, address = info
    if not is_public(str(address[0])):
        raise PrivateAddressError("not a public address")
    return socket.socket(family, kind, protocol)


class Outward:
    """What makes the requests. `private`: the settings allow addresses inside."""

    def __init__(self, session: aiohttp.ClientSession, *, private: bool) -> None:
        self._session = session
        self.private: Final = private

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """Send `body`; return the status of the answer.

        Raises:
            InputError: not a URL that we send to.
            UnavailableError: no answer.
        """
        from aiohttp import ClientError

        check_url(url, "address", private=self.private)
        try:
            async with self._session.post(url, data=body, headers=headers, allow_redirects=False) as answer:
                return answer.status
        except (ClientError, OSError, TimeoutError, ValueError) as error:
            reason = "leads to an address that is not public" if _private(error) else "cannot be reached"
            raise UnavailableError(urlsplit(url).hostname or "address", reason) from error


def _private(error: BaseException) -> bool:
    inner = getattr(error, "os_error", error)
    return isinstance(inner, PrivateAddressError) or "not a public address" in str(error)


@asynccontextmanager
async def opened(*, private: bool) -> AsyncGenerator[Outward, None]:
    """Open what makes requests."""
    import aiohttp

    connector = aiohttp.TCPConnector(socket_factory=None if private else public_socket, limit=32)
    async with aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(total=SECONDS),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
    ) as session:
        yield Outward(session, private=private)
