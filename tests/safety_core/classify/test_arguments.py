"""What stands in the arguments of a tool."""

from __future__ import annotations

import pytest

from safety_core.canonical import Json
from safety_core.classify.arguments import MOST_FIELDS, commands_in, fields_in, leaves, people_in, plain, sum_in


@pytest.mark.parametrize("key", ["toAddress", "to_address", "to-address", "To.Address"])
def test_an_argument_has_one_plain_name(key: str) -> None:
    assert plain(key) == "to_address"


def test_arguments_inside_of_arguments_are_found() -> None:
    params: dict[str, Json] = {"mail": {"to": "a@example.com"}, "parts": [{"fileName": "x"}, 7], "n": 1}
    assert [key for key, _ in fields_in(params)] == ["mail", "parts", "n", "to", "file_name"]


def test_a_call_with_very_many_arguments_is_read_to_a_limit() -> None:
    assert len(list(fields_in({f"a{n}": n for n in range(2 * MOST_FIELDS)}))) < MOST_FIELDS


def test_texts_are_found_wherever_they_stand() -> None:
    assert list(leaves({"a": ["x", {"b": "y"}], "c": 7, "d": None})) == ["x", "y"]


def test_a_list_of_words_is_one_command() -> None:
    assert list(commands_in(["rm", "-r", "a b"])) == ["rm -r 'a b'"]
    assert list(commands_in("ls; pwd")) == ["ls; pwd"]


@pytest.mark.parametrize(
    ("value", "people"),
    [
        ("anna@example.com", ["anna"]),
        ("anna@example.com, bert@example.com;carl@example.com\ndora@example.com,", ["anna", "bert", "carl", "dora"]),
        ("Anna <anna@example.com>", ["anna"]),
        ("bert@example.org <anna@example.com>", ["anna"]),
        ([{"name": "Anna", "address": "anna@example.com"}, "bert@example.com"], ["anna", "bert"]),
        ([{"name": "Anna", "room": "7"}, {}], ["Anna"]),
        (" #general ", ["#general"]),
        (7, []),
    ],
)
def test_people_are_named_one_by_one(value: Json, people: list[str]) -> None:
    assert [name.removesuffix("@example.com") for name in people_in(value)] == people


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (1200, "EUR", "1,200 EUR"),
        (1200.5, "EUR", "1,200.50 EUR"),
        ("$1,200.50", "", "1,200.50"),
        ("12", "USD", "12.00 USD"),
        ("all of it", "EUR", ""),
        (True, "EUR", ""),
        (None, "EUR", ""),
    ],
)
def test_a_sum_is_written_as_people_read_it(amount: Json, currency: str, text: str) -> None:
    assert sum_in(amount, currency) == text
