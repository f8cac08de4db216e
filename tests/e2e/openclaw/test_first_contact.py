"""A user's agent in the real OpenClaw: what it may do, what it may not, and what nobody gets to see.

The tests share one gateway and run in this order; the last ones take the edge away.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from safety_core.bundle.samples import invented
from tests.e2e.openclaw.conftest import UPSTREAM_KEY, World, run_safety

pytestmark = pytest.mark.timeout(600)
WAIT_SECONDS = 60.0


def test_every_agent_of_the_gateway_is_checked_in(world: World) -> None:
    wait_until(lambda: len(world.edge.status()["plugins"]) == 2)
    plugins = {entry["agent"]: entry["plugin"] for entry in world.edge.status()["plugins"]}
    assert plugins == {"main": "openclaw", "direct": "openclaw"}


def test_an_agent_whose_plugin_is_not_there_gets_no_model(world: World) -> None:
    """OpenClaw goes on without a plugin that does not load; then it has to go on without a model too."""
    url = f"http://127.0.0.1:{world.edge.ready['egress']}/openai/v1/chat/completions"
    body = {"model": "scripted", "messages": [{"role": "user", "content": "hello"}]}
    key = {"authorization": f"Bearer {world.tokens['unguarded']}"}
    answer = httpx2.post(url, json=body, headers=key, trust_env=False)
    assert answer.status_code == 403
    assert "plugin has not checked in" in json.dumps(answer.json())


def test_a_green_call_runs(world: World) -> None:
    (world.workspace / "note.txt").write_text("buy flour")
    told = world.exec("cat note.txt")
    assert told.result == "buy flour"
    assert (told.turn.state, told.turn.text) == ("final", "that is all")


def test_what_is_easy_to_undo_runs_too(world: World) -> None:
    world.exec("touch made.txt")
    assert (world.workspace / "made.txt").exists()


def test_a_critical_call_does_not_run_and_the_model_is_told_why(world: World) -> None:
    precious = (
        world.gateway.folder / "precious.txt"
    )  # in the agent's own home: nothing else is lost should the gate fail
    precious.write_text("the only copy")
    told = world.exec("rm -rf ~")
    assert precious.read_text() == "the only copy"
    assert "Safety Gateway:" in told.result
    assert "critical_red" in told.result


def test_a_call_hidden_in_another_tool_is_judged_by_what_it_is(world: World) -> None:
    told = world.call("tool_call", id="message", args={"action": "send", "to": "+15550100", "message": "hello"})
    assert "Safety Gateway:" in told.result
    assert "yellow_external" in told.result


def test_a_red_call_waits_for_a_person_and_then_runs_once(world: World) -> None:
    command = "chmod 777 note.txt"
    first = world.exec(command)
    assert "pending approval" in first.result
    approval = first.result.partition("pending approval ")[2].partition(":")[0]
    pending = world.pending()
    world.site.answer(approval)
    wait_until(lambda: world.pending() == pending - 1)
    world.exec(command)
    assert (world.workspace / "note.txt").stat().st_mode & 0o777 == 0o777
    assert "pending approval" in world.exec(command).result


def test_no_other_plugin_can_change_what_was_allowed(world: World) -> None:
    told = world.exec("echo harmless")  # see meddler/index.js
    assert told.result == "harmless"
    assert not (world.workspace / "meddled").exists()


def test_a_secret_in_a_result_reaches_neither_the_model_nor_any_store(world: World) -> None:
    password = world.values["DB_PASSWORD"]
    (world.workspace / "note.txt").write_text(f"the shop opens with {password} at nine")
    told = world.exec("cat note.txt")
    assert told.result == "the shop opens with SECRET_REF(DB_PASSWORD) at nine"
    assert places_of(password, world.gateway.folder) == []


def test_a_token_that_nobody_registered_is_found_by_its_shape(world: World) -> None:
    token = invented("gh{}p_{github}")
    world.values["found in a file"] = token
    (world.workspace / "note.txt").write_text(f"the deploy uses {token} for now")
    told = world.exec("cat note.txt")
    assert re.fullmatch(r"the deploy uses SECRET_REF\(found_\w+\) for now", told.result)
    assert places_of(token, world.gateway.folder) == []


def test_a_secret_that_a_person_types_does_not_reach_the_model(world: World) -> None:
    told = world.exec("echo thanks", said=f"the password is {world.values['DB_PASSWORD']}")
    assert told.result == "thanks"
    assert b"the password is SECRET_REF(DB_PASSWORD)" in world.sent()


def test_the_model_has_seen_no_planted_secret_and_the_agent_has_no_key(world: World) -> None:
    keys = {request.header("authorization") for request in world.model.requests}
    assert keys == {f"Bearer {world.values[UPSTREAM_KEY]}"}
    for value in (*world.values.values(), *world.tokens.values()):
        assert value.encode() not in world.sent()
    assert places_of(world.values[UPSTREAM_KEY], world.gateway.folder) == []


def test_the_logs_hold_no_secret(world: World) -> None:
    logs = [world.gateway.folder / "gateway.log", world.gateway.folder / "openclaw.log", world.edge.log]
    for log in logs:
        raw = log.read_bytes()
        assert [name for name, value in world.values.items() if value.encode() in raw] == [], log


def test_the_edge_keeps_secrets_sealed_and_its_audit_log_is_whole(world: World) -> None:
    home = world.site.home.path
    assert {name: places_of(value, home) for name, value in world.values.items()} == {name: [] for name in world.values}
    run_safety(world.site, "audit", "verify")


def test_without_the_edge_every_call_is_blocked_and_with_it_they_run_again(world: World) -> None:
    assert world.edge.stop() == 0
    told = world.exec("touch unguarded.txt", agent="direct")
    assert not (world.workspace / "unguarded.txt").exists()
    assert "the edge cannot be reached" in told.result
    with world.site.edge(**world.edge_settings) as edge:
        wait_until(lambda: "main" in {entry["agent"] for entry in edge.status()["plugins"]})
        assert world.exec("echo back again").result == "back again"


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.1)


def places_of(value: str, folder: Path) -> list[Path]:
    """Return the files below `folder` in which `value` stands."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return [path for path in files if value.encode() in path.read_bytes()]
