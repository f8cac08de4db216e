"""A plan says who gets a release when: everybody once, named ones first, the same order each time it is asked."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.policy.plan import AT_ONCE, Plan, Wave, assigned, plan_from_json
from safety_core.errors import InputError
from safety_core.model.tool_call import TenantId
from safety_core.wire.reader import Reader

NAMES = [TenantId(f"t{number}") for number in range(40)]


def plan(*waves: dict[str, Any]) -> Plan:
    return plan_from_json(Reader({"waves": list(waves)}, "release"))


def test_named_tenants_come_first_and_shares_count_them() -> None:
    found = assigned(plan({"tenants": ["t7"], "soak": 60}, {"percent": 10}, {"percent": 100}), NAMES, "salt")
    assert found[TenantId("t7")] == 0
    assert Counter(found.values()) == {0: 1, 1: 3, 2: 36}


def test_the_order_is_stable_and_another_for_another_release() -> None:
    steps = plan({"percent": 50}, {"percent": 100})
    assert assigned(steps, NAMES, "one") == assigned(steps, reversed(NAMES), "one")
    assert assigned(steps, NAMES, "one") != assigned(steps, NAMES, "two")


@given(st.sets(st.sampled_from(NAMES), min_size=1), st.sets(st.integers(1, 99)), st.text(max_size=5))
def test_everybody_is_in_exactly_one_wave(tenants: set[TenantId], shares: set[int], salt: str) -> None:
    steps = Plan((*(Wave(percent=share) for share in sorted(shares)), Wave(percent=100)))
    found = assigned(steps, tenants, salt)
    assert set(found) == tenants
    for number, wave in enumerate(steps.waves):
        reached = sum(1 for place in found.values() if place <= number)
        assert reached == -(-len(tenants) * wave.percent // 100)


def test_no_plan_is_everybody_at_once() -> None:
    assert plan_from_json(Reader({}, "release")) == AT_ONCE
    assert plan_from_json(Reader({"waves": AT_ONCE.to_json()}, "release")) == AT_ONCE


@pytest.mark.parametrize(
    "waves",
    [
        [],
        [{"percent": 50}],
        [{"percent": 50}, {"percent": 20}, {"percent": 100}],
        [{"percent": 100}, {"percent": 100}],
        [{"percent": 101}],
        [{"percent": 100, "tenants": ["a"]}],
        [{"soak": 5}, {"percent": 100}],
        [{"tenants": ["../up"]}, {"percent": 100}],
        [{"percent": 100, "soak": -1}],
        [{"percent": 100, "soak": 10**9}],
        [{"percent": 100, "speed": 1}],
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(waves: list[Any]) -> None:
    with pytest.raises(InputError):
        plan(*waves)


def test_a_named_tenant_without_a_publication_is_told() -> None:
    with pytest.raises(InputError, match="nobody"):
        assigned(plan({"tenants": ["nobody"]}, {"percent": 100}), NAMES, "salt")
