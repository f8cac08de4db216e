"""No plugin, no model: the egress on a real socket, the control listener beside it, a scripted model behind it."""

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

from safety_core.cli.demo.answers import COST
from safety_core.cli.demo.model import Model
from safety_core.model.usage import Usage
from tests.proxy.control.setting import Setting, bundle, call, control
from tests.proxy.egress.setting import served
from tests.simulators.full_check_in import full_check_in
from tests.simulators.providers import say

TOKEN = "client-of-" + "the-agent"
TRACE, OTHER_TRACE = "a" * 32, "b" * 32
BUDGET = """\
default_tier: trusted
agents:
  main:
    tier: trusted
    tools: [exec, read]
    budget: {tokens_per_day: 2000}
"""
CHAT, RESPONSES, MESSAGES = "/openai/v1/chat/completions", "/openai/v1/responses", "/anthropic/v1/messages"


@dataclass
class Place:
    """An edge with one guarded agent, "main", whose provider is a scripted model."""

    setting: Setting
    model: Model
    client: httpx2.AsyncClient

    async def turn(self, trace: str = TRACE, **changes: Any) -> Any:
        body = {"agent": "main", "session": "s1", "run": "r1", "trace": trace, **changes}
        return await self.setting.ask("/v1/turn", body)

    async def check_in(self, **changes: Any) -> Any:
        return await self.setting.ask("/v1/check-in", full_check_in(**changes))

    async def post(self, *messages: Any, path: str = CHAT, trace: str = TRACE, **fields: Any) -> httpx2.Response:
        conversation = [{"role": "user", "content": "hello"}, *messages]
        key = "input" if path == RESPONSES else "messages"
        headers = {"traceparent": f"00-{trace}-00f067aa0ba902b7-01"} if trace else {}
        body = {"model": "m-1", "max_tokens": 9, key: conversation, **fields}
        return await self.client.post(path, json=body, headers=headers)

    async def seen(self, **usage: int) -> Any:
        body = {"agent": "main", "run": "r1", "trace": TRACE, "provider": "openai", "model": "m-1", "usage": usage}
        return await self.setting.ask("/v1/usage-seen", body)

    async def status(self) -> Any:
        return (await self.setting.client.get("/v1/status")).json()

    async def events(self) -> list[str]:
        return [entry["event"] for entry in await self.setting.log()]


@asynccontextmanager
async def place(agents: str = "default_tier: trusted\nagents: {}\n", **environ: str) -> AsyncGenerator[Place, None]:
    with tempfile.TemporaryDirectory() as folder:
        async with Model(say("hi")) as model:
            providers = {
                name: {"base_url": model.url, "key_secret": "PROVIDER_KEY", "private": True}
                for name in ("openai", "anthropic", "gemini", "ollama")
            }
            named = {
                "SAFETY_EDGE_EGRESS_PROVIDERS": json.dumps(providers),
                "SAFETY_EDGE_EGRESS_REQUIRE_PLUGIN": '["main"]',
                "SAFETY_EDGE_CLIENTS": json.dumps({"main": hashlib.sha256(TOKEN.encode()).hexdigest()}),
                **environ,
            }
            async with (
                control(Path(folder), bundle(agents), named) as setting,
                served(setting.edge.egress) as url,
                httpx2.AsyncClient(
                    base_url=url, headers={"authorization": f"Bearer {TOKEN}"}, timeout=60, trust_env=False
                ) as client,
            ):
                setting.put(PROVIDER_KEY="k" * 3 + "9Zt4Wq7Lx2Vb8Nm5")
                yield Place(setting, model, client)


def chat_result(call_id: str, text: str = "bread") -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": call_id, "content": text}


async def test_a_turn_that_was_announced_by_a_plugin_that_is_there_reaches_its_model() -> None:
    async with place() as here:
        assert (await here.check_in())["ok"]
        assert (await here.turn())["ok"]
        assert (await here.post()).status_code == 200
        assert len(here.model.requests) == 1


@pytest.mark.parametrize("path", [CHAT, MESSAGES])
async def test_without_the_plugin_no_model_and_the_error_says_what_to_do(path: str) -> None:
    async with place() as here:
        await here.turn()
        answer = await here.post(path=path)
        assert answer.status_code == 424
        error = answer.json()["error"]
        assert "its plugin has not checked in" in error["message"]
        assert "safety openclaw status" in error["message"]
        assert (answer.json().get("type") == "error") is (path == MESSAGES), "in the provider's own shape"
        assert here.model.requests == []
        assert await here.events() == ["prompt_refused"]
        assert (await here.status())["interlock"]["refused"] == 1


async def test_a_plugin_that_is_not_whole_does_not_count() -> None:
    async with place() as here:
        told = await here.check_in(hooks={"full": ["gateway_start"]})
        assert told["ok"] is False
        await here.turn()
        answer = await here.post()
        assert answer.status_code == 424
        assert "copy full of its plugin has not registered trusted_tool_policy" in answer.json()["error"]["message"]
        assert (await here.status())["plugins"][0]["state"] == "incomplete"


async def test_a_gateway_whose_plugin_is_not_whole_does_not_hide_behind_another_of_the_same_agent() -> None:
    broken = "f" * 32
    async with place() as here:
        assert (await here.check_in())["ok"]
        await here.check_in(process=broken, faults=["tool_result_middleware could not be registered"])
        told = await here.turn(process=broken)
        assert (told["ok"], "reports a fault" in told["reason"]) == (False, True)
        assert (await here.post()).status_code == 424
        assert (await here.turn(process=full_check_in()["process"]))["ok"]
        assert (await here.turn(OTHER_TRACE, process="e" * 32))["ok"], "the edge may have been started anew meanwhile"
    async with place(SAFETY_EDGE_EGRESS_INTERLOCK="observe") as here:
        await here.check_in(process=broken, faults=["tool_result_middleware could not be registered"])
        assert (await here.turn(process=broken))["ok"]


async def test_the_gateways_end_ends_the_models() -> None:
    async with place() as here:
        await here.check_in()
        await here.turn()
        await here.setting.ask("/v1/check-out", {"agent": "main", "process": full_check_in()["process"]})
        assert (await here.post()).status_code == 424


@pytest.mark.parametrize("trace", ["", OTHER_TRACE])
async def test_a_run_beside_the_gateway_is_refused(trace: str) -> None:
    async with place() as here:
        await here.check_in()
        await here.turn()
        answer = await here.post(trace=trace)
        assert answer.status_code == 424
        assert "not announced" in answer.json()["error"]["message"]
        assert here.model.requests == []


async def test_a_turn_may_be_announced_while_its_request_waits() -> None:
    async with place() as here:
        await here.check_in()
        waiting = here.setting.edge.status.turns.guards._waiting
        early = asyncio.create_task(here.post())
        while not waiting and not early.done():  # noqa: ASYNC110 - another task says it by an entry
            await asyncio.sleep(0.01)
        await here.turn(OTHER_TRACE)
        await here.turn()
        assert (await early).status_code == 200
        assert not waiting


async def test_an_embedding_is_no_turn() -> None:
    async with place() as here:
        await here.check_in()
        answer = await here.client.post("/openai/v1/embeddings", json={"model": "e-1", "input": "bread"})
        assert "not announced" not in answer.text
        assert len(here.model.requests) == 1


async def decided(here: Place, call_id: str) -> None:
    await here.check_in()
    await here.turn()
    await here.setting.ask("/v1/decide", {"call": {**call("exec", command="ls"), "id": call_id}, "wait": 0})


SHAPES: list[tuple[str, str, str, Any]] = [
    (CHAT, "call_2", "call2", chat_result),
    (CHAT, "call_2", "call_2", chat_result),
    (
        RESPONSES,
        "call_2|fc_7",
        "call_2",
        lambda name: {"type": "function_call_output", "call_id": name, "output": "bread"},
    ),
    (
        MESSAGES,
        "toolu_2",
        "toolu_2",
        lambda name: {"role": "user", "content": [{"type": "tool_result", "tool_use_id": name, "content": "bread"}]},
    ),
]


@pytest.mark.parametrize(("path", "made", "sent", "shape"), SHAPES)
async def test_results_of_decided_calls_pass_and_others_do_not(path: str, made: str, sent: str, shape: Any) -> None:
    async with place() as here:
        await decided(here, made)
        assert (await here.post(shape(sent), path=path)).status_code != 424
        answer = await here.post(shape(sent), shape("call_stranger"), path=path)
        assert answer.status_code == 424
        assert "call_stranger" in answer.json()["error"]["message"]
        assert "/new" in answer.json()["error"]["message"]
        assert len(here.model.requests) == 1


def gemini_turn(command: str) -> dict[str, Any]:
    asked = {"functionCall": {"name": "exec", "args": {"command": command}}}
    told = {"functionResponse": {"name": "exec", "response": {"output": "bread"}}}
    return {"contents": [{"role": "model", "parts": [asked]}, {"role": "user", "parts": [told]}]}


def ollama_turn(command: str) -> dict[str, Any]:
    asked = {"role": "assistant", "tool_calls": [{"function": {"name": "exec", "arguments": {"command": command}}}]}
    told = {"role": "tool", "tool_name": "exec", "content": "bread"}
    return {"model": "m-1", "messages": [asked, told], "stream": False}


@pytest.mark.parametrize(
    ("path", "body"),
    [("/gemini/v1beta/models/m-1:generateContent", gemini_turn), ("/ollama/api/chat", ollama_turn)],
)
async def test_where_an_api_has_no_ids_results_of_the_same_decided_call_pass(path: str, body: Any) -> None:
    async with place() as here:
        await decided(here, "made-up-by-the-host-1")
        headers = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
        assert (await here.client.post(path, json=body("ls"), headers=headers)).status_code == 200
        refused = await here.client.post(path, json=body("ls /"), headers=headers)
        assert refused.status_code == 424
        assert "never put to the edge" in refused.text
        assert len(here.model.requests) == 1


async def test_another_agents_call_is_a_strangers() -> None:
    async with place() as here:
        await decided(here, "call_2")
        other = {**call("exec", agent="other", command="ls"), "id": "call_9"}
        await here.setting.ask("/v1/decide", {"call": other, "wait": 0})
        assert (await here.post(chat_result("call_9"))).status_code == 424


async def test_a_blocked_call_and_a_notice_may_be_told() -> None:
    async with place() as here:
        await here.check_in()
        await here.turn()
        blocked = {**call("exec", command="rm -rf /"), "id": "call_3"}
        assert (await here.setting.ask("/v1/decide", {"call": blocked, "wait": 0}))["decision"] == "block"
        told = chat_result("call_3", "Safety Gateway: blocked")
        unknown = chat_result("call_4", "Tool frobnicate not found")
        assert (await here.post(told, unknown)).status_code == 200
        assert (await here.post(chat_result("call_4", "Tool frobnicate found: bread"))).status_code == 424


async def test_refused_arguments_may_be_told_if_they_are_the_calls_own() -> None:
    arguments = {"command": ["ls"]}
    asked = {"id": "call_4", "type": "function", "function": {"name": "exec", "arguments": json.dumps(arguments)}}
    text = 'Validation failed for tool "exec":\n  - command: must be text\n\nReceived arguments:\n'
    async with place() as here:
        await here.check_in()
        await here.turn()
        said = {"role": "assistant", "content": None, "tool_calls": [asked]}
        told = chat_result("call_4", text + json.dumps(arguments, indent=2))
        assert (await here.post(said, told)).status_code == 200
        assert (await here.post(said, chat_result("call_4", text + '{"command": "bread"}'))).status_code == 424


async def test_observing_forwards_and_records() -> None:
    async with place(SAFETY_EDGE_EGRESS_INTERLOCK="observe") as here:
        assert (await here.post(chat_result("call_9"))).status_code == 200
        assert (await here.events()).count("unguarded") == 2, "the plugin is missing, and the call was never decided"
        told = (await here.status())["interlock"]
        assert (told["mode"], told["refused"], told["observed"]) == ("observe", 0, 1)
        assert "has not checked in" in told["last"]
        assert "call_9" in told["last"]


async def test_switched_off_nobody_looks() -> None:
    async with place(SAFETY_EDGE_EGRESS_INTERLOCK="off") as here:
        assert (await here.post(chat_result("call_9"))).status_code == 200
        assert "unguarded" not in await here.events()


async def test_an_agent_that_is_not_guarded_needs_no_plugin() -> None:
    async with place(SAFETY_EDGE_EGRESS_REQUIRE_PLUGIN="[]") as here:
        assert (await here.post(chat_result("call_9"), trace="")).status_code == 200


@pytest.mark.parametrize("who", ["main", "*"])
async def test_a_halted_agent_has_no_turn_no_tool_and_no_model(who: str) -> None:
    async with place() as here:
        await decided(here, "call_1")
        assert (await here.setting.ask("/v1/halt", {"agent": who, "halt": True, "reason": "odd mails"}))["ok"]
        told = await here.turn()
        assert (told["ok"], "odd mails" in told["reason"]) == (False, True)
        assert (await here.check_in(nonce=None))["agent"]["halted"] is True
        judged = await here.setting.decide("exec", command="ls")
        assert (judged["decision"], judged["rule"]) == ("block", "HaltedError")
        answer = await here.post()
        assert answer.status_code == 424
        assert "odd mails" in answer.json()["error"]["message"]
        assert (await here.status())["halted"][0]["agent"] == who
        await here.setting.ask("/v1/halt", {"agent": who, "halt": False, "reason": ""})
        assert (await here.turn())["ok"]
        assert (await here.post()).status_code == 200
        assert (await here.events()).count("halt") == 2


async def test_a_turn_is_told_what_the_manifest_says_until_the_budget_is_spent() -> None:
    async with place(BUDGET) as here:
        here.setting.put(CRM_KEY="k" * 4 + "8Rt5Wq7Lx2Vb8Nm5")
        await here.check_in()
        told = await here.turn()
        assert (told["ok"], told["reason"], told["tools"]) == (True, "", ["exec", "read"])
        assert "CRM_KEY" in told["guidance"]
        assert (await here.turn())["guidance"] == told["guidance"]
        assert (await here.post()).status_code == 200
        assert (await here.turn())["ok"], "1220 tokens of 2000 are spent"
        assert (await here.post()).status_code == 200
        told = await here.turn(OTHER_TRACE)
        assert told["ok"] is False
        assert "2440 of its 2000 tokens" in told["reason"]
        entry = (await here.setting.log())[-1]
        assert (entry["event"], entry["subject"], entry["call"]) == ("refused", "turn", OTHER_TRACE)
        assert (await here.post(trace=OTHER_TRACE)).status_code == 424, "a turn that may not begin is not announced"


async def test_usage_that_a_host_saw_is_held_against_ours() -> None:
    async with place() as here:
        await here.check_in()
        await here.turn()
        await here.post()
        await here.post()
        fresh = 2 * (COST.input_total - COST.cache_read)
        counted = {"input": fresh, "output": 2 * COST.output_total, "cache_read": 2 * COST.cache_read, "cache_write": 0}
        assert (await here.seen(**counted))["matches"] is True
        await here.post()
        assert (await here.seen(input=176, output=19, cache_read=1024))["matches"] is False
        assert (await here.seen(input=5))["matches"] is False, "the host asked a model that nobody saw"
        assert (await here.status())["interlock"]["usage_differences"] == 2
        entries = [entry for entry in await here.setting.log() if entry["event"] == "usage_differs"]
        assert [entry["counts"] for entry in entries] == [
            {"input_more": 0, "output_more": 1},
            {"input_more": -5, "output_more": 0},
        ]


async def test_the_status_says_what_a_prompt_begins_with_and_since_when() -> None:
    async with place() as here:
        await here.turn()
        assert (await here.status())["interlock"]["prefixes"] == []
        await here.turn(prefix={"soul": "a" * 64, "tools": ""})
        (first,) = (await here.status())["interlock"]["prefixes"]
        await here.turn(prefix={"soul": "a" * 64, "tools": ""})
        assert (await here.status())["interlock"]["prefixes"] == [first], "the same prefix is as old as it was"
        await here.turn(prefix={"soul": "a" * 64, "tools": "b" * 64})
        (second,) = (await here.status())["interlock"]["prefixes"]
        assert (second["agent"], second["soul"], second["tools"]) == ("main", "a" * 64, "b" * 64)
        assert second["since"] > first["since"]


async def test_a_guess_is_not_held_against_anybody() -> None:
    async with place() as here:
        guards = here.setting.edge.status.turns.guards
        guards.traces.count(call("x")["agent"], TRACE, Usage(9, 9, estimated=True))
        assert (await here.seen(input=1))["matches"] is True
