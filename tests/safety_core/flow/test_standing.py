"""An outward grant from a card lets through what it names, so often as it says, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from safety_core.edge.driver import run
from safety_core.flow import effects, tool_call
from safety_core.flow.answers import Pending, Permitted, Refused, Sendable
from safety_core.model.level import Level, Tier
from safety_core.model.record import Event
from safety_core.model.tool_call import CallId, SessionId, ToolCall
from tests.safety_core.flow.conftest import AGENT, HUB, call, context, world
from tests.simulators.policies import TENANT, signed_grant, signed_standing
from tests.simulators.world import World


def mail(to: str = "anna@x.example", **params: Any) -> ToolCall:
    arguments = {"action": "send", "to": to, "message": "The parcel is on its way.", **params}
    return ToolCall(CallId("c1"), TENANT, AGENT, SessionId("s1"), "message", arguments)


def place_with(**changes: Any) -> World:
    return world(Level.YELLOW_EXTERNAL, standing=[signed_standing(HUB, **changes)])


def decided(place: World, asked: ToolCall | None = None, **changes: Any) -> Any:
    return run(tool_call.decide(asked or mail(), context(**changes)), place.handlers)


def test_it_lets_through_what_it_names_and_is_used_up() -> None:
    place = place_with()
    assert [type(decided(place)) for _ in range(3)] == [Permitted, Permitted, Pending]
    assert place.used == ["a" * 32] * 2
    used = [entry for entry in place.log if entry.event is Event.OUTWARD_GRANT]
    assert [(entry.outcome, entry.rules) for entry in used] == [("used", ("a" * 32,))] * 2


def test_what_is_said_on_an_agents_behalf_uses_it_too() -> None:
    place = place_with()
    said = mail(channel="telegram")
    assert isinstance(run(tool_call.send(said, "", context()), place.handlers), Pending), "the channel is one, too"
    place.standing.append(signed_standing(HUB, id="b" * 32, recipient="telegram"))
    assert isinstance(run(tool_call.send(said, "", context()), place.handlers), Sendable)
    assert sorted(place.used) == ["a" * 32, "b" * 32]


@pytest.mark.parametrize(
    "changes",
    [
        {"recipient": "bert@x.example"},
        {"agent": "another"},
        {"tool": "exec"},
        {"not_after": 1_000_000.0 + 0.0001},
        {"not_after": 1_000_000.0 + 8 * 24 * 3600},
        {"key": "nobody"},
        {"origin": "email:link"},
    ],
    ids=str,
)
def test_what_it_does_not_name_or_may_not_give_is_asked_about(changes: dict[str, Any]) -> None:
    place = place_with(**changes)
    assert isinstance(decided(place), Pending)
    assert not place.used


def test_it_covers_nobody_beside_whom_it_names() -> None:
    place = place_with()
    assert isinstance(decided(place, mail(to="anna@x.example,spy@evil.example")), Pending)
    assert isinstance(decided(place, mail(to="")), Pending)


def test_nothing_graver_than_reaching_out_is_covered() -> None:
    place = place_with()
    place.level = Level.RED
    assert isinstance(decided(place), Pending)
    assert not place.used


def test_where_a_person_was_asked_all_the_same_no_use_is_spent() -> None:
    place = place_with()
    asked = decided(place, tier=Tier.SUPERVISED)
    assert isinstance(asked, Pending)
    place.settle(signed_grant(HUB, asked.request))
    assert isinstance(decided(place, tier=Tier.SUPERVISED), Permitted)
    assert not place.used


def test_calls_that_stay_inside_look_for_none() -> None:
    place = place_with()
    place.level = Level.GREEN
    run(tool_call.decide(call("ls"), context()), place.handlers)
    assert not any(isinstance(effect, effects.RecallStanding | effects.UseStanding) for effect in place.asked)


def test_one_that_somebody_else_used_up_meanwhile_lets_nothing_through() -> None:
    place = place_with(uses=1)
    table = place.handlers

    def stolen(effect: effects.RecallStanding) -> Any:
        made = table[effects.RecallStanding](effect)
        place.used.append("a" * 32)
        return made

    answer = run(tool_call.decide(mail(), context()), {**table, effects.RecallStanding: stolen})
    assert isinstance(answer, Refused)
    assert place.used == ["a" * 32]


def test_whatever_fails_on_the_way_no_call_goes_out_but_on_a_use_that_was_taken() -> None:
    steps = 0
    while True:
        place = place_with()
        place.fail_at = steps
        if isinstance(decided(place), Permitted):
            assert place.used == ["a" * 32]
        if len(place.asked) <= steps:
            break
        steps += 1
    assert steps > 6
