"""Amounts as people read them."""

from __future__ import annotations

import pytest

from safety_core.model.usage import NANO, dollars


@pytest.mark.parametrize(
    ("nano", "told"),
    [
        (0, "0.00"),
        (NANO, "1.00"),
        (1_234_567 * NANO, "1,234,567.00"),
        (NANO * 3 // 100, "0.0300"),
        (1, "0.0000"),
        (-2 * NANO, "-2.00"),
    ],
)
def test_less_than_a_dollar_is_told_by_its_first_digits(nano: int, told: str) -> None:
    assert dollars(nano) == told
