"""What breaks a provider's cache is named; what does not break it is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from safety_core.meter.prefix import DIGEST, Broken, Parts, Prefix, compare, continues, shared, with_came


def digests(words: str) -> bytes:
    return b"".join(word.encode().ljust(DIGEST, b".") for word in words.split())


def prefix(
    messages: str = "", *, tools: str = "", system: str = "", model: str = "m", came: str | None = None
) -> Prefix:
    """Each word is a part; a tool's name is what stands before its ":"."""
    sent = Parts(digests(tools), digests(system), digests(messages))
    names = tuple(word.partition(":")[0] for word in tools.split())
    raw = None if came is None else replace(sent, messages=digests(came))
    return Prefix(model, f"{tools}/{system}", names, sent, raw)


def told(old: Prefix, new: Prefix) -> str:
    broken = compare(old, new).broken
    return broken.text() if broken else ""


def test_a_conversation_that_goes_on_keeps_all() -> None:
    old, new = prefix("a b", tools="x y", system="s"), prefix("a b c d", tools="x y", system="s")
    kept = compare(old, new)
    assert (kept.parts, kept.of, kept.broken) == (5, 5, None)
    assert continues(old, new)
    assert not continues(new, old)


@pytest.mark.parametrize(
    ("before", "after", "what"),
    [
        ("x:1 y:1", "x:1 y:2", "tool `y` changed"),
        ("x:1 y:1", "x:1 y:1 z:1", "tool `z` was added"),
        ("x:1 y:1", "z:1 x:1 y:1", "tool `z` was added"),
        ("x:1 y:1", "x:1", "tool `y` was removed"),
        ("x:1 y:1", "y:1", "tool `x` was removed"),
        ("x:1 y:1 z:1", "y:1 x:1 z:1", "tool `y` was moved"),
        ("x:1 y:1 y:1", "x:1 y:1", "tool `y` was moved"),
        ("", "x:1", "tool `x` was added"),
    ],
)
def test_a_change_of_tools_names_the_tool(before: str, after: str, what: str) -> None:
    assert told(prefix("a", tools=before, system="s"), prefix("a b", tools=after, system="s")) == what


@pytest.mark.parametrize(
    ("before", "after", "what"),
    [
        ("s t", "s u", "system block 2 changed"),
        ("s t", "s", "system block 2 was removed"),
        ("s", "s t", "system block 2 was added"),
    ],
)
def test_a_change_of_the_system_names_the_block(before: str, after: str, what: str) -> None:
    kept = compare(prefix("a", tools="x", system=before), prefix("a b", tools="x", system=after))
    assert kept.broken is not None
    assert kept.broken.text() == what
    assert kept.parts == 2


def test_a_rewritten_message_is_named_by_its_number() -> None:
    kept = compare(prefix("a b c d"), prefix("a B c d e"))
    assert kept.broken is not None
    assert (kept.broken.text(), kept.parts, kept.of) == ("message 2 of 5 was rewritten", 1, 4)
    assert kept.broken.what is Broken.MESSAGE


@pytest.mark.parametrize(
    ("before", "after"),
    [("a b c", "a b"), ("a b c", "a b x"), ("a b c", "a x"), ("a", "b")],
    ids=["taken back", "answered anew", "another way from the second on", "another conversation"],
)
def test_who_goes_back_breaks_nothing(before: str, after: str) -> None:
    assert told(prefix(before), prefix(after)) == ""


def test_a_summary_in_place_of_old_messages_is_a_rewriting() -> None:
    assert told(prefix("a b c d"), prefix("S c d e")) == "message 1 of 4 was rewritten"


def test_another_model_has_another_cache() -> None:
    assert told(prefix("a"), prefix("a b", model="n")) == "the model changed"


def test_what_redaction_broke_is_said_to_be_so() -> None:
    """The client sent the same as before; another secret is taken out of it now."""
    old, new = prefix("a b c"), prefix("a R c d", came="a b c d")
    assert told(old, new) == "redaction: a secret was registered that stands in message 2 of 4"
    assert told(new, prefix("a R c d e", came="a b c d e")) == ""
    last = prefix("a R", came="a b")
    assert told(prefix("a b"), last) == "redaction: a secret was registered that stands in message 2 of 2"


def test_redaction_in_tools_and_system_is_said_too() -> None:
    old = prefix("a", tools="x:1", system="s t")
    system = replace(prefix("a", tools="x:1", system="s R"), came=old.sent)
    assert told(old, system) == "redaction: a secret was registered that stands in system block 2"
    tools = replace(prefix("a", tools="x:R", system="s t"), came=old.sent)
    assert told(old, tools) == "redaction: a secret was registered that stands in tool `x`"


def test_what_came_stands_beside_what_leaves() -> None:
    sent, came = prefix("R"), prefix("a")
    assert with_came(sent, came) == replace(sent, came=came.sent)
    assert with_came(None, came) is None
    assert with_came(sent, None) is sent


def test_a_conversation_is_known_by_its_messages_wherever_they_stand() -> None:
    assert shared(prefix("a b c"), prefix("x b c")) == 2
    assert shared(prefix(""), prefix("x b c")) == 0
