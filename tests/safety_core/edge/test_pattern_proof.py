"""Patterns are proved before a bundle is activated, and tried as strictly as an author wants."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from safety_core.bundle.samples import Sample
from safety_core.edge import pattern_proof, pattern_worker
from safety_core.edge.pattern_proof import check_patterns, prove_patterns
from safety_core.errors import PolicyError, UnprovenError
from safety_core.match.patterns import PatternSet
from safety_core.model.policy import Pattern

GOOD = Pattern("good", "Good", "good_([a-z0-9]{20})", group=1, keywords=("shop",))
WRONG = [
    (Pattern("bad", "Bad", "(?<![A-Za-z0-9)abc"), "expression", "is not a regular expression"),
    (Pattern("bad", "Bad", "[z-a]{4,9}(?![z-a])"), "expression", "is not a regular expression"),
    (Pattern("bad", "Bad", "abc", check="no_such"), "check", "names a check that does not exist: no_such"),
    (Pattern("bad", "Bad", "a(b)c", group=2), "group", "has no group 2"),
]


@pytest.mark.parametrize(("pattern", "field", "reason"), WRONG)
async def test_a_wrong_pattern_is_refused_wherever_it_is_tried(pattern: Pattern, field: str, reason: str) -> None:
    with pytest.raises(PolicyError, match=f"^1.{field}: pattern bad {reason}"):
        check_patterns([GOOD, pattern], [], lambda number, field: f"{number}.{field}")
    with pytest.raises(UnprovenError):
        await prove_patterns([GOOD, pattern])


async def test_the_edge_names_the_pattern() -> None:
    with pytest.raises(UnprovenError, match="pattern bad: names a check that does not exist"):
        await prove_patterns([GOOD, WRONG[2][0]])


async def test_good_patterns_are_proved() -> None:
    await prove_patterns([])
    await prove_patterns([GOOD])
    assert pattern_worker.answer(json.dumps([asdict(GOOD)]).encode()) == {"ok": []}


async def test_an_expression_that_takes_too_long_is_refused() -> None:
    with pytest.raises(UnprovenError, match=r"patterns: do not compile within 0 s"):
        await prove_patterns([GOOD], seconds=0)


async def test_a_process_that_cannot_be_started_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pattern_proof.sys, "executable", "/nowhere")
    with pytest.raises(UnprovenError, match="patterns: could not be tried"):
        await prove_patterns([GOOD])


async def test_a_process_that_dies_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pattern_proof.sys, "executable", "/bin/false")
    with pytest.raises(UnprovenError, match="patterns: end the process that compiles them"):
        await prove_patterns([GOOD])


def test_more_memory_than_there_is_has_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(patterns: list[Pattern]) -> PatternSet:
        raise MemoryError

    monkeypatch.setattr(pattern_worker, "PatternSet", full)
    assert pattern_worker.answer(b"[]")["error"][1] == "take more memory than there is"


@pytest.mark.parametrize("expression", ["a*", "(?:key)?", "|a", "(?=x)?"])
def test_what_matches_the_empty_text_is_refused(expression: str) -> None:
    with pytest.raises(PolicyError, match=r"0\.expression: pattern all matches the empty text"):
        check_patterns([Pattern("all", "All", expression)], [], lambda number, field: f"{number}.{field}")


def test_what_only_hyperscan_refuses_has_a_place_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(patterns: list[Pattern]) -> PatternSet:
        raise PolicyError("pattern good", "cannot be compiled (-4)")

    monkeypatch.setattr(pattern_proof, "PatternSet", refuses)
    with pytest.raises(PolicyError, match=r"0\.expression: pattern good cannot be compiled"):
        check_patterns([GOOD], [], lambda number, field: f"{number}.{field}")


def tried(text: str, *, must_match: bool) -> None:
    other = Pattern("other", "Other", "good_[a-z0-9]{20}")
    check_patterns([other, GOOD], [Sample(1, "a.yaml:7", text, must_match)], lambda *_: "")


def test_samples_hold_for_their_own_pattern() -> None:
    tried("shop good_{20 lower}", must_match=True)
    tried("good_{20 lower}", must_match=False)


@pytest.mark.parametrize(
    ("text", "must_match", "told"),
    [
        ("good_{20 lower}", True, "a sample of pattern good is not found"),
        ("shop good_{20 lower}", False, "a sample of pattern good is found, and must not be"),
        ("shop good_{20 foo}", True, r"\{20 foo\} names an alphabet"),
    ],
)
def test_a_sample_that_comes_out_otherwise_is_named(text: str, must_match: bool, told: str) -> None:
    with pytest.raises(PolicyError, match=rf"a\.yaml:7: {told}"):
        tried(text, must_match=must_match)
