"""What a name promises."""

from __future__ import annotations

import pytest

from safety_core.match.promise import promised


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("password = ", 5),
        ("the PW: ", 5),
        ("pass_code=", 5),
        ("api-key: ", 8),
        ("shopToken=", 8),
        ('{"key": "', 16),
        ("access_key_id=", 20),
        ("token_type=", 0),
        ("tokenizer=", 0),
        ("primary_key=", 0),
        ("passenger=", 0),
        ("Shop::Token: ", 0),
        ("the order is ", 0),
        ("token = shop_password = ", 5),
    ],
)
def test_the_last_name_says_how_long_a_value_is(text: str, length: int) -> None:
    assert promised(text) == length
