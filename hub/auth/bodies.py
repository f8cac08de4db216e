"""How much of the bodies of all requests may be held while they arrive: most senders are not known by then.

Counted is what has come, not what was announced: who announces much and sends nothing takes no room from others. One
address gets no more than half: edges and people behind the others are served meanwhile.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from starlette.requests import Request

from safety_core.edge.body import read_body
from safety_core.errors import UnavailableError
from safety_core.wire.reader import BODY_LIMIT

BODIES: Final = 256 * 1024 * 1024
"""Bytes, in one process of the hub."""

_held: Final[Counter[str]] = Counter()
"""By address, while they arrive."""


async def body_of(request: Request, limit: int = BODY_LIMIT) -> bytes:
    """Return the body, of at most `limit` bytes; see `read_body` for what it raises.

    Raises:
        UnavailableError: too much is on its way already.
    """
    client, mine = request.client.host if request.client else "", 0

    def take(size: int) -> None:
        nonlocal mine
        if _held.total() + size > BODIES or _held[client] + size > BODIES // 2:
            raise UnavailableError("hub", "holds as many bodies of requests as it can", "try again")
        mine += size
        _held[client] += size

    try:
        return await read_body(request.headers.raw, request.receive, limit=limit, take=take)
    finally:
        _held[client] -= mine
        if _held[client] <= 0:
            del _held[client]
