"""An agent's plugin counts as there while it checks in, and only if all that guards is loaded."""

import json
from typing import Any

import pytest

from proxy.guards.presence import GONE, PROCESSES, TTL, Presence
from safety_core.flow.interlock import REQUIRED
from safety_core.model.tool_call import AgentId
from safety_core.wire.presence import CheckIn, CheckOut, check_in_from
from tests.simulators.full_check_in import PROCESS, full_check_in

MAIN = AgentId("main")
OTHER = "f" * 32


def who(**changes: Any) -> CheckIn:
    return check_in_from(json.dumps(full_check_in(**changes)).encode())


def test_it_counts_for_as_long_as_it_checks_in() -> None:
    presence = Presence([MAIN])
    assert presence.trouble(MAIN, 0.0) == "its plugin has not checked in"
    assert presence.check_in(who(), 0.0).reason == ""
    assert presence.trouble(MAIN, TTL) == ""
    assert presence.trouble(MAIN, TTL + 1) == "its plugin was last heard of 91 s ago"


def test_another_agent_cannot_lend_its_place() -> None:
    presence = Presence([MAIN])
    presence.check_in(who(agent="other"), 0.0)
    assert presence.trouble(MAIN, 0.0)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"process": None}, "does not say which hooks"),
        ({"hooks": None}, "does not say which hooks"),
        ({"hooks": {}}, "does not say which hooks"),
        ({"faults": ["llm_output could not be registered"]}, "reports a fault: llm_output could not"),
        ({"hooks": {"full": [*REQUIRED], "discovery": []}}, "copy discovery of its plugin has not registered trusted"),
        ({"hooks": {"full": [*REQUIRED[:-2]]}}, "has not registered gateway_start, gateway_stop"),
    ],
)
def test_what_does_not_guard_does_not_count(changes: dict[str, Any], reason: str) -> None:
    presence = Presence()
    assert reason in presence.check_in(who(**changes), 0.0).reason
    assert reason in presence.trouble(MAIN, 0.0)
    (shown,) = presence.to_json(0.0)
    assert shown["state"] == "incomplete"


def test_one_process_cannot_keep_the_place_of_another() -> None:
    presence = Presence()
    first = presence.check_in(who(), 0.0)
    assert presence.check_in(who(), TTL).reason == "", "the answer may have been lost: the first check-in comes again"
    second = presence.check_in(who(), TTL)
    assert first.nonce != second.nonce
    assert presence.check_in(who(nonce=second.nonce), TTL).reason == ""
    intruder = presence.check_in(who(nonce=OTHER, faults=["x"]), TTL)
    assert "nonce" in intruder.reason
    assert presence.trouble(MAIN, TTL) == "", "who was there is there still"
    assert presence.check_in(who(process=OTHER), TTL).reason == "", "a second process draws its own name"
    assert [shown["process"] for shown in presence.to_json(TTL)] == [PROCESS[:8], OTHER[:8]]


def test_whoever_checks_out_is_gone_at_once() -> None:
    presence = Presence()
    presence.check_in(who(), 0.0)
    assert not presence.check_out(CheckOut(MAIN, OTHER))
    assert presence.trouble(MAIN, 0.0) == ""
    assert presence.check_out(CheckOut(MAIN, PROCESS))
    assert "checked out" in presence.trouble(MAIN, 0.0)
    assert presence.check_in(who(), 0.0).reason == "", "a plugin that was replaced begins anew in the same process"
    assert presence.trouble(MAIN, 0.0) == ""
    presence.check_out(CheckOut(MAIN, PROCESS))
    presence.check_in(who(process=OTHER), 1.0)
    assert presence.trouble(MAIN, 1.0) == "", "one process of several is enough"


def test_the_status_shows_who_is_there_and_who_is_missed() -> None:
    presence = Presence([MAIN, AgentId("support")])
    presence.check_in(who(), 10.0)
    there, missing = presence.to_json(15.0)
    assert there == {
        "agent": "main",
        "plugin": "openclaw",
        "version": "1.0",
        "host": "2026.9.6",
        "process": PROCESS[:8],
        "seconds_ago": 5.0,
        "state": "present",
        "reason": "",
        "copies": {"discovery": len(REQUIRED), "full": 5},
        "fired": {"gateway_start": 1},
        "memory": 1024,
    }
    assert missing == {"agent": "support", "state": "missing", "reason": "its plugin has not checked in"}
    assert presence.to_json(10.0 + TTL + 1)[0]["state"] == "gone"
    assert [shown["state"] for shown in presence.to_json(10.0 + GONE + 1)] == ["missing", "missing"]


def test_nobody_can_fill_the_memory() -> None:
    presence = Presence()
    for number in range(PROCESSES + 10):
        presence.check_in(who(process=f"{number:032x}"), 0.0)
    assert len(presence.to_json(0.0)) == PROCESSES
