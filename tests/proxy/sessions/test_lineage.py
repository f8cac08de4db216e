"""Who started whom, how deep, and how many of a family run now; all of it bounded."""

from __future__ import annotations

import pytest

from proxy.sessions.lineage import LIFE_SECONDS, PLACE_SECONDS, PLACES, SESSIONS, Lineage, TooManySubagentsError
from safety_core.model.descent import Descent
from safety_core.model.tool_call import AgentId, CallId, SessionId

MAIN, CODER = AgentId("main"), AgentId("coder")
HOME = SessionId("agent:main:main")
NOW = 1000.0


def child(number: int, agent: AgentId = MAIN) -> SessionId:
    return SessionId(f"agent:{agent}:subagent:{number}")


def test_a_persons_session_stands_at_the_top() -> None:
    lineage = Lineage()
    assert lineage.descent(MAIN, HOME, NOW) == Descent(MAIN, 0, 0)
    assert lineage.descent(MAIN, SessionId(""), NOW) == Descent(MAIN, 0, 0)
    assert lineage.descent(MAIN, child(1), NOW) == Descent(MAIN, 1, 0)


def test_generations_count_whatever_the_sessions_are_called() -> None:
    lineage = Lineage()
    lineage.spawned(CODER, child(1, CODER), HOME, NOW)
    lineage.spawned(CODER, child(2, CODER), child(1, CODER), NOW)
    lineage.spawned(CODER, SessionId("agent:coder:acp:3"), child(2, CODER), NOW)
    assert lineage.descent(CODER, child(1, CODER), NOW) == Descent(MAIN, 1, 3)
    assert lineage.descent(CODER, SessionId("agent:coder:acp:3"), NOW) == Descent(MAIN, 3, 3)
    assert lineage.descent(MAIN, HOME, NOW).running == 3
    assert lineage.descent(CODER, SessionId("agent:coder:main"), NOW).running == 0


def test_without_a_parent_a_sessions_own_name_must_do() -> None:
    lineage = Lineage()
    lineage.spawned(MAIN, SessionId("agent:main:subagent:1:subagent:2"), SessionId(""), NOW)
    assert lineage.descent(MAIN, SessionId("agent:main:subagent:1:subagent:2"), NOW) == Descent(MAIN, 2, 1)


def test_what_has_ended_runs_no_longer_and_is_as_deep_as_before() -> None:
    lineage = Lineage()
    lineage.spawned(CODER, child(1, CODER), HOME, NOW)
    lineage.unspawned(child(1, CODER))
    lineage.unspawned(child(9))
    assert lineage.descent(CODER, child(1, CODER), NOW) == Descent(MAIN, 1, 0)
    lineage.spawned(CODER, child(1, CODER), HOME, NOW)
    assert lineage.descent(MAIN, HOME, NOW).running == 1


def test_a_session_whose_end_nobody_tells_counts_for_a_while() -> None:
    lineage = Lineage()
    lineage.spawned(MAIN, child(1), HOME, NOW)
    assert lineage.descent(MAIN, HOME, NOW + LIFE_SECONDS).running == 1
    assert lineage.descent(MAIN, HOME, NOW + LIFE_SECONDS + 1).running == 0


def test_when_a_host_ends_its_agents_family_does() -> None:
    lineage = Lineage()
    lineage.spawned(MAIN, child(1), HOME, NOW)
    lineage.reserve(MAIN, HOME, CallId("c1"), 9, NOW)
    lineage.spawned(CODER, child(2, CODER), SessionId("agent:coder:main"), NOW)
    lineage.gone(MAIN)
    assert lineage.descent(MAIN, HOME, NOW).running == 0
    assert lineage.descent(CODER, SessionId("agent:coder:main"), NOW).running == 1


def test_calls_that_come_together_do_not_share_one_place() -> None:
    lineage = Lineage()
    for _ in range(2):
        lineage.reserve(MAIN, HOME, CallId("c1"), 2, NOW)
    lineage.reserve(MAIN, child(5), CallId("c2"), 2, NOW)
    with pytest.raises(TooManySubagentsError, match="has 2 subagents running, and may have 2"):
        lineage.reserve(MAIN, HOME, CallId("c3"), 2, NOW)
    lineage.spawned(MAIN, child(1), HOME, NOW)
    assert lineage.descent(MAIN, HOME, NOW).running == 2
    lineage.unspawned(child(1))
    lineage.reserve(MAIN, HOME, CallId("c3"), 2, NOW)


def test_a_place_that_nobody_took_is_free_again() -> None:
    lineage = Lineage()
    lineage.reserve(MAIN, HOME, CallId("c1"), 1, NOW)
    with pytest.raises(TooManySubagentsError):
        lineage.reserve(MAIN, HOME, CallId("c2"), 1, NOW + PLACE_SECONDS)
    lineage.reserve(MAIN, HOME, CallId("c2"), 1, NOW + PLACE_SECONDS + 1)


def test_what_is_remembered_is_bounded() -> None:
    lineage = Lineage()
    for number in range(SESSIONS + 1):
        lineage.spawned(MAIN, child(number), HOME, NOW)
    for number in range(PLACES + 1):
        lineage.reserve(CODER, SessionId(""), CallId(str(number)), 10**6, NOW)
    assert lineage.descent(MAIN, HOME, NOW).running == SESSIONS
    assert lineage.descent(CODER, SessionId(""), NOW).running == PLACES
