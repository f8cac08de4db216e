"""A real hub gives orders to a real edge: the kill switch over the network, and what else may be asked for."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Generator
from typing import Any

import pytest

from tests.simulators.site import TENANT, Edge, Site, site

FOUND = """
import sys, time
from safety_core.cli.edge_socket import ask_edge
ask_edge(sys.argv[1], "POST", "/v1/posture", {"at": int(time.time()), "uid": 1001, "results": {"icmp": "blocked"}})
"""
"""What root would run in the place of `safety doctor`."""


@pytest.fixture
def here() -> Generator[Site, None, None]:
    with site() as here:
        yield here


def given(here: Site, kind: str, agent: str = "", reason: str = "") -> str:
    with here.as_person("approver") as olga:
        answer = olga.post(f"/v1/tenants/{TENANT}/orders", json={"kind": kind, "agent": agent, "reason": reason})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def settled(here: Site, order: str) -> Any:
    """Wait until the edge has told what came of an order."""

    def look() -> Any:
        with here.as_person("approver") as olga:
            items = olga.get(f"/v1/tenants/{TENANT}/orders").json()["items"]
        (found,) = [item for item in items if item["id"] == order]
        return found if found["outcome"] else None

    return until(look)


def until(look: Callable[[], Any], seconds: float = 60.0) -> Any:
    for _ in range(int(seconds / 0.05)):
        if found := look():
            return found
        time.sleep(0.05)
    raise AssertionError("it did not happen")


def allowed(edge: Edge, agent: str = "main") -> bool:
    return bool(edge.decide("exec", agent=agent, command="ls")["decision"] == "allow")


def test_a_halt_reaches_a_waiting_edge_and_only_the_hubs_own_halt_is_taken_back_from_there(here: Site) -> None:
    with here.hub():
        here.introduce()
        here.publish()
        with here.edge(HUB_ORDERS="3600") as edge:  # it hears of orders by the hub's hints alone
            until(lambda: allowed(edge))
            done = settled(here, given(here, "halt", "main", "it buys too much"))
            assert (done["outcome"], done["numbers"]) == ("done", {"halted": 1})
            answer = edge.decide("exec", command="ls")
            assert answer["decision"] == "block"
            assert "was halted by the hub: Olga: it buys too much" in answer["reason"]
            assert allowed(edge, "other")
            edge.ask("/v1/halt", {"agent": "other", "halt": True, "reason": "by me"})
            assert settled(here, given(here, "resume", "other"))["outcome"] == "unchanged"
            assert not allowed(edge, "other")
            assert settled(here, given(here, "resume", "main"))["outcome"] == "done"
            assert allowed(edge)
            edge.kill()
        with here.edge() as edge:
            assert [(halted["agent"], halted["by"]) for halted in edge.status()["halted"]] == [("other", "person")]


def test_orders_outlast_a_hub_and_an_edge_that_are_killed_and_are_done_once(here: Site) -> None:
    with here.hub() as first:
        here.introduce()
        here.publish()
        port = int(here.hub_url.rpartition(":")[2])
        with here.edge() as edge:
            until(lambda: allowed(edge))
            first.kill()
            with here.hub(port):
                halt = given(here, "halt", "*")
                assert settled(here, halt)["outcome"] == "done"
                assert not allowed(edge)
                edge.kill()
                backup = given(here, "backup")
        with here.hub(port), here.edge() as edge:
            done = settled(here, backup)
            assert done["outcome"] == "done"
            assert done["numbers"]["bytes"] > 0
            assert not allowed(edge), "a halt outlasts both"
            assert len(list(here.home.backups.iterdir())) == 1
            assert settled(here, halt)["outcome"] == "done"


def test_what_else_may_be_asked_for(here: Site) -> None:
    with here.hub():
        here.introduce()
        here.publish()
        with here.edge(HUB_HEARTBEAT="30") as edge:
            until(lambda: edge.status()["policy"]["state"] == "in force")
            assert settled(here, given(here, "doctor"))["outcome"] == "refused"
            assert settled(here, given(here, "pull"))["outcome"] in {"done", "unchanged"}
            told = settled(here, given(here, "status"))
            assert told["numbers"]["version"] == 1
            assert "policy r1 (version 1)" in here.at_hub("tenant", "list")


def test_the_doctors_command_is_the_settings_own_and_hands_what_it_found_to_the_edge(here: Site) -> None:
    with here.hub():
        here.introduce()
        here.publish()
        doctor = json.dumps([sys.executable, "-c", FOUND, str(here.home.socket)])
        with here.edge(HUB_DOCTOR=doctor) as edge:
            done = settled(here, given(here, "doctor"))
            assert done["outcome"] == "done"
            assert done["numbers"] == {"blocked": 1, "open": 0, "unproved": 0}
            assert edge.status()["posture"]["uid"] == 1001


def test_no_kill_switch_waits_for_what_takes_long(here: Site) -> None:
    with here.hub():
        here.introduce()
        here.publish()
        with here.edge(HUB_DOCTOR=json.dumps([sys.executable, "-c", "import time; time.sleep(600)"])) as edge:
            until(lambda: allowed(edge))
            given(here, "doctor")
            assert settled(here, given(here, "halt", "main"))["outcome"] == "done"
            waiting = threading.Thread(target=edge.stop)
            waiting.start()
            waiting.join(60)
            assert not waiting.is_alive()
