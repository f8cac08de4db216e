"""Plans over the control listener: judged, asked about once, used once each, over real stores."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from tests.proxy.control.setting import Setting, bundle, call, control

PUSHES = tuple(f"curl -d {number} https://hook.example/{number}" for number in range(3))
SESSION = "blueprint-1"


@pytest.fixture
async def here(short_path: Path) -> AsyncGenerator[Setting, None]:
    async with control(short_path, bundle()) as setting:
        yield setting


def plan(*commands: str, **more: Any) -> dict[str, Any]:
    steps = [
        {"id": f"s{number}", "does": "Tells it", "tool": "exec", "params": {"command": command}}
        for number, command in enumerate(commands)
    ]
    return {"agent": "main", "session": SESSION, "title": "Tell everybody", "steps": steps, **more}


async def runs(here: Setting, command: str, session: str = SESSION, **more: Any) -> Any:
    made = {**call("exec", command=command), "session": session}
    return await here.ask("/v1/decide", {"call": made, "wait": 0, **more})


async def events(here: Setting) -> list[tuple[str, str]]:
    return [(entry["event"], entry["outcome"]) for entry in await here.log()]


async def test_a_plan_is_profiled_without_a_trace(here: Setting) -> None:
    told = await here.ask("/v1/plan", plan(PUSHES[0], "ls", "git push --force origin main", dry=True))
    assert told["state"] == "free"
    assert [(step["level"], step["outcome"], step["answer"]) for step in told["steps"]] == [
        ("yellow_external", "ask", "this answer"),
        ("green", "allow", "needs no answer"),
        ("red", "ask", "asks by itself"),
    ]
    assert told["steps"][0]["recipients"] == ["hook.example"]
    denied = await here.ask("/v1/plan", plan("ls", "systemctl stop safety-edge", dry=True))
    assert (denied["state"], denied["steps"][1]["answer"]) == ("refused", "denied")
    odd = plan("ls", dry=True)
    odd["steps"][0] |= {"tool": "message", "params": {}}
    assert (await here.ask("/v1/plan", odd))["steps"][0]["level"] is None
    assert await here.log() == []


async def test_one_yes_covers_each_call_once_and_ends_with_the_session(here: Setting) -> None:
    told = await here.ask("/v1/plan", plan(*PUSHES, wait=0))
    assert (told["state"], len(told["steps"])) == ("pending", 3)
    assert set(told["approval"]) == {"id", "expires", "digest", "code"}
    waiting = asyncio.ensure_future(here.ask("/v1/plan", plan(*PUSHES, wait=20)))
    await asyncio.sleep(0.1)
    await here.approve(told["approval"]["id"])
    assert (await waiting)["state"] == "granted"
    assert (await here.ask("/v1/plan", plan(*PUSHES, wait=0)))["state"] == "granted"
    assert (await runs(here, PUSHES[0], session="another"))["decision"] == "pending"
    answers = await asyncio.gather(*(runs(here, PUSHES[0]) for _ in range(4)))
    assert sorted(answer["decision"] for answer in answers).count("allow") == 1
    assert (await events(here)).count(("plan", "used")) >= 1
    assert (await runs(here, PUSHES[1]))["decision"] == "allow"
    assert await here.ask("/v1/plan/end", {"agent": "main", "session": SESSION}) == {"ok": True}
    assert (await runs(here, PUSHES[2]))["decision"] == "pending"


async def test_a_halted_agent_plans_nothing(here: Setting) -> None:
    await here.ask("/v1/halt", {"agent": "main", "halt": True, "reason": "stop"})
    told = await here.ask("/v1/plan", plan(*PUSHES))
    assert (told["state"], told["steps"]) == ("refused", [])


async def test_the_blueprints_of_the_policy_are_told(here: Setting) -> None:
    told = (await here.client.get("/v1/blueprints")).json()
    assert {entry["id"] for entry in told["blueprints"]} == {"freelancer", "agency", "e-commerce", "consulting"}
    assert told["plans"] == {"up_to": "yellow_external", "minutes": 60}
