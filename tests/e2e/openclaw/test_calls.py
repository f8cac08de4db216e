"""A user's agents in the real OpenClaw, over every API of their models: what they may do, and what they may not."""

from __future__ import annotations

import json

import httpx2
import pytest

from tests.e2e.openclaw.world import APIS, World

every_api = pytest.mark.parametrize("agent", APIS)


def test_every_agent_of_the_gateway_is_checked_in(world: World) -> None:
    assert world.plugins().keys() == {*world.gateway.host.agents, "direct"}


def test_an_agent_whose_plugin_is_not_there_gets_no_model(world: World) -> None:
    """OpenClaw goes on without a plugin that does not load; then it has to go on without a model too."""
    url = f"http://127.0.0.1:{world.edge.ready['egress']}/shop-main/v1/chat/completions"
    body = {"model": "scripted", "messages": [{"role": "user", "content": "hello"}]}
    key = {"authorization": f"Bearer {world.tokens['unguarded']}"}
    answer = httpx2.post(url, json=body, headers=key, timeout=60, trust_env=False)
    assert answer.status_code == 424
    assert "plugin has not checked in" in json.dumps(answer.json())


@every_api
def test_a_green_call_runs(world: World, agent: str) -> None:
    (world.workspace / "note.txt").write_text("buy flour")
    told = world.exec("cat note.txt", agent=agent)
    assert told.result == "buy flour"
    assert (told.turn.state, told.turn.text) == ("final", "that is all")


def test_each_agent_talks_to_its_model_in_its_own_api(world: World) -> None:
    """And with the provider's key, which only the edge has."""
    targets = {request.target for request in world.model.requests}
    gemini = "/v1beta/models/scripted:streamGenerateContent?alt=sse"
    assert targets == {"/v1/chat/completions", "/v1/responses", "/v1/messages", gemini, "/api/chat"}
    assert {request.key for request in world.model.requests} == {end.key for end in world.gateway.host.models.values()}


@every_api
def test_what_is_easy_to_undo_runs_too(world: World, agent: str) -> None:
    world.exec(f"touch made-by-{agent}.txt", agent=agent)
    assert (world.workspace / f"made-by-{agent}.txt").exists()


@every_api
def test_a_critical_call_does_not_run_and_the_model_is_told_why(world: World, agent: str) -> None:
    # In the agent's own home: nothing else is lost should the gate fail.
    precious = world.gateway.folder / "precious.txt"
    precious.write_text("the only copy")
    told = world.exec("rm -rf ~", agent=agent)
    assert precious.read_text() == "the only copy"
    assert "Safety Gateway:" in told.result
    assert "critical_red" in told.result


@every_api
def test_a_call_hidden_in_another_tool_is_judged_by_what_it_is(world: World, agent: str) -> None:
    told = world.inner("message", agent=agent, action="send", to="+15550100", message="hello")
    assert "Safety Gateway:" in told.result
    assert "yellow_external" in told.result


def test_no_other_plugin_can_change_what_was_allowed(world: World) -> None:
    told = world.exec("echo harmless")  # see meddler/index.js
    assert told.result == "harmless"
    assert not (world.workspace / "meddled").exists()
