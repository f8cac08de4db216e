"""Bodies that are held at the same time have so much room, of which nobody takes all."""

from __future__ import annotations

import asyncio

import pytest

from proxy.room import Room
from safety_core.cli.demo.answers import say
from safety_core.errors import BusyError
from tests.proxy.egress.setting import CLIENT_TOKEN, egress

BODY = b'{"model":"m","messages":[{"role":"user","content":"%s"}]}'


def test_what_is_taken_is_given_back_and_nobody_takes_all() -> None:
    room = Room(100)
    with room.guest("a") as first, room.guest("a") as second, room.guest("b") as third:
        first(50)
        second(25)
        with pytest.raises(BusyError, match="as many bodies"):
            second(1)
        third(25)
        with pytest.raises(BusyError):
            third(1)
        assert room.held == 100
    assert room.held == 0
    with room.guest("a") as again:
        again(75)


async def test_half_sent_prompts_have_so_much_room_and_no_more() -> None:
    async with egress(say("hello"), bodies=400_000) as here:
        head = (
            f"POST /openai/v1/chat/completions HTTP/1.1\r\nHost: edge\r\nAuthorization: Bearer {CLIENT_TOKEN}\r\n"
            "Content-Type: application/json\r\nContent-Length: 250000\r\n\r\n"
        ).encode()
        host, _, port = here.url.removeprefix("http://").partition(":")
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(head + b" " * 200_000)
        await writer.drain()
        async with here.client() as client:
            path = "/openai/v1/chat/completions"
            answer = await client.post(path, content=BODY % (b"x" * 200_000))
            while answer.status_code == 200:  # until the first has come
                answer = await client.post(path, content=BODY % (b"x" * 200_000))
            assert answer.status_code == 503
            assert "as many bodies" in answer.json()["error"]["message"]
            assert (await client.post(path, content=BODY % b"small")).status_code == 200
            writer.close()
            while answer.status_code == 503:
                answer = await client.post(path, content=BODY % (b"x" * 200_000))
            assert answer.status_code == 200
