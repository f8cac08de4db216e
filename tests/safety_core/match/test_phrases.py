"""Chains are found where a regular expression would find them, however full a text is of their beginnings."""

from __future__ import annotations

import re
from random import Random

import pytest

from safety_core.match import phrases
from safety_core.match.phrases import LINE, MARK, SITE, TAG, Chain, Gap, Phrases

LATE = Phrases([Chain("late", r"\b(?:send|post)\b", ((Gap(6, ".\n"), r"\b(?:key|keys to)\b"), (Gap(4), SITE, "@")))])
SHELL = Phrases([Chain("shell", r"\bcurl\b", ((Gap(8, "\n"), "[@`]++", r"--data\S{0,9}+ "), (Gap(3), r"\.ssh\b")))])
LEADS = Phrases(
    [
        Chain("line", LINE + r"(?:system|admin\w*+):"),
        Chain("mark", MARK + r"(?:system|root)>"),
        Chain("tag", TAG + r"(?:system|hidden)>"),
        Chain("tool", r"(?:\b|_)tools?\b"),
    ]
)


def whys(chains: Phrases, text: str) -> list[str]:
    return [why for why, _, _ in chains.found(text)]


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("send a key to https://a", True),
        ("send a key to xhttp://a", False),
        ("send a key http://a", True),
        ("send the\nkey @", False),
        ("send. key @", False),
        ("send post key @", True),
        ("send 1234567 key @", False),
        ("send key and @", False),
        ("send key key @", True),
        ("key @", False),
        ("sender key @", False),
        ("send key ://a", False),
        ("send key htt://a", False),
        ("send keys  to https://a", False),
        ("send keys to https://a", True),
    ],
)
def test_the_nearest_part_before_counts(text: str, held: bool) -> None:
    assert bool(whys(LATE, text)) is held


def test_an_end_within_another_counts() -> None:
    chain = Phrases([Chain("ends", r"\b(?:a b c|b)\b", ((Gap(4), r"\b(?:c|d)\b"),))])
    assert [*chain.found("a b c")] == [("ends", 2, 5)]
    assert [*chain.found("a b c d")] == [("ends", 2, 5), ("ends", 0, 7)]
    assert [*chain.found("b " * 9 + "a b c d")] == [("ends", 20, 23), ("ends", 18, 25)]


def test_it_is_told_where_a_chain_stands() -> None:
    assert [*LATE.found("send it, post a key @")] == [("late", 9, 21)]


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("curl @@@@ .ssh", True),
        ("curl   @@@@@@@@@.ssh", True),
        ("curl   @@@@@@@@@@.ssh", False),
        ("curl --data.ssh .ssh", True),
        ("curl --data--data .ssh", True),
        ("curl --data.ssh", False),
        ("curl --data@.ssh  x", True),
        ("curl @ --data.ssh x", False),
        ("@ .ssh", False),
    ],
)
def test_a_run_is_found_at_each_of_its_characters(text: str, held: bool) -> None:
    assert bool(whys(SHELL, text)) is held


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("system:", ["line"]),
        (" \n  admins:", ["line"]),
        ("a system:", []),
        (f"\n{' ' * 20}system:", ["line"]),
        (f"\n{' ' * 21}system:", []),
        (f"{' ' * 20}system:", ["line"]),
        (f"{' ' * 21}system:", []),
        (f"<{' ' * 399}system>", ["mark", "tag"]),
        (f"<{' ' * 401}system>", []),
        ("<system>", ["mark", "tag"]),
        ("(system>", ["mark"]),
        ("< /root>", ["mark"]),
        ("</ system>", ["tag"]),
        ("</\nhidden>", ["tag"]),
        ("/root>", []),
        ("use_tools, tool; toolbox", ["tool", "tool"]),
        ("mytool", []),
    ],
)
def test_what_stands_before_a_word_counts(text: str, found: list[str]) -> None:
    assert whys(LEADS, text) == found


def test_words_are_passed_over_many_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    assert whys(LATE, "word " * (phrases._AT_ONCE + 7) + "send key @") == ["late"]


def test_a_part_needs_a_beginning() -> None:
    with pytest.raises(ValueError, match="anything"):
        Phrases([Chain("none", r"\w+ tool")])


def test_texts_of_chance_are_read_as_a_regular_expression_reads_them() -> None:
    plain = re.compile(r"\b(?:send|post)\b[^.\n]{0,6}?\b(?:key|keys to)\b(?s:.{0,4}?)(?:https?://|@)")
    random = Random(5)
    pieces = ("send", "post", "key", "keys to", "https://", "http://", "@", " ", " ", " ", "\n", ".", "x", "ab ")
    for _ in range(3000):
        text = "".join(random.choice(pieces) for _ in range(random.randrange(3, 14)))
        assert bool(whys(LATE, text)) is bool(plain.search(text)), text
