"""A pasted line is not taken for the value that stands in it."""

from __future__ import annotations

import base64
import random
import string

import pytest

from safety_core.errors import CommonValueError
from safety_core.match.common_value import check_value
from safety_core.match.pasted import more_than_value
from safety_core.model.secret import SecretValue

VALUE = "Zk3-example-9xQ!value"

WHOLE = {
    f"OPENAI_API_KEY={VALUE}": "is a whole line NAME=value",
    f"  OPENAI_API_KEY = '{VALUE}'\n": "is a whole line NAME=value",
    f"export shop={VALUE}": "is a whole line NAME=value",
    f"$env:SHOP={VALUE}": "is a whole line NAME=value",
    f"apiKey={VALUE}": "is a whole line NAME=value",
    f"db.password={VALUE}": "is a whole line NAME=value",
    f"DB_PWD={VALUE}": "is a whole line NAME=value",
    "DATABASE_URL=postgres://shop:pA7fh2kQ@db/shop?a=b&c=d": "is a whole line NAME=value",
    f"# keys\nSHOP_KEY={VALUE}\n\nTILL_KEY={VALUE}\n": "is made of lines NAME=value",
    f"api_key: {VALUE}": "is a whole line NAME: value",
    f"Authorization: Bearer {VALUE}": "is a whole line NAME: value",
    f'"shop": "{VALUE}",': "is a whole line NAME: value",
    f'{{"shop": "{VALUE}"}}': "is a JSON object with one value",
    f'{{\n  "shop": "{VALUE}"\n}}\n': "is a JSON object with one value",
    "$(pass show shop)": "holds what a shell fills in",
    "`pass show shop`": "holds what a shell fills in",
    "Bearer ${SHOP_TOKEN}": "holds what a shell fills in",
}


@pytest.mark.parametrize("value", WHOLE)
def test_more_than_the_value_is_refused_and_not_shown(value: str) -> None:
    with pytest.raises(CommonValueError) as refusal:
        check_value(SecretValue(value), "secret shop")
    assert refusal.value.reason == f"{WHOLE[value]}, so the secret alone would not be found"
    assert refusal.value.fix
    assert VALUE not in str(refusal.value)


@pytest.mark.parametrize(
    "value",
    [
        VALUE,
        base64.b64encode(b"shopkey-1").decode(),
        base64.b64encode(b"0123456789key").decode(),
        "Server=tcp:db.example,1433;User ID=shop;Password=pA7fh2kQ",
        "Password=pA7fh2kQ;Server=tcp:db.example",
        "host=db.example user=shop password=pA7fh2kQ",
        "password=pA7fh2kQ host=db.example",
        "sv=2022-11-02&sig=pA7fh2kQ%2Bx",
        "token=pA7fh2kQ&user=shop",
        "https://db.example/hook?token=pA7fh2kQ",
        "pA7fh2kQ=k3J8sd7f",
        "SHOP_KEY==k3J8sd7f",
        "cookie: k3J8sd7f6Hs8",
        "a$(b)c$x{Y}`q`",
        '{"type": "account", "key": "pA7fh2kQ"}',
        "-----BEGIN KEY-----\nab=cd\n-----END KEY-----",
        "first line of k3J8sd7f\nAPI_KEY=k3J8sd7f",
        "",
        "#k3J8sd7f6Hs8",
        "key: " + " " * 100_000,
        "{'a':'b'" + " " * 100_000 + "x",
    ],
)
def test_a_value_may_hold_any_of_these_marks(value: str) -> None:
    assert more_than_value(value) == ("", "")


@pytest.mark.parametrize("ending", ["", "=", "=="])
def test_what_is_drawn_by_chance_is_no_line(ending: str) -> None:
    chance = random.Random(ending)
    letters = string.ascii_letters + string.digits + string.punctuation
    drawn = ["".join(chance.choices(letters, k=size)) + ending for size in (8, 12, 20, 40) for _ in range(2000)]
    assert not [value for value in drawn if more_than_value(value)[0]]
