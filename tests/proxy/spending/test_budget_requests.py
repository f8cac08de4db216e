"""No route to a model gets past a budget: over a real edge, by every kind of request, in each provider's own shape."""

from __future__ import annotations

import asyncio
import hashlib
import json
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from safety_core.cli.demo.model import STREAM, WHOLE, Model, Received, Reply
from safety_core.model.usage import UsageBucket
from tests.proxy.control.setting import Setting, bundle, control
from tests.proxy.egress.setting import served

TOKEN = "client-of-" + "the-spender"
CHAT, RESPONSES, EMBEDDINGS = "/openai/v1/chat/completions", "/openai/v1/responses", "/openai/v1/embeddings"
MESSAGES, BATCHES = "/anthropic/v1/messages", "/anthropic/v1/messages/batches"
TURN = {"model": "gpt-4o", "max_tokens": 5, "messages": [{"role": "user", "content": "hello"}]}
EMBED = {"model": "text-embedding-3-small", "input": "hello"}
BATCH = {"requests": [{"custom_id": "one", "params": {**TURN, "model": "claude-opus-4-5"}}]}


def scripted(request: Received) -> Reply:
    """Answer with ten tokens of input and ten of output, whole or as a stream."""
    usage: dict[str, Any] = {"prompt_tokens": 10, "completion_tokens": 10, "total_tokens": 20}
    if request.target.endswith("/embeddings"):
        return Reply(
            200, WHOLE, (json.dumps({"data": [], "usage": {"prompt_tokens": 20, "total_tokens": 20}}).encode(),)
        )
    if "/messages" in request.target:
        usage = {"input_tokens": 10, "output_tokens": 10}
        if request.target.endswith("/batches"):
            return Reply(200, WHOLE, (b'{"id": "batch_1", "type": "message_batch"}',))
    if request.target.endswith("/responses"):
        usage = {"input_tokens": 10, "output_tokens": 10, "total_tokens": 20}
    if request.json().get("stream"):
        chunk = {"choices": [{"index": 0, "delta": {"content": "hi"}}]}
        events = (chunk, {"choices": [], "usage": usage})
        return Reply(200, STREAM, tuple(f"data: {json.dumps(event)}\n\n".encode() for event in events))
    return Reply(200, WHOLE, (json.dumps({"usage": usage}).encode(),))


@dataclass
class Place:
    """An edge whose agent "main" has a budget, and a model behind it."""

    setting: Setting
    model: Model
    client: httpx2.AsyncClient

    async def post(self, path: str = CHAT, body: Any = None) -> httpx2.Response:
        return await self.client.post(path, json=body or TURN)

    async def buckets(self) -> tuple[UsageBucket, ...]:
        return await self.setting.edge.control.calls.services.usage.unsent()

    async def budgets(self) -> Any:
        return (await self.setting.client.get("/v1/status")).json()["budgets"]


@asynccontextmanager
async def place(limits: str, *, private: bool = False) -> AsyncGenerator[Place, None]:
    agents = f"default_tier: trusted\nagents:\n  main: {{budget: {{{limits}}}}}\n"
    with tempfile.TemporaryDirectory() as folder:
        async with Model(scripted) as model:
            names = ("local",) if private else ("openai", "anthropic")
            providers = {
                name: {
                    "base_url": model.url,
                    "key_secret": "PROVIDER_KEY",
                    "private": True,
                    "dialect": "openai" if private else name,
                }
                for name in names
            }
            environ = {
                "SAFETY_EDGE_EGRESS_PROVIDERS": json.dumps(providers),
                "SAFETY_EDGE_CLIENTS": json.dumps({"main": hashlib.sha256(TOKEN.encode()).hexdigest()}),
            }
            async with (
                control(Path(folder), bundle(agents), environ) as setting,
                served(setting.edge.egress) as url,
                httpx2.AsyncClient(
                    base_url=url, headers={"authorization": f"Bearer {TOKEN}"}, timeout=60, trust_env=False
                ) as client,
            ):
                setting.put(PROVIDER_KEY="k" * 3 + "9Zt4Wq7Lx2Vb8Nm5")
                yield Place(setting, model, client)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (CHAT, TURN),
        (CHAT, {**TURN, "stream": True}),
        (RESPONSES, {"model": "gpt-4o", "input": "hello", "max_output_tokens": 5}),
        (MESSAGES, {**TURN, "model": "claude-opus-4-5"}),
        (EMBEDDINGS, EMBED),
    ],
)
async def test_every_kind_of_request_uses_a_budget_up_and_is_then_refused(path: str, body: Any) -> None:
    async with place("tokens_per_day: 40") as here:
        for _ in range(2):
            answer = await here.post(path, body)
            assert answer.status_code == 200, answer.text
        refused = await here.post(path, body)
        assert refused.status_code == 424
        error = refused.json()["error"]
        assert error["message"].startswith(
            "agent main: has used 40 of its 40 tokens of today. Fix: the next day begins"
        )
        assert (refused.json().get("type") == "error") is (path == MESSAGES), "in the provider's own shape"
        for other, what in ((CHAT, TURN), (MESSAGES, TURN), (EMBEDDINGS, EMBED), (BATCHES, BATCH)):
            assert (await here.post(other, what)).status_code == 424
        assert len(here.model.requests) == 2
        log = await here.setting.log()
        assert [entry["outcome"] for entry in log if entry["event"] == "budget"] == ["used_up"]
        assert {*log[-1]["rules"]} == {"BudgetError"}
        (row,) = await here.budgets()
        assert (row["budget"], row["spent"], row["held"], row["percent"]) == ("tokens_per_day", 40, 0, 100)


async def test_money_is_booked_at_the_shipped_prices_and_counted() -> None:
    async with place("usd_per_day: 0.0002") as here:
        assert (await here.post()).status_code == 200
        (bucket,) = await here.buckets()
        assert (bucket.cost, bucket.unpriced) == (10 * 2500 + 10 * 10_000, 0)
        assert (await here.post()).status_code == 200
        refused = await here.post()
        assert refused.status_code == 424
        assert "has used 0.0003 of its 0.0002 US dollars of today" in refused.json()["error"]["message"]


async def test_a_model_without_a_price_is_refused_where_money_is_limited() -> None:
    nobody = {**TURN, "model": "model-of-nobody"}
    async with place("usd_per_day: 5") as here:
        refused = await here.post(body=nobody)
        assert refused.status_code == 424
        assert "'model-of-nobody' of openai has no price" in refused.json()["error"]["message"]
        assert here.model.requests == []
    async with place("usd_per_day: 5, unpriced: allow") as here:
        assert (await here.post(body=nobody)).status_code == 200
        assert (await here.buckets())[0].unpriced == 1
    async with place("usd_per_day: 5", private=True) as here:
        assert (await here.post("/local/v1/chat/completions", nobody)).status_code == 200
        (bucket,) = await here.buckets()
        assert (bucket.cost, bucket.unpriced) == (0, 0), "one's own machines cost nothing"


async def test_a_batch_stays_held_for_its_results() -> None:
    async with place("tokens_per_day: 60") as here:
        assert (await here.post(BATCHES, BATCH)).status_code == 200
        (row,) = await here.budgets()
        assert row["spent"] == 0
        assert row["held"] > 20
        while (await here.post(BATCHES, BATCH)).status_code == 200:
            pass
        assert "under way may use" in (await here.post()).json()["error"]["message"]


async def test_two_hundred_at_once_go_past_a_budget_of_ten_requests_by_less_than_one() -> None:
    async with place("tokens_per_day: 200") as here:
        answers = await asyncio.gather(*(here.post() for _ in range(200)))
        assert {answer.status_code for answer in answers} == {200, 424}
        spent = sum(bucket.totals.input_total + bucket.totals.output_total for bucket in await here.buckets())
        assert spent == 20 * len(here.model.requests)
        assert spent < 200 + 20
        (row,) = await here.budgets()
        assert (row["spent"], row["held"]) == (spent, 0)


async def test_a_request_that_failed_holds_nothing() -> None:
    async with place("tokens_per_day: 40") as here:
        here.model.script = lambda request: Reply(500, WHOLE, (b'{"error": {"message": "no"}}',))
        for _ in range(5):
            assert (await here.post()).status_code == 500
        assert (await here.budgets())[0]["held"] == 0


async def test_an_answer_in_the_background_is_refused_where_there_is_a_budget() -> None:
    async with place("tokens_per_day: 40") as here:
        refused = await here.post(RESPONSES, {"model": "gpt-4o", "input": "hello", "background": True})
        assert refused.status_code == 424
        assert "leave `background` out" in refused.json()["error"]["message"]
        assert here.model.requests == []


async def test_a_batch_whose_client_leaves_before_it_is_told_stays_held() -> None:
    arrived, never = asyncio.Event(), asyncio.Event()

    def silent(request: Received) -> Reply:
        arrived.set()
        return Reply(200, WHOLE, (never, b"{}"))

    async with place("tokens_per_day: 60") as here:
        here.model.script = silent
        asking = asyncio.create_task(here.post(BATCHES, BATCH))
        await arrived.wait()
        asking.cancel()
        while not [entry for entry in await here.setting.log() if entry["event"] == "response"]:
            pass
        for _ in range(20):  # it is over a moment after that is on record
            (row,) = await here.budgets()
            assert row["held"] > 20
        never.set()
