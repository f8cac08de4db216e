"""What an agent is held to: its tools and its helpers."""

from __future__ import annotations

from tests.e2e.openclaw.world import World, wait_until
from tests.simulators.scripted_model import Call, Say, script


def test_a_tool_that_is_not_in_the_manifest_is_not_even_offered(world: World) -> None:
    world.exec("echo hello", agent="held")
    offered = {tool["function"]["name"] for tool in world.model.requests[-1].json()["tools"]}
    assert "exec" in offered
    assert not offered & {"write", "edit", "apply_patch", "process"}


def test_and_cannot_be_reached(world: World) -> None:
    write = {"path": "written.txt", "content": "hello"}
    results, _ = world.say(
        Call("write", write), Call("tool_call", {"id": "write", "args": write}), Say("I cannot."), agent="held"
    )
    assert len(results) == 2
    assert not (world.workspace / "written.txt").exists()


def test_an_agent_may_have_a_helper_which_is_guarded_as_it_is(world: World) -> None:
    task = script(Call("exec", {"command": "touch by-a-helper; chmod 777 news.md"}), Say("I am not allowed to."))
    told = world.inner("sessions_spawn", task=task)
    assert "accepted" in told.result
    wait_until(lambda: b"I am not allowed to." in world.sent())
    assert not (world.workspace / "by-a-helper").exists()


def test_a_helper_has_no_helpers(world: World) -> None:
    inner = script(Call("exec", {"command": "touch by-a-helper-of-a-helper"}), Say("done"))
    spawn = Call("tool_call", {"id": "sessions_spawn", "args": {"task": inner}})
    world.inner("sessions_spawn", task=script(spawn, Say("I must do it myself.")))
    wait_until(lambda: b"I must do it myself." in world.sent())
    assert not (world.workspace / "by-a-helper-of-a-helper").exists()


def test_an_agent_whose_manifest_says_so_has_none_at_all(world: World) -> None:
    call = world.edge.decide("sessions_spawn", agent="held", task="help me")
    assert call["decision"] == "block"
