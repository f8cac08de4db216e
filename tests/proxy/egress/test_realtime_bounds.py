"""What one socket may cost the edge, whatever its client or its provider does."""

from __future__ import annotations

import asyncio
import base64
import gc
import json
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
import uvicorn
from uvicorn.server import ServerState
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus

from proxy.egress import socket_limits as module
from proxy.egress.socket_limits import RATE, Rate
from proxy.egress.websocket_protocol import FRAGMENTS, SocketProtocol
from proxy.providers.realtime import MESSAGE_BYTES
from safety_core.errors import LimitError
from tests.proxy.egress.realtime_setting import ASK, PATH, Setting, answers, closing, realtime, say, until
from tests.proxy.egress.setting import CLIENT_TOKEN
from tests.simulators.realtime import Realtime


async def test_a_message_past_the_limit_ends_the_socket() -> None:
    async with realtime(answers()) as setting, setting.connect() as socket:
        with suppress(ConnectionClosed):  # before it has been sent whole
            await say(socket, {"type": "conversation.item.create", "text": "x" * MESSAGE_BYTES})
        assert (await closing(socket))[1] == 1009
        await setting.model.settled.wait()
        assert setting.model.received == []


async def test_a_slow_client_makes_the_provider_wait() -> None:
    """32 MiB do not come to stand in the edge: the provider is read only as fast as the client."""
    sent: list[int] = []
    big = json.dumps({"type": "response.output_audio.delta", "response_id": "r", "delta": "A" * 1024 * 1024})

    def script(event: dict[str, Any]) -> list[str]:
        return [big] * 32

    model = Realtime(script)
    async with realtime(model) as setting, setting.connect(max_queue=1) as socket:
        await say(socket, ASK)
        for _ in range(200):
            await asyncio.sleep(0.005)
            sent.append(model.sent)
        assert sent[-1] < 32, "all of it was taken in"
        shown = 0
        async for message in socket:
            shown += "audio.delta" in message[:60]
            if shown == 32:
                break
    assert model.sent == 32


async def test_an_agent_has_so_many_sockets_and_all_together_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SOCKETS_EACH", 2)
    async with realtime(answers()) as setting:
        first, second = await setting.connect(), await setting.connect()
        with pytest.raises(InvalidStatus) as refused:
            await setting.connect()
        assert refused.value.response.status_code == 429
        assert "has 2 sockets open. Fix: close one" in json.loads(refused.value.response.body)["error"]["message"]
        monkeypatch.setattr(module, "SOCKETS", 2)
        monkeypatch.setattr(module, "SOCKETS_EACH", 3)
        with pytest.raises(InvalidStatus, match="429"):
            await setting.connect()
        await first.close()
        await say(second, ASK)
        await until(second, "response.done")
        third = await opened(setting)
        await say(third, ASK)
        await until(third, "response.done")
        await second.close()
        await third.close()


async def opened(setting: Setting) -> ClientConnection:
    """Return a socket once there is room for it."""
    while True:
        try:
            return await setting.connect()
        except InvalidStatus:
            await asyncio.sleep(0.01)


@asynccontextmanager
async def raw_socket(setting: Setting) -> AsyncGenerator[tuple[asyncio.StreamReader, asyncio.StreamWriter], None]:
    """Yield a socket that speaks frames by hand and reads nothing until it is told to."""
    url = urlsplit(setting.url)
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    lines = (
        f"GET {PATH} HTTP/1.1",
        "Host: edge",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
        f"Authorization: Bearer {CLIENT_TOKEN}",
    )
    writer.write("\r\n".join((*lines, "", "")).encode())
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101")
    yield reader, writer
    writer.transport.abort()
    with suppress(ConnectionError):
        await writer.wait_closed()


async def test_who_sends_pings_and_reads_nothing_costs_no_memory() -> None:
    async with realtime(answers()) as setting, raw_socket(setting) as (reader, writer):
        reader._transport.pause_reading()  # type: ignore[attr-defined]
        protocols = [each for each in gc.get_objects() if type(each) is SocketProtocol]
        (here,) = [each for each in protocols if not each.disconnected]
        ping = b"\x89\xfd" + bytes(4) + b"p" * 125
        for _ in range(100):
            writer.write(ping * 1000)
            await writer.drain()
        assert here.transport.get_write_buffer_size() < 1024 * 1024
        reader._transport.resume_reading()  # type: ignore[attr-defined]
        writer.write(b"\x89\x84" + bytes(4) + b"last")
        seen = b""
        while b"\x8a\x04last" not in seen:
            part = await reader.read(65536)
            assert part, "the socket has ended"
            seen = seen[-8:] + part


async def test_the_latest_ping_is_answered_when_its_client_reads_again() -> None:
    protocol = SocketProtocol(uvicorn.Config(lambda: None, log_config=None), ServerState(), {})
    protocol.transport = written = Written()  # type: ignore[assignment]
    protocol.conn = Owing([b"one"], [b"two"], [b"three"])  # type: ignore[assignment]
    protocol.pause_writing()
    protocol.handle_ping()
    protocol.handle_ping()
    assert written.data == []
    protocol.resume_writing()
    assert written.data == [b"two"]
    protocol.handle_ping()
    protocol.resume_writing()
    assert written.data == [b"two", b"three"]


@dataclass
class Written:
    """A transport."""

    data: list[bytes] = field(default_factory=list)
    write = property(lambda self: self.data.append)

    def is_closing(self) -> bool:
        return False


class Owing:
    """A connection that has these things to send."""

    def __init__(self, *owed: list[bytes]) -> None:
        self.data_to_send = iter(owed).__next__


async def test_a_message_in_endless_empty_pieces_ends_the_socket() -> None:
    came = b""
    async with realtime(answers()) as setting, raw_socket(setting) as (reader, writer):
        writer.write(b"\x01\x80" + bytes(4))
        with suppress(ConnectionError):
            for _ in range(FRAGMENTS + 1):
                writer.write(b"\x00\x80" + bytes(4))
            await writer.drain()
            while part := await reader.read(65536):
                came += part
        assert reader.at_eof() or reader.exception()
        assert b"ping timeout" not in came, "it ended for another reason"
        await setting.model.settled.wait()


async def test_a_socket_that_is_refused_is_no_error_of_ours(caplog: pytest.LogCaptureFixture) -> None:
    async with realtime(answers()) as setting:
        for path in ("/openai/v1/realtime", "/openai/v1/other?model=m"):
            with pytest.raises(InvalidStatus) as refused:
                await setting.connect(path)
            assert json.loads(refused.value.response.body)["error"]
    assert [record.message for record in caplog.records if record.name == "uvicorn.error"] == []


def test_so_many_messages_may_come_in_a_second() -> None:
    now = [0.0]
    rate = Rate(lambda: now[0])
    for _ in range(2 * RATE):
        rate.take()
    with pytest.raises(LimitError):
        rate.take()
    now[0] += 1.0
    for _ in range(RATE):
        rate.take()
    with pytest.raises(LimitError):
        rate.take()
