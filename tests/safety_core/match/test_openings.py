"""Where a registered value could be going on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety_core.match.layer import flatten, squeeze
from safety_core.match.openings import HEAD, Known, Openings

VALUES = ["abc-DEF-123456", "abc-DEF", "abx", "abcd", '"quoted"\nline ä', "!?!?!", "a----b--cdef9"]
INDEX = Openings(VALUES)


def test_what_goes_on_and_what_is_whole() -> None:
    assert INDEX.goes_on(b"abc")
    assert INDEX.goes_on(b"abcdef1")
    assert not INDEX.goes_on(b"abcdef123456")
    assert not INDEX.goes_on(b"abd")
    assert INDEX.whole(b"abcdef123456zz") == 12
    assert INDEX.whole(b"abcdef12zz") == 6
    assert INDEX.whole(b"abcdx") == 4
    assert INDEX.whole(b"abc") == 0
    assert INDEX.whole(b"") == 0


def test_values_are_followed_as_json_writes_them_too() -> None:
    assert INDEX.whole(b"quotedlinea") == 11
    assert INDEX.whole(b"quotednlinea") == 12
    assert INDEX.whole(b"quotednlineu00e4") == 16


def test_what_stands_around_letters() -> None:
    assert INDEX.before == frozenset('"\\!?')
    assert INDEX.before_most == 5
    assert INDEX.after == frozenset("!?")
    assert INDEX.marks == {"!?!?!"}
    assert INDEX.gap == 5
    assert INDEX.longest == max(map(len, VALUES)) + 8
    assert "abx" not in INDEX.values
    assert {"YWJj", "6162", "MFRG"} <= INDEX.coded
    assert all(head in INDEX.heads for head in (b"a", b"ab", b"abc"))
    nothing = Openings([])
    assert (nothing.longest, nothing.gap, nothing.before_most, nothing.heads) == (0, 0, 0, frozenset())


@given(st.lists(st.text("ab-", min_size=4, max_size=9), max_size=6), st.text("ab", max_size=9))
def test_it_is_what_a_look_at_every_value_says(values: list[str], tail: str) -> None:
    index, squeezed = Openings(values), {squeeze(flatten(value)) for value in values} - {b""}
    text = tail.encode()
    assert index.goes_on(text) == any(len(each) > len(text) and each.startswith(text) for each in squeezed)
    assert index.whole(text) == max((len(each) for each in squeezed if text.startswith(each)), default=0)
    assert {each[:HEAD] for each in squeezed} <= index.heads


def test_one_more_value_shares_what_is_there() -> None:
    known = Known(["first-1234"])
    more = known.grown("second-1234").grown("third-1234")
    assert [part.whole(b"second1234") for part in more.parts] == [0, 10]
    assert [part.whole(b"third1234") for part in more.parts] == [0, 9]
    assert more.parts[0] is known.parts[0]
    assert len(known.parts) == 1


@pytest.mark.parametrize("number", [33, 40])
def test_many_more_make_the_index_anew(number: int) -> None:
    known = Known(["first-1234"])
    for turn in range(number):
        known = known.grown(f"value-{turn:04}")
    assert all(any(part.whole(b"value%04d" % turn) for part in known.parts) for turn in range(number))
    assert len(known.parts[0].values) == 34
