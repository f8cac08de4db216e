"""Where a session stands among agents that start agents, as far as its name says."""

from __future__ import annotations

import pytest

from safety_core.model.descent import agent_in, generation
from safety_core.model.tool_call import SessionId


@pytest.mark.parametrize(
    ("session", "depth"),
    [
        ("", 0),
        ("agent:main:main", 0),
        ("agent:subagent:main", 0),
        ("agent:main:Subagent:1", 1),
        ("agent:main:subagent:1:subagent:2", 2),
        ("subagent:1", 1),
    ],
)
def test_a_sessions_name_says_its_generation(session: str, depth: int) -> None:
    assert generation(SessionId(session)) == depth


@pytest.mark.parametrize(
    ("session", "agent"),
    [
        ("agent:shop-helper:main", "shop-helper"),
        (" Agent:helper:subagent:1", "helper"),
        ("agent:helper", ""),
        ("main", ""),
        ("", ""),
    ],
)
def test_a_sessions_name_says_its_agent(session: str, agent: str) -> None:
    assert agent_in(session) == agent
