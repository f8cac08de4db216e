"""Plans on the wire: read whole or refused, with the field by name."""

from __future__ import annotations

import json
from typing import Any

import pytest

from safety_core.errors import InputError
from safety_core.model.tool_call import TenantId
from safety_core.wire.plans import plan_end_from, plan_from

TENANT = TenantId("bakery")
STEP: dict[str, Any] = {"id": "a", "does": "Looks", "tool": "read", "params": {"path": "x"}}
PLAN: dict[str, Any] = {
    "agent": "main",
    "session": "s1",
    "title": "It",
    "steps": [STEP, {**STEP, "id": "b", "later": True}],
}


def raw(**changes: Any) -> bytes:
    return json.dumps({**PLAN, **changes}).encode()


def test_a_plan_is_read() -> None:
    plan = plan_from(raw(wait=2.5, dry=True), TENANT)
    assert [(step.call.id, step.call.session, step.later) for step in plan.calls] == [
        ("a", "s1", False),
        ("b", "s1", True),
    ]
    assert (plan.dry, plan.wait, plan.calls[0].words, plan.tenant) == (True, 2.5, "Looks", "bakery")
    assert plan_from(raw(), TENANT).wait is None
    assert plan_end_from(b'{"agent": "main", "session": "s1"}') == ("main", "s1")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"steps": []}, "steps"),
        ({"steps": [STEP, STEP]}, "steps"),
        ({"steps": [{**STEP, "more": 1}]}, "steps[0]"),
        ({"wait": -1}, "wait"),
        ({"title": "two\nlines"}, "title"),
        ({"title": "x" * 301}, "title"),
        ({"session": ""}, "session"),
        ({"more": 1}, "request"),
    ],
)
def test_what_is_wrong_is_named(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InputError) as caught:
        plan_from(raw(**changes), TENANT)
    assert field in caught.value.thing
    with pytest.raises(InputError):
        plan_end_from(b'{"agent": "main", "session": "s1", "more": 1}')
