"""RFC 8785: one value, one byte string."""

from __future__ import annotations

import pytest
from hypothesis import given
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
