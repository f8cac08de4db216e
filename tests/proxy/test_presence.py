"""An agent that must be guarded reaches a model only while its plugin is there."""

import pytest

from proxy.presence import AGENTS, TTL, MissingPluginError, Presence
from safety_core.model.tool_call import AgentId
from safety_core.wire.presence import CheckIn

MAIN = AgentId("main")
PLUGIN = CheckIn(MAIN, "openclaw", "1.0")


def test_a_guarded_agent_needs_its_plugin_and_for_as_long_as_it_checks_in() -> None:
    presence = Presence([MAIN])
    with pytest.raises(MissingPluginError, match="has not checked in"):
        presence.demand(MAIN, 0.0)
    presence.check_in(PLUGIN, 0.0)
    presence.demand(MAIN, TTL)
    with pytest.raises(MissingPluginError):
        presence.demand(MAIN, TTL + 1)


def test_another_agent_cannot_lend_its_place() -> None:
    presence = Presence([MAIN])
    presence.check_in(CheckIn(AgentId("other"), "openclaw", "1.0"), 0.0)
    with pytest.raises(MissingPluginError):
        presence.demand(MAIN, 0.0)
    presence.demand(AgentId("script"), 0.0)


def test_the_status_shows_who_is_there() -> None:
    presence = Presence()
    presence.check_in(PLUGIN, 10.0)
    shown = {"agent": "main", "plugin": "openclaw", "version": "1.0", "seconds_ago": 5.0}
    assert presence.to_json(15.0) == [shown]
    assert presence.to_json(10.0 + TTL + 1) == []


def test_nobody_can_fill_the_memory() -> None:
    presence = Presence()
    for number in range(AGENTS + 10):
        presence.check_in(CheckIn(AgentId(f"a{number}"), "p", "1"), 0.0)
    assert len(presence.to_json(0.0)) == AGENTS
