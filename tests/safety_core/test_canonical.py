"""RFC 8785: one value, one byte string."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from safety_core.canonical import canonical_bytes, digest
from safety_core.errors import InputError


def test_keys_are_ordered_by_utf16_code_units() -> None:
    """The example of RFC 8785, section 3.2.3: the euro sign sorts before the smiley, which sorts before U+FB33."""
    value = {"\u20ac": 1, "\ufb33": 2, "\U0001f600": 3}
    assert canonical_bytes(value) == '{"€":1,"😀":3,"\ufb33":2}'.encode()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**53 + 1, "\ud800", {"\udc00": 1}])
def test_what_has_no_canonical_form_is_refused(value: object) -> None:
    with pytest.raises(InputError, match="no canonical form"):
        canonical_bytes(value)  # type: ignore[arg-type]


def test_nesting_without_end_is_refused_not_a_crash() -> None:
    value: list[object] = []
    for _ in range(100_000):
        value = [value]
    with pytest.raises(InputError, match="no canonical form"):
        canonical_bytes(value)  # type: ignore[arg-type]


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), st.integers(1 - 2**53, 2**53 - 1)))
def test_the_order_of_keys_does_not_matter(value: dict[str, int]) -> None:
    assert digest(value) == digest(dict(reversed(value.items())))


TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
NUMBERS = st.one_of(
    st.integers(1 - 2**53, 2**53 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(1e-4, 1e16),
    st.floats(1.6e9, 1.9e9),
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), TEXTS, NUMBERS),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(TEXTS, inner)),
)


@given(VALUES)
@example("\x00\x08\t\n\x0b\x0c\r\x1f\x7f\x80\u2028\u2029\ufeff\"\\/<>&'")
@example({"b": [1.5, -1.5, 0.0, -0.0, 1e15, 1e-3, 123456789012345.6, 1764163971.131], "a": True})
def test_the_quick_way_writes_what_the_rfc_has(value: Any) -> None:
    assert canonical_bytes(value) == rfc8785.dumps(value)


class Word(StrEnum):
    A = "a"


def test_what_only_looks_like_text_goes_the_long_way() -> None:
    assert canonical_bytes({"w": Word.A}) == b'{"w":"a"}'
    deep: list[Any] = ["x"]
    for _ in range(40):
        deep = [deep]
    assert canonical_bytes(deep) == rfc8785.dumps(deep)
