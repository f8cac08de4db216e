"""What a match can begin with, read off the expression."""

from __future__ import annotations

from typing import cast

import pytest
import regex

from safety_core.bundle.samples import invented
from safety_core.match.beginnings import LONGEST, beginnings, either_case, has_spaces, least
from tests.safety_core.match.conftest import pattern_of, shipped_entries


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("gh[op]_[A-Za-z0-9]{36}", "gho_ ghp_"),
        ("(?<![A-Za-z0-9])sk-(?:live|test)?-[0-9]", "sk-- sk-live- sk-test-"),
        (r"(?i)(?:Pass|PWD)\w*=(.+)", "pass pass= pwd pwd="),
        (r"a\.b\-c\d+", "a.b-c"),
        (r"(?=abc)\babc$", "abc"),
        (r"ab{3}c", "abbbc"),
        (r"ab{1,2}c", "abc abbc"),
        (r"ab{1,}c", "abb abc"),
        (r"ab+c", "abb abc"),
        (r"ab*c", "ac ab"),
        (r"ab?c", "ac abc"),
        (r"key\s{1,8}is", "key_is"),
        (r"key\s*is", "keyis key_is"),
        (r"key\s+is", "key_is"),
        (r"key[ \t]is", "key_is"),
        (r"a[b\-c]d", "abd acd a-d"),
        (r"a[^b]d", "a"),
        (r"a[a-z]d", "a"),
        (r"a[\d_]d", "a"),
        (r"a[bcdefghijk]d", "a"),
        (r"a.d", "a"),
        (r"[]x]y", "]y xy"),
        (r"\S+x", ""),
        (r"[abcde][abcde][abcde]x", " ".join(first + second for first in "abcde" for second in "abcde")),
        ("abcdefghijklmnopqrstuvwxyz", "abcdefghijklmnop"),
    ],
)
def test_beginnings(expression: str, found: str) -> None:
    got = {text.replace(" ", "_") for text in beginnings(expression)}
    assert got == set(found.split())


def test_a_group_has_beginnings_of_its_own() -> None:
    expression = r"key[(]\((?:=|:)(sk-[a-z]+|pk)(x)"
    assert beginnings(expression, 1) == {"sk-", "pkx"}
    assert beginnings(expression, 2) == {"x"}


def test_what_is_told_of_a_group() -> None:
    assert least(r"key=([0-9a-f]{32})", 1) == 32
    assert least(r"key=([^a]{3,9})", 1) == 3
    assert least(r"key=([0-9a-f]+)", 1) == 0
    assert has_spaces(r"words: ((?:[a-z]{3,8} ){11,23}[a-z]+)", 1)
    assert has_spaces(r"words: ((?:[a-z]{3,8}\s{1,3}){12})", 1)
    assert not has_spaces(r"words: +([a-z]{11,23})", 1)
    assert either_case("(?i)a")
    assert not either_case("a(?:i)")


def test_the_shipped_patterns_begin_as_their_samples_do() -> None:
    begun = others = 0
    for entry in shipped_entries():
        pattern = pattern_of(entry)
        heads, compiled = beginnings(pattern.expression), regex.compile(pattern.expression.encode())
        for found in (compiled.search(invented(sample).encode()) for sample in cast("list[str]", entry["must_match"])):
            text = found[0].decode() if found else ""
            text = text.lower() if either_case(pattern.expression) else text
            begun += any(text.startswith(head) for head in heads)
            others += not any(text.startswith(head) for head in heads) and bool(heads and text)
    assert begun > 500
    assert others < 25  # those that begin with white space, or with one of several things of which one is anything
    assert LONGEST == 16
