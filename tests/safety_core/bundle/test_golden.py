"""Golden vectors: one line each, read strictly."""

from __future__ import annotations

import pytest

from safety_core.bundle import golden
from safety_core.bundle.golden import read_hits, read_vectors, vector_line
from safety_core.errors import InputError, PolicyError
from safety_core.model.level import Level
from safety_core.model.verdict import Hit

HITS = (Hit("b", Level.RED, "two"), Hit("a", Level.GREEN, "one"), Hit("b", Level.RED, "two"))


def test_a_line_is_read_as_it_was_written() -> None:
    raw = vector_line({"tool": "exec"}, HITS) + vector_line({}, ())
    first, second = read_vectors(raw, "golden.jsonl")
    assert (first.facts, first.hits) == ({"tool": "exec"}, (HITS[1], HITS[0]))
    assert (second.facts, second.hits) == ({}, ())


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"{", "is not JSON"),
        (b'{"facts": {}}', "hits is missing"),
        (b'{"facts": [], "hits": []}', "facts must be an object"),
        (b'{"facts": {}, "hits": [], "more": 1}', "has a field that is not known"),
        (b'{"facts": {}, "hits": [{"rule": "a", "level": "RED", "reason": ""}]}', r"hits\[0\].level is not a level"),
    ],
)
def test_a_wrong_line_is_refused_with_its_number(line: bytes, words: str) -> None:
    with pytest.raises(PolicyError, match=words) as caught:
        read_vectors(vector_line({}, ()) + line, "golden.jsonl")
    assert caught.value.thing == "golden.jsonl:2"


def test_there_is_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(golden, "VECTOR_LIMIT", 1)
    with pytest.raises(PolicyError, match="more than 1 vectors"):
        read_vectors(b"\n\n", "golden.jsonl")


@pytest.mark.parametrize(
    "value", [None, {}, "<undefined>", [1], [{"rule": "a", "level": "red"}], [{"rule": "a", "level": 3, "reason": ""}]]
)
def test_no_hit_is_guessed(value: object) -> None:
    with pytest.raises(InputError):
        read_hits(value, "answer")  # type: ignore[arg-type]
