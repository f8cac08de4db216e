"""Looks a host up once. Who connects uses an address from here, not the name again: by then it may lead elsewhere."""

from __future__ import annotations

import asyncio
import socket

from safety_core.edge.addresses import is_public
from safety_core.errors import ExecutionError


async def looked_up(thing: str, host: str, port: int, *, near: bool) -> list[str]:
    """Return the addresses of `host`.

    Args:
        thing: what an error is about ("request to shop.example").
        host: in ASCII, without brackets.
        near: it may lie on this machine or in its network.

    Raises:
        ExecutionError: it has none, or one of them is not outside.
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise ExecutionError(thing, "has a host that cannot be found") from None
    addresses = [str(sockaddr[0]).partition("%")[0] for *_, sockaddr in found]
    if not near and not all(map(is_public, addresses)):
        raise ExecutionError(thing, "leads to this machine or its network", "name a host outside")
    return list(dict.fromkeys(addresses))


async def service_addresses(connection: str, host: str, port: int, *, private: bool) -> list[str]:
    """Return the addresses of a service that the operator connected by this name; errors name their fix.

    Args:
        private: they said that it may lie on this machine or in its network.

    Raises:
        ExecutionError: as `looked_up`.
    """
    try:
        return await looked_up(f"connection {connection}", host, port, near=private)
    except ExecutionError as error:
        fix = "check its target, and write private = true where it is to lie in this network"
        raise ExecutionError(error.thing, error.reason, fix) from None
