"""The body of a request, read within limits by every listener of ours: so many bytes, in so many seconds."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, Final

from safety_core.errors import InputError, LimitError
from safety_core.wire.reader import BODY_LIMIT

BODY_SECONDS: Final = 60.0
"""How long a body may take: long enough for 10 MiB over a phone, too short to collect half-sent ones."""

LENGTH_DIGITS: Final = 18
"""Digits of an announced length that is worth reading as a number."""

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


async def read_body(
    headers: Iterable[tuple[bytes, bytes]],
    receive: Receive,
    *,
    limit: int = BODY_LIMIT,
    seconds: float = BODY_SECONDS,
    take: Callable[[int], object] = lambda size: None,
) -> bytes:
    """Return the whole body of an ASGI request. `headers` as ASGI gives them: names in lower case.
    `take` is asked for room for each part, and may raise.

    Raises:
        LimitError: it is announced as, or turns out, larger than `limit` bytes.
        InputError: it does not arrive within `seconds`, or breaks off.
    """
    announced = next((value for name, value in headers if name == b"content-length"), b"0")
    if announced.isdigit() and (len(announced) > LENGTH_DIGITS or int(announced) > limit):
        raise _too_large(limit)
    try:
        async with asyncio.timeout(seconds):
            return await _read(receive, limit, take)
    except TimeoutError as error:
        raise InputError("request body", f"did not arrive within {seconds:g} seconds") from error


async def _read(receive: Receive, limit: int, take: Callable[[int], object]) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise InputError("request body", "broke off")
        part: bytes = message.get("body", b"")
        take(len(part))
        body += part
        if len(body) > limit:
            raise _too_large(limit)
        if not message.get("more_body", False):
            return bytes(body)


def _too_large(limit: int) -> LimitError:
    return LimitError("request body", f"is larger than {limit} bytes", "send less")
