"""A guarded agent's socket: the plugin must be there, and must have announced the turn that it is opened in."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.proxy.egress.realtime_setting import ASK, closing, say, until
from tests.proxy.guards.test_interlock import BUDGET, TOKEN, TRACE, Place, place
from tests.simulators.realtime import Realtime, said

RESULT = {"type": "function_call_output", "call_id": "call_9", "output": "x"}


@asynccontextmanager
async def realtime(model: Realtime, agents: str = BUDGET) -> AsyncGenerator[Place, None]:
    async with model:
        providers = {"openai": {"base_url": model.url, "key_secret": "PROVIDER_KEY", "private": True}}
        async with place(agents, SAFETY_EDGE_EGRESS_PROVIDERS=json.dumps(providers)) as here:
            yield here


def socket(here: Place, trace: str = TRACE) -> connect:
    headers = {"authorization": f"Bearer {TOKEN}"}
    if trace:
        headers["traceparent"] = f"00-{trace}-00f067aa0ba902b7-01"
    url = str(here.client.base_url).replace("http", "ws", 1).rstrip("/")
    return connect(f"{url}/openai/v1/realtime?model=gpt-realtime", additional_headers=headers, proxy=None)


@pytest.mark.parametrize(("there", "trace"), [(False, TRACE), (True, ""), (True, "c" * 32)])
async def test_without_plugin_and_announcement_there_is_no_socket(there: bool, trace: str) -> None:
    async with realtime(Realtime()) as here:
        if there:
            await here.check_in()
            await here.turn()
        with pytest.raises(InvalidStatus) as refused:
            await socket(here, trace)
        assert refused.value.response.status_code == 424
        assert "plugin" in json.loads(refused.value.response.body)["error"]["message"]
        assert (await here.status())["interlock"]["refused"] == 1
        assert "prompt_refused" in await here.events()


async def test_an_announced_turn_has_one_and_only_results_of_decided_calls_leave() -> None:
    model = Realtime(lambda event: said("hello") if event["type"] == "response.create" else [])
    async with realtime(model) as here:
        await here.check_in()
        await here.turn()
        async with socket(here) as client:
            await say(client, ASK)
            await until(client, "response.done")
            await say(client, {"type": "conversation.item.create", "item": RESULT})
            found, code, _ = await closing(client)
        assert "call_9" in found[-1]["error"]["message"]
        assert code == 1008
        assert model.received == [ASK]


async def test_a_budget_that_is_used_up_ends_the_next_socket() -> None:
    model = Realtime(lambda event: said("hello") if event["type"] == "response.create" else [])
    budget = BUDGET.replace("2000", "200")
    async with realtime(model, budget) as here:
        await here.check_in()
        await here.turn()
        async with socket(here) as client:
            await say(client, ASK)
            await until(client, "response.done")
        with pytest.raises(InvalidStatus) as refused:
            await socket(here)
        assert refused.value.response.status_code == 424
        assert "has used 253 of its 200 tokens" in json.loads(refused.value.response.body)["error"]["message"]
