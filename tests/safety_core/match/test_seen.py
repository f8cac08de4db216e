"""Who is told which registered secrets a text shows; and earlier values, which go by their secret's name."""

from __future__ import annotations

import base64

import pytest

from safety_core.match.matcher import Matcher
from safety_core.match.patterns import PatternSet
from safety_core.match.registry import Registry, earlier, told_name
from safety_core.model.secret import SecretName, SecretValue
from safety_core.redact.redactor import Redactor
from safety_core.redact.stream import StreamRedactor

OVEN, SHOP = SecretName("OVEN"), SecretName("SHOP")
VALUE, OLD = "vK7qZr2p" + "Lx9mWt4HdQ", "h3Tq2Wz9" + "Lx4Vm6Rk8P"


@pytest.fixture
def seen() -> list[frozenset[SecretName]]:
    return []


@pytest.fixture
def redactor(seen: list[frozenset[SecretName]]) -> Redactor:
    known = {OVEN: SecretValue(VALUE), earlier(OVEN, 1): SecretValue(OLD), SHOP: SecretValue("nothing-like-it-77")}
    return Redactor(Matcher(Registry(known), PatternSet(()), seen.append), b"k" * 32)


@pytest.mark.parametrize("text", [VALUE, OLD, VALUE.encode().hex(), base64.b64encode(f"x{VALUE}y".encode()).decode()])
def test_whatever_its_dress_it_is_told_once_by_its_own_name(
    redactor: Redactor, seen: list[frozenset[SecretName]], text: str
) -> None:
    assert "SECRET_REF(OVEN)" in redactor.text(f"a {text} b").text
    assert seen == [{OVEN}]
    redactor.value({"a": ["b", text]})
    assert seen[1:] == [{OVEN}]
    redactor.body(f'{{"a": "{text}"}}'.encode(), "application/json")
    assert seen[2:] == [{OVEN}]


def test_it_is_told_of_a_stream_too(redactor: Redactor, seen: list[frozenset[SecretName]]) -> None:
    stream = StreamRedactor(redactor)
    for character in f"and then {VALUE} is said":
        stream.feed(character)
    stream.end()
    assert {name for names in seen for name in names} == {OVEN}


def test_of_a_text_that_shows_none_nothing_is_told(redactor: Redactor, seen: list[frozenset[SecretName]]) -> None:
    redactor.text("nothing to see, and SECRET_REF(OVEN)")
    assert seen == []


def test_an_earlier_value_is_no_secret_of_its_own_that_anybody_could_name() -> None:
    assert told_name(earlier(OVEN, 3)) == OVEN == told_name(OVEN)
    registry = Registry({OVEN: SecretValue(VALUE)}).with_secret(earlier(OVEN, 1), SecretValue(OLD))
    redactor = Redactor(Matcher(registry, PatternSet(())), b"k" * 32)
    assert redactor.text(f"{OLD} {VALUE}").text == "SECRET_REF(OVEN) SECRET_REF(OVEN)"
    gone = Redactor(Matcher(registry.without(earlier(OVEN, 1)), PatternSet(())), b"k" * 32)
    assert gone.text(f"x {VALUE}").text == "x SECRET_REF(OVEN)"
    assert "OVEN" not in gone.text(f"x {OLD}").text
