"""How often something may be tried: by network address before anybody is known, by person after that."""

from __future__ import annotations

import ipaddress
from typing import Final

from hub.context import Context
from hub.errors import TooOftenError
from hub.store import challenges

WINDOW_SECONDS: Final = 300.0

ADDRESS_TRIES: Final = 60
"""Ceremonies of one address in a window: an office behind one address signs in; a guesser gets nowhere."""


async def spend(context: Context, key: str, allowed: int, seconds: float = WINDOW_SECONDS) -> None:
    """Count an attempt, whatever comes of it. Raises TooOftenError past `allowed` in `seconds`."""
    now = context.clock()
    async with context.database.write() as connection:
        count, until = await challenges.count(connection, key, now, seconds)
    if count > allowed:
        raise TooOftenError("this", until - now)


async def spend_address(context: Context, what: str, address: str, allowed: int = ADDRESS_TRIES) -> None:
    """Count an attempt of a network address."""
    await spend(context, f"{what} {neighbourhood(address)}", allowed)


def neighbourhood(address: str) -> str:
    """Return what one attacker has for nothing: an IPv4 address, or the /64 of an IPv6 one (RFC 6177)."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "nowhere"
    if found.version == 4:
        return str(found)
    mapped = ipaddress.IPv6Address(int(found)).ipv4_mapped
    return str(mapped) if mapped else str(ipaddress.ip_network((int(found), 64), strict=False))


async def forgive(context: Context, key: str) -> None:
    """Forget the attempts before: the last one was right."""
    async with context.database.write() as connection:
        await challenges.forget(connection, key)
