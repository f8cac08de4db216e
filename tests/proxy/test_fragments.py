"""What of a secret is looked for by itself."""

from __future__ import annotations

import json

import pytest

from proxy.fragments import parts_of, signs_of
from safety_core.bundle.samples import characters
from safety_core.model.secret import SecretName

NAME = SecretName("database")
PART = characters(20, "alnum", "part")


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        (f"postgresql://app:{PART}@db.example:5432/shop", [PART]),
        (f"amqp://app:{PART}%2F%40@mq.example", [f"{PART}%2F%40", f"{PART}/@"]),
        (f"https://:{PART}@[::1]/", [PART]),
        (f"https://app:{PART}@[::1", []),
        ("postgresql://app:short@db.example/shop", []),
        ("postgresql://app@db.example/shop", []),
        (f"https://shop.example/?token={PART}@x", []),
        (json.dumps({"id": "AKIA", "token": PART, "number": 7}), [PART]),
        ('{"token": ', []),
        (PART, []),
    ],
)
def test_what_is_a_secret_by_itself(value: str, parts: list[str]) -> None:
    assert [part.reveal() for _, part in parts_of(NAME, value)] == parts


def test_a_part_of_a_url_is_known_as_one_of_it() -> None:
    names = {name for name, _ in parts_of(NAME, f"amqp://app:{PART}%2F@mq.example")}
    assert len(names) == 2
    assert names < {*signs_of(NAME)}
