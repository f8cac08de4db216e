"""Values that are too common are refused with a reason; random ones are welcome."""

from __future__ import annotations

import pytest

from safety_core.errors import CommonValueError
from safety_core.match.common_value import check_value
from safety_core.model.secret import SecretValue
from tests.safety_core.match.conftest import ALL


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("ab1", "shorter"),
        ("  ab1x ", "shorter"),
        ("aaaabbbb", "repeats"),
        ("1234567", "digits"),
        ("production", "ordinary words"),
        ("database password", "ordinary words"),
        ("gpt-4o-mini", "model"),
        ("claude-opus-4-5", "model"),
    ],
)
def test_common_values_are_refused_with_a_reason_that_does_not_show_them(value: str, reason: str) -> None:
    with pytest.raises(CommonValueError) as refusal:
        check_value(SecretValue(value))
    assert reason in refusal.value.reason
    assert value.strip() not in str(refusal.value)


@pytest.mark.parametrize("value", [*ALL.values(), "hunt3r7", "84720163"])
def test_random_values_are_welcome(value: str) -> None:
    check_value(SecretValue(value))
