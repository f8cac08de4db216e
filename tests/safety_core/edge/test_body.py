"""Bodies are read within limits, whatever their sender announces or does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from safety_core.edge.body import read_body
from safety_core.errors import InputError, LimitError


def sender(*parts: bytes | None) -> Callable[[], Awaitable[dict[str, Any]]]:
    """Return a `receive` that gives these parts; None is a sender that leaves, the end without one is silence."""
    messages = [
        {"type": "http.disconnect"}
        if part is None
        else {"type": "http.request", "body": part, "more_body": number < len(parts)}
        for number, part in enumerate(parts, 1)
    ]

    async def receive() -> dict[str, Any]:
        if messages:
            return messages.pop(0)
        return await asyncio.get_running_loop().create_future()

    return receive


def length(text: bytes) -> list[tuple[bytes, bytes]]:
    return [(b"host", b"edge"), (b"content-length", text)]


async def test_parts_are_put_together() -> None:
    assert await read_body([], sender(b"ab", b"", b"c"), limit=3) == b"abc"
    assert await read_body(length(b"3"), sender(b"abc"), limit=3) == b"abc"


@pytest.mark.parametrize("announced", [b"4", b"9" * 5000])
async def test_what_announces_itself_as_too_large_is_refused_unread(announced: bytes) -> None:
    with pytest.raises(LimitError, match="larger than 3 bytes"):
        await read_body(length(announced), sender(), limit=3)


@pytest.mark.parametrize("announced", [[], length(b"1"), length(b"many")])
async def test_what_turns_out_too_large_is_refused(announced: list[tuple[bytes, bytes]]) -> None:
    with pytest.raises(LimitError):
        await read_body(announced, sender(b"ab", b"cd", b"never read"), limit=3)


async def test_a_sender_who_leaves_or_falls_silent_is_named() -> None:
    with pytest.raises(InputError, match="broke off"):
        await read_body([], sender(b"a", None))
    with pytest.raises(InputError, match=r"within 0\.01 seconds"):
        await read_body([], sender(), seconds=0.01)
