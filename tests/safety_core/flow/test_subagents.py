"""A call that starts another agent, through the flow; and a call that only makes another one."""

from __future__ import annotations

import pytest

from safety_core.canonical import JsonObject
from safety_core.edge.driver import run
from safety_core.flow import effects, tool_call
from safety_core.flow.answers import Answer, Entrusted, Pending, Permitted, Refused
from safety_core.model.descent import Descent
from safety_core.model.level import Level
from safety_core.model.record import Event
from safety_core.model.tool_call import CallId, SessionId, ToolCall
from tests.safety_core.flow.conftest import AGENT, context, hub_says, world
from tests.simulators.policies import TENANT
from tests.simulators.world import World


def decide(place: World, tool: str, params: JsonObject, *, nested: bool = False, **given: object) -> Answer:
    made = ToolCall(CallId("c1"), TENANT, AGENT, SessionId("agent:helper:main"), tool, params)
    return run(tool_call.decide(made, context(**given), nested=nested), place.handlers)  # type: ignore[arg-type]


SPAWN: JsonObject = {"task": "count the loaves"}


def test_an_agent_starts_a_helper_and_takes_a_place_for_it() -> None:
    place = world()
    assert isinstance(decide(place, "sessions_spawn", SPAWN), Permitted)
    places = [effect for effect in place.asked if isinstance(effect, effects.ReserveSubagent)]
    assert places == [effects.ReserveSubagent(AGENT, SessionId("agent:helper:main"), CallId("c1"), 4)]
    assert place.events() == [Event.PROPOSED, Event.PERMITTED]


def test_one_too_deep_is_denied_with_a_reason_and_nobody_is_asked() -> None:
    place = world(Level.RED, descent=Descent(AGENT, 1))
    told = decide(place, "sessions_spawn", SPAWN)
    assert isinstance(told, Refused)
    assert told.reason.startswith("subagents: this would be one of depth 2, and helper may have depth 1")
    assert not place.approvals


def test_one_for_which_no_place_is_left_by_now_is_refused() -> None:
    place = world(running=4)
    told = decide(place, "sessions_spawn", SPAWN)
    assert isinstance(told, Refused)
    assert "too many subagents" in told.reason
    assert place.events() == [Event.PROPOSED, Event.REFUSED]


def test_a_place_is_taken_when_a_person_has_said_yes_and_not_before() -> None:
    place = world(Level.RED)
    assert isinstance(decide(place, "sessions_spawn", SPAWN), Pending)
    assert place.running == 0
    place.answer = hub_says(True)
    assert isinstance(decide(place, "sessions_spawn", SPAWN, wait=60.0), Permitted)
    assert place.running == 1


def test_no_other_call_asks_who_started_whom() -> None:
    place = world()
    decide(place, "exec", {"command": "ls"})
    assert not any(isinstance(effect, effects.RecallDescent | effects.ReserveSubagent) for effect in place.asked)


RM: JsonObject = {"id": "exec", "args": {"command": "rm -r /srv/agent/x"}}


def test_a_call_that_only_makes_another_one_is_not_asked_about_twice() -> None:
    place = world(Level.RED)
    assert isinstance(decide(place, "tool_call", RM, nested=True), Permitted)
    assert not place.approvals
    assert [(entry.event, entry.outcome, entry.rules) for entry in place.log] == [
        (Event.PROPOSED, "ask", ("some_rule",)),
        (Event.PERMITTED, "allow", ("passed on",)),
    ]


def test_nor_is_a_place_taken_or_a_secret_looked_for_twice() -> None:
    place = world()
    inner: JsonObject = {"id": "sessions_spawn", "args": SPAWN}
    assert isinstance(decide(place, "tool_call", inner, nested=True), Permitted)
    assert place.running == 0
    request: JsonObject = {"url": "https://shop.example/", "headers": {"x-key": "SECRET_REF(shop_key)"}}
    assert isinstance(decide(place, "tool_call", {"id": "http_request", "args": request}, nested=True), Permitted)
    place.answer = hub_says(True)
    told = decide(place, "http_request", request, wait=60.0)
    assert isinstance(told, Entrusted)


def test_what_policy_denies_is_denied_in_whatever_it_is_wrapped() -> None:
    place = world(descent=Descent(AGENT, 1))
    told = decide(place, "tool_call", {"id": "sessions_spawn", "args": SPAWN}, nested=True)
    assert isinstance(told, Refused)


@pytest.mark.parametrize(("tool", "params"), [("exec", {"command": "ls"}), ("frobnicate", {}), ("tool_call", RM)])
def test_only_a_tool_that_makes_other_calls_is_passed_on_and_only_when_its_caller_says_so(
    tool: str, params: JsonObject
) -> None:
    place = world(Level.RED)
    assert isinstance(decide(place, tool, params, nested=tool != "tool_call"), Pending)
