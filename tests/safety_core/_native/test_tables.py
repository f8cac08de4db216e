"""Needles are found wherever they stand, by the gram table and by Hyperscan alike."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safety_core._native import grams as module
from safety_core._native.engine import TWIN, Table
from safety_core.bundle.samples import characters
from tests.safety_core._native.conftest import ENGINES, C

TABLES = [pytest.param(engine.table, id=engine.name) for engine in {TWIN.name: TWIN, C.name: C}.values()]
every_table = pytest.mark.parametrize("new", TABLES)


def brute(needles: list[bytes], text: bytes) -> list[tuple[int, int, int]]:
    return sorted(
        (tag, start, start + len(needle))
        for tag, needle in enumerate(needles)
        for start in range(len(text))
        if text.startswith(needle, start)
    )


@every_table
@pytest.mark.parametrize("length", range(10, 30))
def test_every_length_at_every_place(new: Callable[[], Table], length: int) -> None:
    needle = characters(length, "lower", "needle").encode()
    table = new()
    table.add_all([(needle, 7)])
    for before in range(9):
        text = b"x" * before + needle + b"y" * (before % 3)
        assert table.find(text) == [(7, before, before + length)]
        assert table.find(text[:-1] if before % 3 == 0 else text[: before + length - 1]) == []


@every_table
def test_nothing_is_found_in_nothing(new: Callable[[], Table]) -> None:
    table = new()
    assert table.find(b"some text of some length") == []
    table.add_all([])
    table.add_all([(b"0123456789", 1)])
    assert table.find(b"") == table.find(b"012345678") == []


@every_table
def test_what_many_share_is_found_for_each(new: Callable[[], Table]) -> None:
    needles = [b"postgresappshop" + characters(12, "lower", str(number)).encode() for number in range(500)]
    table = new()
    table.add_all((needle, tag) for tag, needle in enumerate(needles))
    for tag in (0, 1, 250, 499):
        assert table.find(b"at " + needles[tag]) == [(tag, 3, 30)]


@every_table
def test_tables_grow_by_ones_and_by_thousands(new: Callable[[], Table], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROOM", 8)
    needles = [characters(20, "lower", str(number)).encode() for number in range(2000)]
    table = new()
    table.add_all((needle, tag) for tag, needle in enumerate(needles[:1500]))
    for tag, needle in enumerate(needles[1500:], 1500):
        table.add_all([(needle, tag)])
    text = b"".join(needles)
    assert sorted(table.find(text)) == [(tag, 20 * tag, 20 * tag + 20) for tag in range(2000)]
    assert len(table) == 2000


SHAPES = st.text(alphabet="abc", min_size=10, max_size=24) | st.text(alphabet="ab", min_size=10, max_size=14)


@every_table
@settings(max_examples=300)
@given(needles=st.lists(SHAPES.map(str.encode), min_size=1, max_size=8), text=st.text(alphabet="abc", max_size=60))
def test_exactly_the_occurrences_are_found(new: Callable[[], Table], needles: list[bytes], text: str) -> None:
    table = new()
    table.add_all((needle, tag) for tag, needle in enumerate(needles))
    whole = text.encode() + needles[0] + text[:5].encode()
    assert sorted(table.find(whole)) == brute(needles, whole)


@settings(max_examples=300)
@given(text=st.text(alphabet="ab(", max_size=80), needle=st.text(alphabet="ab(", max_size=5))
def test_a_needle_stands_in_a_text_or_not(text: str, needle: str) -> None:
    for engine in ENGINES:
        assert engine.contains(text.encode(), needle.encode()) is (needle in text)
        assert engine.contains(text.encode() + b"SECRET_REF(", b"SECRET_REF(")
