"""What breaks, and ways around the plugin: nothing runs then, and no model answers."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.e2e.openclaw.test_approvals import age, publish
from tests.e2e.openclaw.world import World, wait_until
from tests.simulators.scripted_model import Call, Say, script


def test_nothing_runs_once_the_edge_is_killed_in_the_middle_of_a_turn(world: World) -> None:
    """Of an agent, even, whose model is asked past the edge and goes on."""
    first = Call("exec", {"command": "touch begun; sleep 3; cat news.md"})
    second = Call("exec", {"command": "touch without-an-edge"})
    with ThreadPoolExecutor(1) as pool:
        turn = pool.submit(world.say, first, second, Say("It does not work."), agent="direct")
        wait_until((world.workspace / "begun").exists)
        world.edge.kill()
        results, _ = turn.result()
    assert "its result is withheld" in results[0]
    assert "the edge cannot be reached" in results[1]
    assert not (world.workspace / "without-an-edge").exists()


def test_nothing_is_said_to_anybody_without_it(world: World) -> None:
    before = len(world.messenger.sent)
    status, said = world.gateway.command(
        *("message", "send", "--channel", "telegram", "--target", "7001", "--message", "Hello, Olga.", "--json")
    )
    assert "Hello, Olga." not in [sent.text for sent in world.messenger.sent[before:]], (status, said)


def test_all_goes_on_with_a_new_one(world: World) -> None:
    world.restart_edge()
    assert world.exec("echo back again").result == "back again"


def test_whoever_left_a_question_is_told_that_it_is_over(world: World) -> None:
    """The edge looks for such questions when it starts, and every minute."""
    first = world.exec(publish("the-forgotten"), agent="held")
    age(world, first.approval)
    world.edge.stop()
    world.restart_edge()
    wait_until(lambda: f"{first.approval} (exec) has expired" in world.history(first.turn.session))


def test_openclaw_without_its_gateway_gets_no_model(world: World) -> None:
    """`agent exec` runs no hook at all, and `--local` is a process of its own."""
    ways = {
        "exec": ("agent", "exec", "--model", "shop-main/scripted"),
        "local": ("agent", "--local", "--agent", "main", "--session-key", "agent:main:local", "--message"),
    }
    prompts = {way: f"{way} {script(Call('exec', {'command': f'touch by-agent-{way}'}), Say('done'))}" for way in ways}
    with ThreadPoolExecutor(2) as pool:
        runs = {way: pool.submit(world.gateway.command, *ways[way], prompts[way]) for way in ways}
        ended = {way: run.result() for way, run in runs.items()}
    for way, (status, said) in ended.items():
        assert not (world.workspace / f"by-agent-{way}").exists(), said
        assert prompts[way].encode() not in world.sent(), said
        assert status != 0, said


def test_what_a_person_does_not_agree_to_is_not_installed(world: World) -> None:
    skill = world.site.folder / "baking"
    skill.mkdir()
    (skill / "SKILL.md").write_text("---\nname: baking\ndescription: How to bake.\n---\nBake it.\n")
    status, said = answered(world, False, "skills", "install", str(skill), "--agent", "main")
    assert status != 0, said
    assert not (world.workspace / "skills").exists()


def test_what_a_person_agrees_to_is(world: World) -> None:
    folder = plugin_of_somebody(world.site.folder / "oven")
    status, said = answered(world, True, "plugins", "install", str(folder), "--force", "--accept-capabilities")
    assert status == 0, said


def test_a_plugin_that_is_loaded_anew_guards_on(world: World) -> None:
    world.gateway.call("plugins.reload", plugins=[{"pluginId": "safety-gateway"}])
    wait_until(lambda: "claude" in world.plugins())
    # OpenClaw has put the key of the provider aside with which its ways around the gateway were refused.
    assert world.exec("echo loaded anew", agent="claude").result == "loaded anew"
    assert "critical_red" in world.exec("rm -rf ~", agent="claude").result


def answered(world: World, allow: bool, *command: str) -> tuple[int, str]:
    """Run `openclaw`, answer every question that comes of it, and return its exit status and what it printed."""
    known = {*world.questions()}
    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(world.gateway.command, *command)
        while not run.done():
            for question in {*world.questions()} - known:
                world.site.answer(question, allow=allow)
                known.add(question)
            time.sleep(0.2)
        return run.result()


def plugin_of_somebody(folder: Path) -> Path:
    """Make the files of a plugin that does nothing."""
    folder.mkdir()
    (folder / "index.js").write_text('export default { id: "oven", name: "Oven", description: "-", register() {} };\n')
    (folder / "openclaw.plugin.json").write_text(
        '{"id": "oven", "name": "Oven", "description": "-", "version": "1.0.0", "configSchema": {"type": "object"}}'
    )
    (folder / "package.json").write_text(
        '{"name": "oven", "version": "1.0.0", "type": "module", "openclaw": {"extensions": ["./index.js"]}}'
    )
    return folder
