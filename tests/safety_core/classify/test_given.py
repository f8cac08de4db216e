"""Arguments by what their names promise."""

from __future__ import annotations

import pytest

from safety_core.canonical import Json
from safety_core.classify.catalogue import Catalogue
from safety_core.classify.given import Given

CATALOGUE = Catalogue(
    {
        "roles": {"recipient": "to, attendees", "url": "url", "contact": "email", "content": "body"},
        "lexicon": {"from": "from, sender"},
    }
)


@pytest.mark.parametrize(
    ("key", "role"),
    [
        ("to", "recipient"),
        ("meetingAttendees", "recipient"),
        ("invoice_url", "url"),
        ("from_email", ""),
        ("senderEmail", ""),
        ("assigned_to", ""),
        ("colour", ""),
    ],
)
def test_the_last_word_of_a_name_promises_what_it_is(key: str, role: str) -> None:
    assert list(Given.of({key: "x"}, CATALOGUE).roles) == [role]


@pytest.mark.parametrize("value", [None, "", False])
def test_what_is_empty_is_not_given(value: Json) -> None:
    assert Given.of({"to": value}, CATALOGUE) == Given()


def test_texts_switches_and_lists() -> None:
    given = Given.of({"body": "hello", "to": ["a", "b", 7], "note": "x", "force": True, "loud": "Yes"}, CATALOGUE)
    assert given.switches == {"force", "loud"}
    assert given.texts == ["hello", "a", "b", "x", "Yes"]
    assert given.loose == ["hello", "x", "Yes"]
    assert given.longest == 3
    assert given.listed == []
    assert list(given.texts_of("recipient")) == ["a", "b"]
    assert list(given.texts_of("url")) == []


def test_a_list_of_texts_is_read_item_by_item_and_as_one() -> None:
    assert Given.of({"query": ["a", 7, "b"], "none": [7]}, CATALOGUE).listed == ["a", "b", "a b"]
