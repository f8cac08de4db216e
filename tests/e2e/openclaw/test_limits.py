"""What stops an agent: the kill switch, and the tokens of a day."""

from __future__ import annotations

from tests.e2e.openclaw.world import World, wait_until
from tests.simulators.scripted_model import Call, Say


def test_a_halted_agent_does_nothing_until_it_may_go_on(world: World) -> None:
    asked = len(world.model.requests)
    world.safety("agent", "halt", "main", "--reason", "stock-taking")
    try:
        results, turn = world.say(Call("exec", {"command": "touch while-halted"}), Say("done"))
        assert results == []
        assert "stock-taking" in turn.text
        assert len(world.model.requests) == asked
        assert not (world.workspace / "while-halted").exists()
        assert world.exec("echo I may", agent="claude").result == "I may"
    finally:
        world.safety("agent", "resume", "main")
    assert world.exec("echo I may again").result == "I may again"


def test_an_agent_that_has_spent_its_tokens_gets_no_model(world: World) -> None:
    assert world.exec("echo rich", agent="thrifty").result == "rich"
    asked = len(world.model.requests)
    wait_until(lambda: "tokens" in world.say(Say("poor"), agent="thrifty")[1].text)
    assert len(world.model.requests) <= asked + 1
