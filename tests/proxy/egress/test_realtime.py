"""A realtime socket on real sockets: a client, the egress, and a fake of OpenAI's API behind it."""

from __future__ import annotations

import asyncio
import base64
import json
import os
from collections.abc import Mapping
from typing import Any

import openai
import pytest
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from safety_core.errors import BudgetError
from safety_core.flow.egress_effects import Afford
from safety_core.flow.interlock import HaltedError
from safety_core.model.record import Event
from safety_core.model.secret import SecretValue
from safety_core.model.usage import Usage
from tests.proxy.egress.realtime_setting import (
    ASK,
    PASSWORD,
    PATH,
    PROVIDER_KEY,
    TOKEN,
    answers,
    closing,
    realtime,
    say,
    until,
)
from tests.proxy.egress.setting import AGENT, CLIENT_TOKEN
from tests.simulators.prompt_world import KEY
from tests.simulators.realtime import Realtime, begins, ends, said

REF = "SECRET_REF(DB_PASSWORD)"
COST = Usage(132, 121, cache_read=64, audio_input=13, audio_output=91)


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
        ("/azure/openai/realtime?deployment=a&model=b", None, 400, "must name one model"),
        ("/azure/openai/realtime?model=cheap&DEPLOYMENT=dear", None, 400, "must name one model"),
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


@pytest.mark.parametrize("key", ["invented\n", "invented\r\nX-More: 1", "invented\0"])
async def test_a_key_that_no_header_can_hold_is_told_and_not_quoted(key: str) -> None:
    async with realtime(answers()) as setting:
        setting.books.vault[KEY] = SecretValue(key)
        with pytest.raises(InvalidStatus) as refused:
            await setting.connect()
        assert refused.value.response.status_code == 502
        message = json.loads(refused.value.response.body)["error"]["message"]
        assert "cannot carry. Fix: look at the key" in message
        assert "invented" not in message
        assert setting.seen.ended_[-1] is not None


async def test_a_private_address_is_not_reached() -> None:
    async with realtime(answers(), private=False) as setting:
        with pytest.raises(InvalidStatus) as refused:
            await setting.connect()
        assert "private address" in json.loads(refused.value.response.body)["error"]["message"]
        assert setting.model.requests == []


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
        assert await asyncio.wait_for(setting.model.settled.wait(), 60)


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
