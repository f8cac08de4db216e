"""Approve, deny, cancel and expire at once, by two processes: one thing happens, and everybody hears of that one."""

from __future__ import annotations

import random

from safety_core.model.approval import ApprovalState
from safety_core.model.tool_call import TenantId
from tests.simulators.hub import RunningHub, question
from tests.simulators.races import outcomes, race, second_process

RACES = 100
"""A thousand are run by `bench/hub`."""


async def test_of_everything_that_happens_to_a_question_at_once_one_thing_counts(
    hub: RunningHub, database_url: str
) -> None:
    await hub.edge(TenantId("acme"))
    order = random.Random(7)
    async with second_process(hub.context, database_url) as other:
        found = []
        for number in range(RACES):
            here, there = (hub.context, other) if number % 2 else (other, hub.context)
            found.append(await race(here, there, question(agent=f"agent-{number}"), order))
    assert [one for one in found if not one.is_one] == []
    counted = outcomes(found)
    assert sum(counted.values()) == RACES
    assert set(counted) <= {state.value for state in ApprovalState} - {"pending", "used"}
    assert len(counted) >= 3, "they did not race"
