"""A person answers long after the agent's turn is over: the plugin is told, the agent repeats the call, it runs once.

A whole edge in this process, spoken to as the plugin speaks to it; only the time is the test's.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest
from nacl.signing import SigningKey

from hub.keys import HubKeys
from proxy.app import Edge, opened
from proxy.background.approvals import Sweep
from proxy.calls.outward import Outward
from proxy.control.routes import control_app
from proxy.settings_source import load_settings
from safety_core.approve import key_id
from safety_core.bundle.source import compile_bundle
from safety_core.edge.home import Home
from safety_core.edge.key_file import read_or_create_key_file
from safety_core.edge.standing import StandingStore
from safety_core.model.approval import USE_SECONDS
from safety_core.model.policy import KeyKind
from tests.simulators.full_check_in import full_check_in
from tests.simulators.small_policy import SMALL

MINUTE = 60.0
HUB = SigningKey(b"8" * 32)
DELETE = {"command": "rm -r old"}


@dataclass
class Plugin:
    """The plugin's side of the control listener, and the clock."""

    client: httpx2.AsyncClient
    sweep: Callable[[], Any]
    place: Edge
    now: list[float] = field(default_factory=lambda: [time.time()])

    async def ask(self, path: str, body: object, status: int = 200) -> Any:
        answer = await (self.client.post(path, json=body) if body is not None else self.client.get(path))
        assert answer.status_code == status, answer.text
        return answer.json()

    async def decide(self, tool: str = "exec", params: object = None, session: str = "agent:main:main") -> Any:
        call = {"id": secrets.token_hex(4), "tool": tool, "params": params or DELETE, "agent": "main"}
        return await self.ask("/v1/decide", {"call": {**call, "session": session}, "wait": 0})

    async def press(self, request: str, *, allow: bool = True, status: int = 200) -> Any:
        body = {"request": request, "allow": allow, "channel": "telegram", "approver": "Ada"}
        return await self.ask("/v1/answer", body, status)

    async def decided(self, *told: str) -> list[tuple[str, str]]:
        those = [{"id": request, "session": "agent:main:main"} for request in told]
        answer = await self.ask("/v1/decided", {"agents": ["main"], "wait": 0, "told": those})
        return [(item["id"], item["state"]) for item in answer["decided"]]


@asynccontextmanager
async def edge(
    folder: Path, monkeypatch: pytest.MonkeyPatch, agents: str = "", hub_key: HubKeys | None = None
) -> AsyncGenerator[Plugin, None]:
    hub = (hub_key.approvals if hub_key else HUB).verify_key
    home = Home(folder / "home").create()
    key = SigningKey(read_or_create_key_file(home.edge_key)).verify_key
    pinned = (
        f"approvers:\n  - id: {key_id(KeyKind.CHANNEL, key)}\n    kind: channel\n"
        f"    public: '{bytes(key).hex()}'\n    up_to: red\n"
        f"  - id: {key_id(KeyKind.HUB, hub)}\n    kind: hub\n"
        f"    public: '{bytes(hub).hex()}'\n    up_to: red\n    outward_days: 7\n"
    )
    sources = {**SMALL, "approvers.yaml": pinned.encode(), "agents.yaml": agents.encode() or b"{}"}
    (folder / "root.json").write_bytes(b"{}")
    (folder / "work").mkdir(exist_ok=True)
    told = {"HOME": str(home.path), "TENANT": "bakery", "WORKSPACE": str(folder / "work"), "ENGINE_DEADLINE": "59"}
    settings = load_settings(
        None, {f"SAFETY_EDGE_{name}": text for name, text in {**told, "ROOT": str(folder / "root.json")}.items()}
    )
    async with opened(settings) as place:
        await place.in_force.activate(compile_bundle(sources, tenant="bakery")[1])
        transport = httpx2.ASGITransport(app=control_app(place.control, local=True))
        async with httpx2.AsyncClient(transport=transport, base_url="http://edge") as client:
            services = place.control.calls.services
            outward = Outward(StandingStore(services.approvals.database), services.audit, place.in_force)
            plugin = Plugin(client, Sweep(services.approvals, outward).expire, place)
            monkeypatch.setattr("safety_core.edge.clock.now", lambda: plugin.now[0])
            yield plugin


async def test_a_late_yes_is_told_and_the_repeated_call_runs_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with edge(tmp_path, monkeypatch) as plugin:
        first = await plugin.decide()
        request = first["approval"]["id"]
        assert (first["decision"], first["channel"]) == ("pending", True)
        assert await plugin.decided() == []
        plugin.now[0] += 23 * 60 * MINUTE  # a person has a day for the answer
        await plugin.press(request)
        assert await plugin.decided() == [(request, "granted")]
        plugin.now[0] += USE_SECONDS  # from its coming, not from the question
        assert (await plugin.decide())["decision"] == "allow"
        assert await plugin.decided(request) == []
        again = await plugin.decide()
        assert again["decision"] == "pending"
        assert again["approval"]["id"] != request


async def test_the_plugin_may_be_away_when_the_answer_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with edge(tmp_path, monkeypatch) as plugin:
        request = (await plugin.decide())["approval"]["id"]
        await plugin.press(request)
        now = plugin.now[0]
    async with edge(tmp_path, monkeypatch) as plugin:  # and the edge may be started anew
        plugin.now[0] = now + USE_SECONDS - 1
        assert await plugin.decided() == [(request, "granted")]
        assert (await plugin.decide())["decision"] == "allow"


async def test_a_permission_that_lapsed_unused_is_asked_for_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with edge(tmp_path, monkeypatch) as plugin:
        request = (await plugin.decide())["approval"]["id"]
        await plugin.press(request)
        plugin.now[0] += USE_SECONDS + 1
        assert await plugin.decided() == [(request, "expired")]
        again = await plugin.decide()
        assert again["decision"] == "pending"
        assert again["approval"]["id"] != request
        assert await plugin.decided() == []  # whoever asked anew knows
        await plugin.press(request, status=403)
        await plugin.press(again["approval"]["id"])
        assert (await plugin.decide())["decision"] == "allow"


async def test_a_question_that_nobody_answered_is_told_as_expired(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with edge(tmp_path, monkeypatch) as plugin:
        request = (await plugin.decide())["approval"]["id"]
        plugin.now[0] += 24 * 60 * MINUTE + 1
        await plugin.sweep()
        assert await plugin.decided() == [(request, "expired")]
        await plugin.press(request, status=403)
        assert (await plugin.decide())["approval"]["id"] != request


async def test_a_no_is_told_and_holds_for_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with edge(tmp_path, monkeypatch) as plugin:
        request = (await plugin.decide())["approval"]["id"]
        await plugin.press(request, allow=False)
        assert await plugin.decided() == [(request, "denied")]
        refused = await plugin.decide()
        assert (refused["decision"], refused["rule"]) == ("block", "approval denied")


AGENTS = """\
agents:
  main:
    {tier: trusted, tools: [exec, sessions_spawn], secrets: [CRM], subagents: {running: 1}, budget: {tokens_per_day: 9}}
  coder: {tier: autonomous, sandbox: required}
"""
SPAWN = {"task": "count the loaves"}


async def test_subagents_are_counted_as_the_plugin_tells_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with edge(tmp_path, monkeypatch, AGENTS) as plugin:
        child = "agent:main:subagent:1"
        assert (await plugin.decide("sessions_spawn", SPAWN))["decision"] == "allow"
        told = await plugin.decide("sessions_spawn", SPAWN)
        assert (told["decision"], told["rule"]) == ("block", "subagents: 1 are running, and main may have 1 at once")
        await plugin.ask("/v1/spawned", {"agent": "main", "session": child, "parent": "agent:main:main"})
        deep = await plugin.decide("sessions_spawn", SPAWN, session=child)
        assert deep["rule"] == "subagents: this would be one of depth 2, and main may have depth 1"
        await plugin.ask("/v1/unspawned", {"agent": "main", "session": child})
        assert (await plugin.decide("sessions_spawn", SPAWN))["decision"] == "allow"
        here = full_check_in()
        await plugin.ask("/v1/check-in", here)
        await plugin.ask("/v1/check-out", {"agent": "main", "process": here["process"]})
        freer = await plugin.decide("sessions_spawn", {**SPAWN, "agentId": "coder"})
        assert freer["decision"] == "pending"


async def test_what_policy_says_of_each_agent_can_be_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with edge(tmp_path, monkeypatch, AGENTS) as plugin:
        await plugin.ask("/v1/halt", {"agent": "coder", "halt": True, "reason": "lunch"})
        assert await plugin.ask("/v1/agents", None) == {
            "agents": [
                {
                    "agent": "coder",
                    "tier": "autonomous",
                    "tools": None,
                    "secrets": None,
                    "connections": None,
                    "sandbox": "required",
                    "subagents": {"depth": 1, "running": 4},
                    "budget": {},
                    "halted": True,
                },
                {
                    "agent": "main",
                    "tier": "trusted",
                    "tools": ["exec", "sessions_spawn"],
                    "secrets": ["CRM"],
                    "connections": None,
                    "sandbox": "any",
                    "subagents": {"depth": 1, "running": 1},
                    "budget": {"tokens_per_day": 9},
                    "halted": False,
                },
            ]
        }
