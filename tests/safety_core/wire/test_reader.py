"""Untrusted JSON comes in by one door; every refusal names the field."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety_core.canonical import Json, canonical_bytes
from safety_core.errors import InputError, LimitError
from safety_core.wire.reader import DEPTH, Reader, check_retold, check_shape, parse_json

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
def test_every_json_value_comes_through_unchanged(value: Json) -> None:
    assert parse_json(json.dumps(value), "value") == value
    assert parse_json(json.dumps(value, ensure_ascii=False).encode("utf-8"), "value") == value


@given(st.binary(max_size=200))
def test_any_bytes_are_a_value_or_an_input_error(raw: bytes) -> None:
    with contextlib.suppress(InputError):
        parse_json(raw, "value")


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"\xff", "is not UTF-8"),
        (b"{,}", "is not JSON"),
        (b'{"a": 1, "a": 2}', "the same key twice"),
        (b'{"a": NaN}', "NaN"),
        (b"[Infinity]", "Infinity"),
        (b'"\\ud800"', "surrogate"),
        (b'{"\\udfff": 1}', "surrogate"),
    ],
)
def test_what_is_not_plain_json_is_refused_by_name(raw: bytes, reason: str) -> None:
    with pytest.raises(InputError, match=reason) as caught:
        parse_json(raw, "message")
    assert caught.value.thing == "message"


@pytest.mark.parametrize("deep", ["[" * (DEPTH + 2) + "]" * (DEPTH + 2), "[" * 200_000 + "]" * 200_000])
def test_deep_nesting_is_refused(deep: str) -> None:
    with pytest.raises(LimitError, match="nested deeper"):
        parse_json(deep, "message")


@pytest.mark.parametrize("large", [2.0**53, 1e18, -1e17])
def test_what_could_not_be_told_again_once_it_was_read_is_refused(large: float) -> None:
    with pytest.raises(InputError, match="m: holds a whole number past"):
        check_retold(canonical_bytes({"deep": [{"n": large}]}), "m")


@pytest.mark.parametrize("fine", [2**53 - 1, 1e21, 0.1234567890123456, "12345678901234567890", "1e18"])
def test_what_only_looks_like_it_passes(fine: Json) -> None:
    check_retold(canonical_bytes({"n": fine}), "m")


def test_nesting_up_to_the_limit_passes() -> None:
    parse_json("[" * DEPTH + "1" + "]" * DEPTH, "message")


def reader(**fields: Json) -> Reader:
    return Reader(dict(fields), "m")


def test_fields_come_out_typed() -> None:
    body = reader(t="x", n=1.5, i=3, b=True, l=["a"], o={"k": 1}, os=[{"k": 2}], nothing=None)
    assert body.path == "m"
    assert (body.text("t"), body.number("n"), body.integer("i"), body.flag("b")) == ("x", 1.5, 3, True)
    assert body.texts("l") == ("a",)
    assert body.object("o").integer("k") == 1
    assert [item.integer("k") for item in body.objects("os")] == [2]
    assert body.mapping("o") == {"k": 1}
    assert body.json("l") == ["a"]
    assert reader(a=1).whole() == {"a": 1}
    assert not body.has("nothing")
    assert set(body.keys()) == {"t", "n", "i", "b", "l", "o", "os", "nothing"}
    body.done()


def test_absent_and_null_fields_take_their_default() -> None:
    for body in (reader(), reader(f=None)):
        assert body.text("f", "d") == "d"
        assert body.number("f", 1.0) == 1.0
        assert body.integer("f", 2) == 2
        assert body.flag("f", True) is True
        assert body.texts("f", ("x",)) == ("x",)


def test_given_fields_win_over_their_default() -> None:
    body = reader(t="x", n=0, i=0, b=False, l=[])
    assert (body.text("t", "d"), body.number("n", 1.0), body.integer("i", 2)) == ("x", 0.0, 0)
    assert body.flag("b", True) is False
    assert body.texts("l", ("x",)) == ()


READS: list[tuple[Callable[[Reader], Any], list[Json]]] = [
    (lambda body: body.text("f"), [1, None, [], {}, True]),
    (lambda body: body.number("f"), ["1", None, True, []]),
    (lambda body: body.integer("f"), ["1", 1.0, True, None, -1, 2**53 + 1]),
    (lambda body: body.flag("f"), [0, "true", None]),
    (lambda body: body.texts("f"), ["a", ["a", 1], {}]),
    (lambda body: body.object("f"), [[], "x", None]),
    (lambda body: list(body.objects("f")), [{}, ["x"], None]),
    (lambda body: body.mapping("f"), [[], "x"]),
]


@pytest.mark.parametrize(("read", "wrong"), READS)
def test_a_wrong_type_or_an_absent_field_is_refused_by_name(read: Callable[[Reader], Any], wrong: list[Json]) -> None:
    with pytest.raises(InputError, match=r"m\.f: is missing"):
        read(reader())
    for value in wrong:
        with pytest.raises(InputError) as caught:
            read(reader(f=value))
        assert caught.value.thing.startswith("m.f")


def test_limits_are_named() -> None:
    with pytest.raises(LimitError, match=r"m\.f: is longer than 3 characters"):
        reader(f="xxxx").text("f", limit=3)
    with pytest.raises(LimitError, match=r"m\.f: has more than 1 items"):
        list(reader(f=[{}, {}]).objects("f", limit=1))
    with pytest.raises(LimitError, match=r"m\.f: is too large"):
        Reader.parse(f'{{"f": 1{"0" * 400}}}', "m").number("f")


def test_a_field_that_nobody_read_is_refused() -> None:
    body = Reader.parse('{"a": 1, "typo": 2}', "m")
    body.integer("a")
    with pytest.raises(InputError, match=r"m: has a field that is not known"):
        body.done()


def test_only_an_object_is_a_message() -> None:
    with pytest.raises(InputError, match="must be an object"):
        Reader.parse("[]", "m")


@pytest.mark.parametrize("number", [float("inf"), float("-inf"), float("nan")])
def test_a_number_that_json_cannot_write_is_refused_wherever_a_document_comes_from(number: float) -> None:
    """YAML and TOML have such numbers."""
    with pytest.raises(InputError, match="holds a number that is too large"):
        check_shape({"a": [1.5, number]}, "document")
