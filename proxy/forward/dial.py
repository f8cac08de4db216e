"""A name -> the addresses that it has now, all of them public -> a connection to one of these, and to nothing else."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, cast

from proxy.errors import ForwardRefusedError
from proxy.forward.target import Target
from proxy.upstream.addresses import AddressInfo
from safety_core.edge.addresses import is_public
from safety_core.errors import UnavailableError

CONNECT_SECONDS: Final = 10.0
"""Looking up and connecting, in all."""
ADDRESS_SECONDS: Final = 3.0
"""For one address of several: the first may be of a network (IPv6) that leads nowhere."""


class Dialer:
    """Looks names up, once per connection. `seconds`: for looking up and connecting."""

    def __init__(self, seconds: float = CONNECT_SECONDS) -> None:
        self._seconds = seconds

    async def resolve(self, target: Target) -> Sequence[AddressInfo]:
        """Return the checked addresses of a name.

        Raises:
            UnavailableError: it has none.
            ForwardRefusedError: one of them is not public. None is used then: who answers with both wants to be asked
                twice.
        """
        infos = await self.lookup(target)
        if not infos:
            raise UnavailableError(target.host, "has no address")
        if not all(self.allowed(str(info[4][0])) for info in infos):
            fix = "a name of the own network is not reached through the forward proxy"
            raise ForwardRefusedError(target.host, "leads to an address that is not public", fix)
        return infos

    async def lookup(self, target: Target) -> Sequence[AddressInfo]:
        """Ask the system's resolver. Raises UnavailableError."""
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise UnavailableError(target.host, "cannot be looked up", "look at this host's DNS") from error
        return cast("Sequence[AddressInfo]", found)

    def allowed(self, address: str) -> bool:
        """Tell whether an address may be connected to."""
        return is_public(address)

    async def connect(self, target: Target) -> socket.socket:
        """Return a connected socket. Raises UnavailableError or ForwardRefusedError."""
        try:
            async with asyncio.timeout(self._seconds):
                for info in await self.resolve(target):
                    with suppress(OSError):  # TimeoutError is one: the next address has its turn
                        return await _connected(info)
        except TimeoutError:
            pass
        raise UnavailableError(str(target), "cannot be connected to", "look at the host, and at this one's network")


async def _connected(info: AddressInfo) -> socket.socket:
    family, kind, protocol, _, address = info
    connecting = socket.socket(family, kind, protocol)
    try:
        connecting.setblocking(False)
        async with asyncio.timeout(ADDRESS_SECONDS):
            await asyncio.get_running_loop().sock_connect(connecting, address)
        connecting.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except BaseException:
        connecting.close()
        raise
    return connecting
