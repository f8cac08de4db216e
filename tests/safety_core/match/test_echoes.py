"""What was found once is found again, however much was found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety_core.match import echoes as module
from safety_core.match.echoes import echoes


@pytest.mark.parametrize("few", [0, 16])
def test_a_value_is_found_where_nothing_stands_beside_it(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FEW", few)
    flat = b"abcd-efg1 xabcd-efg1 abcd-efg12 (abcd-efg1) abcd-efg1"
    values = {b"abcd-efg1": "one", b"abcd-efg12": "two", b"efg1": "short", b"abcd-efg99": "none"}
    found = {(name, flat[start:end]) for name, start, end in echoes(flat, values)}
    assert ("one", b"abcd-efg1") in found
    assert found <= {("one", b"abcd-efg1"), ("two", b"abcd-efg12")}
    assert [start for name, start, _ in echoes(flat, values) if name == "one"] == [0, 33, 44]


@given(st.lists(st.sampled_from([b"abcdefg1", b"abcdefg1-2", b"+bcdefg1+", b"-", b"x", b" "]), max_size=30))
def test_one_pass_finds_what_many_do(parts: list[bytes]) -> None:
    flat = b"".join(parts)
    values = {b"abcdefg1": "a", b"abcdefg1-2": "b", b"+bcdefg1+": "c"}
    twice = {value: name for value, name in values.items() if flat.count(value) > 1}
    assert {*module._in_one_pass(flat, twice)} == {*echoes(flat, values)}
