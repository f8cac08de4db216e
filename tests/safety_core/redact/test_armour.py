"""Private keys in progress."""

from __future__ import annotations

import pytest

from safety_core.redact.armour import Armour

KEY = "-----BEGIN RSA PRIVATE KEY-----\nAbc\n-----END RSA PRIVATE KEY-----\n"
PUTTY = "PuTTY-User-Key-File-2: ssh-rsa\nPrivate-Lines: 1\nAbc\nPrivate-MAC: 0123456789abcdef\n"


def open_places(text: str) -> list[int]:
    """Ask after every white space, as a stream does."""
    armour, start, found = Armour(), 0, []
    for end in (place + 1 for place, mark in enumerate(text) if mark.isspace()):
        if armour.goes_on(text, start, end):
            found.append(end)
        start = end
    return found


@pytest.mark.parametrize("text", [KEY, PUTTY])
def test_a_key_goes_on_up_to_its_last_line(text: str) -> None:
    places = [place + 1 for place, mark in enumerate(text) if mark.isspace()]
    assert open_places("see: " + text + "and on ") == [place + 5 for place in places[:-1]]


def test_what_is_no_private_key_goes_on_while_that_is_not_known() -> None:
    assert open_places("-----BEGIN PUBLIC KEY-----\nAbc\n") == [11, 18]
    assert open_places("-----BEGIN the day") == [11]
    assert open_places("PuTTY-User-Key-File-x ") == []


def test_a_second_beginning_counts() -> None:
    text = "-----BEGIN -----BEGIN PRIVATE KEY-----\nAbc\n"
    assert open_places(text) == [11, 22, 30, 39, 43]


def test_it_moves_with_its_text_and_can_be_given_up() -> None:
    armour = Armour()
    assert armour.goes_on("xx" + KEY, 0, 35)
    armour.moved(2)
    assert armour.goes_on(KEY, 33, 37)
    armour.forget()
    assert not armour.goes_on(KEY, 37, 40)
