"""Every rule can be explained, without a sample of a secret."""

from __future__ import annotations

import pytest

from safety_core.cli.scan.explain import explained, in_words
from safety_core.cli.scan.rules import Rules
from safety_core.edge.shipped import bundle_of, shipped_sources
from safety_core.errors import InputError
from safety_core.model.finding import FindingKind
from safety_core.model.policy import Pattern

SOURCES = shipped_sources()
PATTERNS = {pattern.id: pattern for pattern in bundle_of(SOURCES).policy.patterns}


@pytest.mark.parametrize("rule", [*sorted(PATTERNS)[::40], "registered", "registered-base64", "unknown"])
def test_a_rule_is_explained(rule: str) -> None:
    lines = explained(rule, PATTERNS, SOURCES, 80).splitlines()
    assert lines[0].startswith(f"{rule}: ")
    labels = [line[:11].strip() for line in lines if line[:1].strip()]
    assert {"severity", "why", "looks for", "lives in", "allow"} <= set(labels)
    assert not [line for line in lines if len(line) > 80 and not line.startswith(("expression", rule))]


def test_a_pattern_says_where_it_lives_and_what_it_is_not() -> None:
    shown = explained("url-password", PATTERNS, SOURCES)
    assert "looks for  postgres://shop: <14 letters and digits> @db.example:5432/shop" in shown
    assert "but not    https://user:password@example.com/" in shown
    assert "secret     group 1 of it" in shown
    assert "lives in   policies/patterns/values.yaml" in shown


@pytest.mark.parametrize(
    ("sample", "words"),
    [
        ("ghp_{36 alnum}", "ghp_ <36 letters and digits>"),
        ("key-{}{20 hex} end", "key- <20 hexadecimal digits>  end"),
        ("a{}b", "ab"),
        ("ghp_{github}", "ghp_ <36 characters that end in their checksum>"),
        ("{jwt}", "<a JSON Web Token>"),
        ("${SECRET} {x} {1: 2}", "${SECRET} {x} {1: 2}"),
        ("{4 odd}\n", "<4 odd> \\n"),
    ],
)
def test_the_shape_of_a_sample(sample: str, words: str) -> None:
    assert in_words(sample) == words


def test_an_unknown_rule_brings_up_similar_ones() -> None:
    with pytest.raises(InputError, match="did you mean github"):
        explained("githbu", PATTERNS, SOURCES)
    with pytest.raises(InputError, match="does not exist"):
        explained("@@@@", PATTERNS, SOURCES)


def test_a_pattern_whose_source_is_not_there_is_still_explained() -> None:
    shown = explained("x", {"x": Pattern("x", "Title", "x+", keywords=("shop",), min_entropy=2.5)}, {})
    assert "one of these words stands near: shop; at least 2.5 bits of entropy per character" in " ".join(shown.split())


def test_a_rule_that_nobody_knows_has_its_id_for_a_title() -> None:
    assert Rules(()).of(FindingKind.PATTERN, "gone").title == "gone"
