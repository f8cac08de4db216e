"""Which part of a run is plainly words."""

from __future__ import annotations

import pytest

from safety_core.bundle.samples import invented
from safety_core.redact.leads import Leads
from safety_core.redact.ordinary import Words, word_length
from tests.safety_core.redact.conftest import LEADING

LEADS = Leads(LEADING)


def words(text: str, *coded: str) -> str:
    """Return the part of a run that leaves before its end, however it is cut."""
    found = Words(LEADS, [frozenset(coded)])
    found.read(text, len(text))
    piecewise = Words(LEADS, [frozenset(coded)])
    for limit in range(len(text) + 1):
        piecewise.read(text, limit)
    assert piecewise.end == found.end
    return text[: found.end]


@pytest.mark.parametrize(
    "text",
    ["hello", "Hello", "the", "self.registry.find", "getUserName", "foo_bar_value", "/usr/local/share", "import_module",
     "SOFTWARE", "\\n\\nreturn", "https://example.com/path/to/page", "|----|----|", "name=value",
     "**bold", "word...", "python3.11/site", "linear", "signal", "sign=letters"],
)  # fmt: skip
def test_words_leave(text: str) -> None:
    assert words(text) == text


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("hel", ""),
        ("ab", ""),
        ("forge", ""),
        ("forge_abc", ""),
        ("forgery", "forgery"),
        ("forge.abc", "forge."),
        ("FORGE_", "FORGE"),
        ("WORKS123", ""),
        ("works123", "works"),
        ("my_forge_token", ""),
        ("Tower-abc", ""),
        ("tower", ""),
        ("towers", "towers"),
        ("hello123456", "hello"),
        ("hellox9", "hellox"),
        ("x9hello", ""),
        ("value12345.more", "value"),
        ("hello-----BEGIN", "hello"),
        ("https://user:password@host", "https://user:"),
        ("https://user/a:b", "https://user"),
        ("my_password=hunter", "my_password="),
        ("password=hunter", "password="),
        ("my=password_more", "my=password"),
        ("xkqzwv", ""),
        ("hello" * 5, "hellohello"),
    ],
)
def test_words_leave_up_to_what_is_none(text: str, part: str) -> None:
    assert words(text) == part


def test_what_begins_like_an_encoded_secret_stays() -> None:
    assert words("hello.there") == "hello.there"
    assert words("hello.there", "hell") == ""
    assert words("hello.there", "ther") == "hello."


def test_four_letters_of_chance_are_rarely_a_word() -> None:
    passed = [token for turn in range(3000) if words(token := invented(f"{turn}{{32 base64}}").removeprefix(str(turn)))]
    assert len(passed) <= 20, passed


def test_a_word_is_one_while_its_trigrams_are_usual() -> None:
    assert word_length("information") == 11
    assert word_length("the") == 3
    assert word_length("xqzkwv") == 0
    assert word_length("wordxqzkjv") in range(4, 7)
    assert word_length("a" * 2) == 0
