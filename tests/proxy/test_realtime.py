"""A realtime socket on real sockets: a client, the egress, and a fake of OpenAI's API behind it."""

from __future__ import annotations

import asyncio
import base64
import gc
import json
import os
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import openai
import pytest
import uvicorn
from uvicorn.server import ServerState
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from proxy import realtime as module
from proxy.egress import EgressApp, Terms
from proxy.providers.realtime import MESSAGE_BYTES
from proxy.realtime import RATE, Rate
from proxy.settings import Provider
from proxy.websocket_protocol import FRAGMENTS, SocketProtocol
from safety_core.errors import BudgetError, LimitError
from safety_core.flow.egress_effects import Afford
from safety_core.flow.exchange import Exchange, Prompt
from safety_core.flow.interlock import HaltedError
from safety_core.model.record import Event
from safety_core.model.usage import Usage
from tests.proxy.egress_setting import AGENT, CLIENT_TOKEN, CLIENTS, Books, known, served
from tests.simulators.prompt_world import KEY, SECRETS
from tests.simulators.realtime import Realtime, begins, ends, said

PASSWORD, TOKEN, PROVIDER_KEY = SECRETS.values()
REF = "SECRET_REF(DB_PASSWORD)"
COST = Usage(132, 121, cache_read=64, audio_input=13, audio_output=91)
PATH = "/openai/v1/realtime?model=gpt-realtime"
ASK = {"type": "response.create"}


@dataclass
class Seen:
    """A watcher."""

    began_: list[Prompt] = field(default_factory=list)
    ended_: list[Exchange | None] = field(default_factory=list)

    def began(self, prompt: Prompt) -> None:
        self.began_.append(prompt)

    def ended(self, prompt: Prompt, exchange: Exchange | None) -> None:
        self.ended_.append(exchange)


@dataclass
class Setting:
    url: str
    model: Realtime
    books: Books
    seen: Seen

    def connect(self, path: str = PATH, **options: Any) -> connect:
        headers = {"authorization": f"Bearer {CLIENT_TOKEN}", "openai-beta": "realtime=v1"}
        options = {"additional_headers": headers, "max_size": None, "proxy": None, **options}
        return connect(self.url.replace("http", "ws") + path, **options)


@asynccontextmanager
async def realtime(model: Realtime, **changes: Any) -> AsyncGenerator[Setting, None]:
    books, seen = Books(), Seen()
    handlers = {**books.handlers(), **changes.pop("handlers", {})}
    private = changes.pop("private", True)
    async with model:
        base = changes.pop("base_url", model.url)
        providers = [Provider(name, name, base, KEY, private) for name in ("anthropic", "openai", "azure")]
        app = EgressApp(providers, CLIENTS, redactor=known, handlers=handlers, terms=Terms(watchers=(seen,), **changes))
        async with served(app) as url:
            yield Setting(url, model, books, seen)
        await app.aclose()


def answers(text: str = "hello") -> Realtime:
    return Realtime(lambda event: said(text) if event["type"] == "response.create" else [])


async def say(socket: ClientConnection, *messages: Mapping[str, Any]) -> None:
    for message in messages:
        await socket.send(json.dumps(message))


async def until(socket: ClientConnection, kind: str) -> list[dict[str, Any]]:
    """Return what comes, up to and with the first event of this type."""
    found = []
    async for message in socket:
        found.append(json.loads(message))
        if found[-1]["type"] == kind:
            break
    return found


async def test_a_conversation_passes_redacted_both_ways_and_its_answer_is_booked() -> None:
    async with realtime(answers(f"it is {PASSWORD}, and so on")) as setting, setting.connect() as socket:
        assert (await until(socket, "session.created"))[0]["session"]["id"] == "sess_1"
        item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": f"use {TOKEN}"}]}
        await say(socket, {"type": "conversation.item.create", "item": item}, ASK)
        shown = await until(socket, "response.done")
        assert "".join(each.get("delta", "") for each in shown) == f"it is {REF}, and so on"
        assert setting.model.received[0]["item"]["content"][0]["text"] == "use SECRET_REF(DEPLOY_TOKEN)"
        (meter,) = setting.books.metered
        assert (meter.agent, meter.provider, meter.model, meter.usage) == (AGENT, "openai", "gpt-realtime", COST)
        assert [entry.event for entry in setting.books.log] == [Event.PROMPT] * 3 + [Event.RESPONSE]
        (request,) = setting.model.requests
        assert request.path == "/v1/realtime?model=gpt-realtime"
        assert request.headers["authorization"] == f"Bearer {PROVIDER_KEY}"
        assert request.headers["openai-beta"] == "realtime=v1"
        assert CLIENT_TOKEN not in str(request.headers)
        assert len({id(prompt) for prompt in setting.seen.began_}) == len(setting.seen.ended_) == 2


async def test_the_providers_own_sdk_talks_through_it() -> None:
    async with realtime(answers(f"it is {PASSWORD}")) as setting:
        client = openai.AsyncOpenAI(base_url=f"{setting.url}/openai/v1", api_key=CLIENT_TOKEN)
        async with client, client.realtime.connect(model="gpt-realtime") as connection:
            await connection.session.update(session={"type": "realtime", "instructions": f"use {TOKEN}"})
            await connection.response.create()
            text = ""
            async for event in connection:
                if event.type == "response.output_text.delta":
                    text += event.delta
                elif event.type == "response.done":
                    break
        assert text == f"it is {REF}"
        assert setting.model.received[0]["session"]["instructions"] == "use SECRET_REF(DEPLOY_TOKEN)"


async def test_a_token_may_stand_in_a_subprotocol_and_does_not_leave() -> None:
    offered = [Subprotocol(name) for name in ("realtime", f"openai-insecure-api-key.{CLIENT_TOKEN}")]
    async with (
        realtime(answers()) as setting,
        setting.connect(additional_headers={}, subprotocols=offered) as socket,
    ):
        assert socket.subprotocol == "realtime"
        (request,) = setting.model.requests
        assert request.headers["sec-websocket-protocol"] == "realtime"
        assert request.headers["authorization"] == f"Bearer {PROVIDER_KEY}"


@pytest.mark.parametrize(
    "path", ["/azure/openai/realtime?api-version=1&deployment=d", "/azure/openai/v1/realtime?model=d"]
)
async def test_azures_sockets_take_the_key_in_a_header_of_their_own(path: str) -> None:
    headers = {"api-key": CLIENT_TOKEN}
    async with realtime(answers()) as setting, setting.connect(path, additional_headers=headers) as socket:
        await say(socket, ASK)
        await until(socket, "response.done")
        assert setting.model.requests[0].headers["api-key"] == PROVIDER_KEY
        assert setting.model.requests[0].path == path.removeprefix("/azure")
        assert setting.books.metered[0].model == "d"


async def test_sound_passes_untouched_both_ways() -> None:
    sound = base64.b64encode(os.urandom(4800)).decode()
    back = {"type": "response.output_audio.delta", "response_id": "r", "item_id": "i", "delta": sound}
    model = Realtime(lambda event: [back])
    async with realtime(model) as setting, setting.connect() as socket:
        await say(socket, {"type": "input_audio_buffer.append", "audio": sound})
        assert (await until(socket, back["type"]))[-1] == back
        assert model.received == [{"type": "input_audio_buffer.append", "audio": sound}]


@pytest.mark.parametrize(
    ("path", "headers", "status", "reason"),
    [
        (PATH, {}, 401, "client token: is missing"),
        (PATH, {"authorization": "Bearer other"}, 401, "client token: is missing"),
        ("/openai/v1/realtime", None, 400, "must name one model"),
        ("/openai/v1/realtime?model=a&model=b", None, 400, "must name one model"),
        ("/openai/v1/responses?model=a", None, 404, "no such socket"),
        ("/anthropic/v1/realtime?model=a", None, 404, "no such socket"),
        ("/elsewhere?model=a", None, 404, "no such socket"),
        (f"/openai/v1/realtime?model={TOKEN.replace('/', '%2F').replace('+', '%2B')}", None, 400, "holds a secret"),
    ],
)
async def test_a_socket_is_refused_in_the_providers_shape(
    path: str, headers: Mapping[str, str] | None, status: int, reason: str
) -> None:
    options = {} if headers is None else {"additional_headers": headers}
    async with realtime(answers()) as setting:
        with pytest.raises(InvalidStatus) as refused:
            await setting.connect(path, **options)
        assert refused.value.response.status_code == status
        assert reason in json.loads(refused.value.response.body)["error"]["message"]
        assert setting.model.requests == []


async def test_an_agent_that_is_not_admitted_gets_no_socket() -> None:
    def admit(agent: Any) -> None:
        raise HaltedError(f"agent {agent}", "is halted")

    async with realtime(answers(), admit=admit) as setting:
        with pytest.raises(InvalidStatus) as refused:
            await setting.connect()
        assert refused.value.response.status_code == 424
        assert setting.model.requests == []
        assert [exchange and exchange.status for exchange in setting.seen.ended_] == [424]
        assert setting.books.log[0].event is Event.PROMPT_REFUSED


@pytest.mark.parametrize(
    ("model", "reason"),
    [(Realtime(refuses=401), "opens no socket"), (Realtime(refuses=307, location="http://127.0.0.1:9/"), "redirect")],
)
async def test_a_provider_that_opens_none_is_told(model: Realtime, reason: str) -> None:
    async with realtime(model) as setting:
        with pytest.raises(InvalidStatus) as refused:
            await setting.connect()
        assert refused.value.response.status_code == 502
        assert reason in json.loads(refused.value.response.body)["error"]["message"]
        assert len(model.requests) == 1


async def test_a_private_address_is_not_reached() -> None:
    async with realtime(answers(), private=False) as setting:
        with pytest.raises(InvalidStatus) as refused:
            await setting.connect()
        assert "private address" in json.loads(refused.value.response.body)["error"]["message"]
        assert setting.model.requests == []


async def closing(socket: ClientConnection) -> tuple[list[dict[str, Any]], int | None, str]:
    """Return what comes until the socket closes, and how it does."""
    found = []
    with suppress(ConnectionClosed):
        async for message in socket:
            found.append(json.loads(message))
    return found, socket.close_code, socket.close_reason or ""


@pytest.mark.parametrize(
    ("message", "code", "reason"),
    [
        (b"\x00\x01", 1003, "binary"),
        ("not json", 1003, "not JSON"),
        ('{"a": 1}', 1003, "object with a type"),
        ('{"type": "input_audio_buffer.append", "audio": "!"}', 1003, "base64"),
        ('{"type": "input_audio_buffer.append", "audio": "AAAA", "more": "x"}', 1003, "more than audio"),
        ('{"type": "a", "type": "b"}', 1008, "twice"),
        (json.dumps({"type": "input_audio_buffer.append", "audio": base64.b64encode(PASSWORD.encode()).decode()}), 1008,
         "holds a secret"),
    ],
)  # fmt: skip
async def test_a_message_that_may_not_leave_ends_the_socket(message: str | bytes, code: int, reason: str) -> None:
    async with realtime(answers()) as setting, setting.connect() as socket:
        await socket.send(message)
        found, closed, _ = await closing(socket)
        assert found[-1]["type"] == "error"
        assert reason in found[-1]["error"]["message"]
        assert closed == code
        await setting.model.settled.wait()
        assert setting.model.received == []


async def test_a_message_past_the_limit_ends_the_socket() -> None:
    async with realtime(answers()) as setting, setting.connect() as socket:
        with suppress(ConnectionClosed):  # before it has been sent whole
            await say(socket, {"type": "conversation.item.create", "text": "x" * MESSAGE_BYTES})
        assert (await closing(socket))[1] == 1009
        await setting.model.settled.wait()
        assert setting.model.received == []


async def test_an_answer_that_is_not_affordable_ends_the_socket() -> None:
    left = iter([None, None])

    def afford(effect: Afford) -> None:
        if next(left, 0) == 0:
            raise BudgetError("agent ada", "has used 9 of its 9 tokens of today")

    async with realtime(answers(), handlers={Afford: afford}) as setting, setting.connect() as socket:
        await say(socket, ASK)
        await until(socket, "response.done")
        await say(socket, ASK)
        found, code, _ = await closing(socket)
        assert "9 of its 9 tokens" in found[-1]["error"]["message"]
        assert code == 1008
        await setting.model.settled.wait()
        assert setting.model.received == [ASK]


async def test_an_answer_that_begins_by_itself_and_is_not_affordable_is_not_shown() -> None:
    left = iter([None])

    def afford(effect: Afford) -> None:
        if next(left, 0) == 0:
            raise BudgetError("agent ada", "has used 9 of its 9 tokens of today")

    model = Realtime(greeting=[begins()])
    async with realtime(model, handlers={Afford: afford}) as setting, setting.connect() as socket:
        found, code, _ = await closing(socket)
        assert [event["type"] for event in found] == ["error"]
        assert code == 1008
        assert await asyncio.wait_for(setting.model.settled.wait(), 20)


async def test_the_providers_errors_and_end_pass() -> None:
    trouble = {"type": "error", "error": {"type": "invalid_request_error", "message": f"no {PASSWORD}"}}
    async with realtime(Realtime(lambda _: [trouble, 4001])) as setting, setting.connect() as socket:
        await say(socket, ASK)
        found, code, reason = await closing(socket)
        assert found[-1]["error"]["message"] == f"no {REF}"
        assert (code, reason) == (4001, "that is all")


async def test_the_clients_end_passes_and_what_had_begun_is_estimated() -> None:
    async with realtime(Realtime(lambda _: [begins()])) as setting:
        async with setting.connect() as socket:
            await say(socket, ASK)
            await until(socket, "response.created")
            await socket.close(3001)
        await setting.books.settled.wait()
        assert [meter.usage.estimated for meter in setting.books.metered] == [True]
        await setting.model.settled.wait()
        assert setting.model.closed == [3001]


@pytest.mark.parametrize("bad", ["not json", b"\x00", '{"type": "a", "type": "b"}'])
async def test_what_of_the_provider_cannot_be_read_ends_the_socket(bad: str | bytes) -> None:
    async with realtime(Realtime(lambda _: [bad])) as setting, setting.connect() as socket:
        await say(socket, ASK)
        found, code, _ = await closing(socket)
        assert found[-1]["type"] == "error"
        assert code in {1003, 1008}
        await setting.model.settled.wait()


async def test_a_provider_that_breaks_off_is_told() -> None:
    async with realtime(answers()) as setting, setting.connect() as socket:
        await until(socket, "session.created")
        (connection,) = setting.model.connections
        connection.transport.abort()
        found, code, _ = await closing(socket)
        assert "broke off" in found[-1]["error"]["message"]
        assert code == 1011


async def test_two_answers_are_booked_each_once() -> None:
    turns = iter(["resp_1", "resp_2"])
    model = Realtime(lambda event: [*said("hello", name := next(turns)), ends(name)])
    async with realtime(model) as setting, setting.connect() as socket:
        for _ in range(2):
            await say(socket, ASK)
            await until(socket, "response.done")
        await until(socket, "response.done")
    assert [meter.usage for meter in setting.books.metered] == [COST, COST]
    assert len({meter.request for meter in setting.books.metered}) == 2


async def test_an_edge_that_stops_closes_its_sockets() -> None:
    async with realtime(Realtime(lambda _: [begins()])) as setting:
        socket = await setting.connect()
        await say(socket, ASK)
        await until(socket, "response.created")
    assert (await closing(socket))[1] == 1012
    assert [meter.usage.estimated for meter in setting.books.metered] == [True]
    assert setting.model.closed == [1000]


async def test_a_client_that_vanishes_leaves_nothing_behind() -> None:
    async with realtime(Realtime(lambda _: [begins()])) as setting:
        socket = await setting.connect()
        await say(socket, ASK)
        await until(socket, "response.created")
        socket.transport.abort()
        await setting.model.settled.wait()
        await setting.books.settled.wait()
        assert [meter.usage.estimated for meter in setting.books.metered] == [True]
        assert len(setting.seen.began_) == len(setting.seen.ended_)


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
        while b"\x8a\x04last" not in await reader.read(65536):
            pass


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
    async with realtime(answers()) as setting, raw_socket(setting) as (reader, writer):
        writer.write(b"\x01\x80" + bytes(4))
        with suppress(ConnectionError):
            for _ in range(FRAGMENTS + 1):
                writer.write(b"\x00\x80" + bytes(4))
            await writer.drain()
            while await reader.read(65536):
                pass
        assert reader.at_eof() or reader.exception()
        await setting.model.settled.wait()


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
