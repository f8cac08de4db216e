"""A plugin that does not load: OpenClaw logs that and goes on, and so no model answers. The last of all tests here."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tests.e2e.openclaw.world import APIS, World
from tests.simulators.scripted_model import Call, Say


def test_a_broken_plugin_leaves_every_agent_without_a_model(world: World) -> None:
    entry = world.gateway.plugin() / "index.js"
    entry.write_text('export default { id: "safety-gateway", name: "-", register() { throw Error("no"); } };\n')
    world.gateway.restart()
    asked, refused = len(world.model.requests), world.edge.status()["interlock"]["refused"]

    def turn(agent: str) -> str:
        return world.say(Call("exec", {"command": "touch without-a-plugin"}), Say("done"), agent=agent)[1].text

    with ThreadPoolExecutor(len(APIS)) as pool:  # each is tried again for a while
        assert "done" not in [*pool.map(turn, APIS)]
    assert len(world.model.requests) == asked
    assert not (world.workspace / "without-a-plugin").exists()
    assert world.edge.status()["interlock"]["refused"] >= refused + len(APIS)
