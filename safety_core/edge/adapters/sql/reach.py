"""A host's name -> addresses that may be connected to. It is looked up once: what was checked is what is used."""

from __future__ import annotations

import asyncio
import socket

from safety_core.edge.adapters.request import Request
from safety_core.edge.addresses import is_public


async def addresses_of(request: Request, host: str, port: int) -> list[str]:
    """Return the host's addresses. Raises ExecutionError where one lies inside and the operator did not say so."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        raise request.refusal("has a host that cannot be found") from None
    addresses = list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))
    if not request.connection.private and not all(map(is_public, addresses)):
        raise request.refusal("leads to this machine or its network", "set private = true if that is meant")
    return addresses
