"""A fingerprint names a place, and holds nothing of the value."""

from __future__ import annotations

from safety_core.cli.scan.fingerprint import fingerprints
from safety_core.model.finding import Finding, FindingKind
from safety_core.model.secret import SecretName


def at(text: str, *values: str, rule: str = "r", path: str = "a.py") -> list[str]:
    findings = []
    place = 0
    for value in values:
        place = text.index(value, place)
        findings.append(Finding(FindingKind.PATTERN, rule, place, place + len(value), SecretName("x")))
        place += len(value)
    return fingerprints(path, text, findings)


def test_the_value_is_not_in_it() -> None:
    assert at("key = 'one' # x", "one") == at("key = 'another' # x", "another")


def test_nor_is_what_sticks_to_the_value() -> None:
    """A detector may have seen only a part of a password: what is left must not be open to guessing."""
    assert at("key = hunter-one-2", "one") == at("key = hunter-one-3", "one") == at("key = one", "one")


def test_nor_is_another_value_of_the_line() -> None:
    one, two = at("a='first' b='second'", "first", "second"), at("a='third' b='fourth'", "third", "fourth")
    assert one == two
    assert one[0] != one[1]


def test_it_depends_on_the_place() -> None:
    plain = at("key = 'one'", "one")
    assert len(plain[0]) == 16
    assert at("\n\nkey = 'one'\n", "one") == plain, "lines above and below come and go"
    assert at("  key = 'one'", "one") == plain, "so does indentation"
    assert at("live_key = 'one'", "one") != plain
    assert at("key = 'one'", "one", rule="s") != plain
    assert at("key = 'one'", "one", path="b.py") != plain


def test_the_same_line_again_is_another_place() -> None:
    first, second = at("key = 'one'\nkey = 'two'\n", "one", "two")
    assert first != second
    assert at("key = 'two'", "two") == [first]


def test_a_line_of_megabytes_is_known_by_what_is_near() -> None:
    near = "y " * 300
    assert at(f"{near}'one'{near}", "one") == at(f"{'z ' * 500}{near}'one'{near}{'z ' * 500}", "one")


def test_a_run_of_megabytes_is_masked_as_far_as_the_line_counts() -> None:
    assert at("k=" + "a" * 999 + "one" + "b" * 999, "one") == at("k=" + "c" * 999 + "one" + "d" * 999, "one")


def test_a_value_over_two_lines() -> None:
    assert at("a 'be\ngin' z", "be\ngin") == at("a 'x' z", "x")


def test_values_that_stick_together() -> None:
    one, two = at("k=abcdef", "abc", "def")
    assert one != two
