"""Limits are called the same wherever they are told."""

from __future__ import annotations

from safety_core.model.budget import Budget, limit_name


def test_a_limit_is_called_as_in_agents_yaml() -> None:
    limits = {"tokens_per_day": 1, "tokens_per_month": 2, "usd_per_day": 3, "usd_per_month": 4}
    assert {limit_name(*limit): most for limit, most in Budget(**limits).limits().items()} == limits
