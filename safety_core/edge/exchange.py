"""One HTTP exchange, sent to addresses that were looked up and checked before: no redirect is followed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import httpx2

from safety_core.errors import ExecutionError


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back.

    Attributes:
        headers: names in lower case.
        whole: the body is all of it, not cut at the limit.
        redirect: where the server wants the request to go instead, as it spells it; empty where it does not.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    whole: bool
    redirect: str


async def exchange(client: httpx2.AsyncClient, request: httpx2.Request, addresses: Sequence[str], limit: int) -> Answer:
    """Send to the first address that can be connected to; keep `limit` bytes of what it answers.

    Args:
        request: its extension `sni_hostname` holds the host's name in ASCII.

    Raises:
        httpx2.HTTPError, httpx2.StreamError: no whole answer came.
        ExecutionError: it came in an encoding that nobody asked for.
    """
    for address in addresses[:-1]:
        try:
            return await _sent(client, request, address, limit)
        except httpx2.ConnectError:
            continue
    return await _sent(client, request, addresses[-1], limit)


async def _sent(client: httpx2.AsyncClient, request: httpx2.Request, address: str, limit: int) -> Answer:
    request.url = request.url.copy_with(host=address)
    response = await client.send(request, stream=True)
    try:
        if response.headers.get("content-encoding", "identity") != "identity":
            host = request.extensions["sni_hostname"]
            raise ExecutionError(f"request to {host}", "answered in an encoding that was not asked for")
        kept = bytearray()
        async for chunk in response.aiter_raw():
            kept += chunk[: limit + 1 - len(kept)]
            if len(kept) > limit:
                break
    finally:
        await response.aclose()
    redirect = response.headers["location"] if response.has_redirect_location else ""
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(response.status_code, headers, bytes(kept[:limit]), len(kept) <= limit, redirect)
