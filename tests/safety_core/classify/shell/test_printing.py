"""What programs print, checked against the real ones."""

from __future__ import annotations

import pytest

from safety_core.classify.paths import HOLE
from safety_core.classify.shell.printing import echoed, formatted, hides, turned
from safety_core.classify.shell.words import Word


def words(*texts: str) -> list[Word]:
    """Return static words."""
    return [Word(text) for text in texts]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["a", "b"], "a b\n"),
        (["-n", "a"], "a"),
        (["-e", "a\\tb"], "a\tb\n"),
        (["-E", "-e", "a\\tb"], "a\\tb\n"),
        (["a\\tb"], "a\\tb\n"),
        (["-x"], "-x\n"),
        ([], "\n"),
        ([HOLE], None),
    ],
)
def test_echo(arguments: list[str], expected: str | None) -> None:
    assert echoed(words(*arguments)) == expected


def test_a_pattern_may_be_names_of_files() -> None:
    assert echoed([Word("*", glob=True)]) is None


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["plain"], "plain"),
        (["%s-%s", "a", "b"], "a-b"),
        (["%s\\n", "a", "b"], "a\nb\n"),
        (["%d%%", "7"], "7%"),
        (["%s %d"], " 0"),
        (["%b", "\\x72\\155"], "rm"),
        (["\\162\\u006d\\0"], "rm\0"),
        (["%c", "rm"], "r"),
        (["a\\qb"], "a\\qb"),
        (["%5s", "a"], None),
        (["%x", "7"], None),
        ([HOLE], None),
        ([], None),
        (["%s", *["x" * 100] * 100], None),
    ],
)
def test_printf(arguments: list[str], expected: str | None) -> None:
    assert formatted(words(*arguments)) == expected


@pytest.mark.parametrize(
    ("name", "text", "arguments", "expected"),
    [
        ("base64", "cm0g\neA==\n", ["-d"], "rm x"),
        ("base64", "cm0g", [], None),
        ("base64", "%", ["--decode"], None),
        ("base64", "/w==", ["-d"], None),
        ("base32", "OJWSA6A=", ["-d"], "rm x"),
        ("base32", "OJWSA6A=", [], None),
        ("base32", "1", ["-d"], None),
        ("xxd", "72 6d", ["-r", "-p"], "rm"),
        ("xxd", "72 6d", ["-p"], None),
        ("xxd", "0000: 726d  rm", ["-r"], None),
        ("xxd", "xyz", ["-r", "-p"], None),
        ("rev", "mr\nab\n", [], "rm\nba\n"),
        ("tr", "ez", ["a-z", "n-za-m"], "rm"),
        ("tr", "abc", ["abc", "x"], "xxx"),
        ("tr", "r-m", ["-d", "-"], None),
        ("tr", "rxm", ["-d", "x"], "rm"),
        ("tr", "rm", ["-s", "r", "m"], None),
        ("tr", "rm", ["[:lower:]", "[:upper:]"], None),
        ("tr", "rm", ["a", ""], None),
        ("tr", "rm", [HOLE, "a"], None),
        ("sort", "b\na\n", [], None),
    ],
)
def test_what_a_program_makes_of_a_text(name: str, text: str, arguments: list[str], expected: str | None) -> None:
    assert turned(name, text, words(*arguments)) == expected


def test_a_long_text_is_not_turned() -> None:
    assert turned("rev", "a" * 100_000, []) is None


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("rev", [], True),
        ("base32", ["-d"], True),
        ("tr", ["a-z", "n-za-m"], True),
        ("tr", ["a-z", "A-Z"], True),
        ("tr", ["[:lower:]", "[:upper:]"], False),
        ("tr", ["-d", "\r"], False),
        ("openssl", ["enc", "-d"], True),
        ("openssl", ["version"], False),
        ("python3", ["-c", "import base64; print(base64.b64decode('eA=='))"], True),
        ("python3", ["-c", "print(1)"], False),
        ("sort", [], False),
    ],
)
def test_who_hides_a_text(name: str, arguments: list[str], expected: bool) -> None:
    assert hides(name, words(*arguments)) is expected
