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
        ('call_q7PwdL1k6kzzAAa2xVb", "type": "', 0),
        ("Zk4casfs52PWDFkIdTomoViU+9T4g+\n", 0),
        ('"name": "get_token", "id": "', 0),
        ('"name": "get_token", "tool_use_id": "', 0),
        ("shop2Backend3PasswordForAdmin = ", 5),
        ("KC_DB_PWD_FOR_STG_ENV_01=", 5),
        ("token = shop_password = ", 5),
    ],
)
def test_the_last_name_says_how_long_a_value_is(text: str, length: int) -> None:
    assert promised(text) == length
