"""Who visits, and that a form comes from a page of ours."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from demo_pool.settings import Address
from safety_core.errors import InputError, LimitError

FORM_BYTES: Final = 16 * 1024
FIELDS: Final = 10


def key_of(request: Request, address: Address) -> str:
    """Return the visitor's key, or an empty text."""
    return request.cookies.get(_name(address), "")


def hand_key(response: Response, address: Address, key: str, seconds: float) -> None:
    """Hand the visitor their key; with https no other host can plant one (RFC 6265bis, 4.1.3)."""
    response.set_cookie(
        _name(address), key, int(seconds), path="/", secure=address.secure, httponly=True, samesite="lax"
    )


async def form_of(request: Request, address: Address) -> dict[str, str]:
    """Return the fields of a form that a page of ours sent.

    Raises:
        InputError: it comes from another site (a tenant's console is one, too), or is no form.
        LimitError: it is too large.
    """
    origin = request.headers.get("origin", address.origin)
    site = request.headers.get("sec-fetch-site", "same-origin")
    if origin != address.origin or site != "same-origin":
        raise InputError("form", "was sent by another site", f"open {address.origin} and do it there")
    raw = await body_of(request, FORM_BYTES)
    try:
        return dict(parse_qsl(raw.decode("utf-8"), keep_blank_values=True, max_num_fields=FIELDS))
    except ValueError as error:
        raise InputError("form", "is not one of ours", "load the page again") from error


async def body_of(request: Request, most: int) -> bytes:
    """Return a request's body. Raises LimitError past `most` bytes."""
    raw = bytearray()
    async for piece in request.stream():
        raw += piece
        if len(raw) > most:
            raise LimitError("request", f"has more than {most} bytes")
    return bytes(raw)


def _name(address: Address) -> str:
    return "__Host-demo" if address.secure else "demo"
