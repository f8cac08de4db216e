"""Every spelling is undone; what was in it can be looked for then."""

from __future__ import annotations

import base64
import codecs

import pytest

from safety_core.match.respelled import respelled

SAID = "nbk_Order66ForTwoPeople"
CODED = base64.b64encode(SAID.encode()).decode()


@pytest.mark.parametrize(
    "text",
    [
        codecs.encode(SAID, "rot13"),
        ",".join(str(ord(letter)) for letter in SAID),
        "".join(f"{ord(letter):08b}" for letter in SAID),
        " ".join(f"{ord(letter):08b}" for letter in SAID),
    ],
)
def test_letters_as_something_else(text: str) -> None:
    assert SAID in [*respelled(text)]


def test_what_stands_apart_or_is_wrapped_comes_together() -> None:
    assert "AKIA1234" in [*respelled("A.K.I.A-1 2:3|4")]
    wrapped = "\n".join(CODED[start : start + 12] for start in range(0, len(CODED), 12))
    assert CODED in [*respelled(f"data:\n{wrapped}")]
    assert CODED not in [*respelled(f"data-{wrapped}")]
    assert "sk-a_b" in [*respelled("s k . - a _ b")]
    assert [*respelled("7, 9")] == ["79", "79", "7, 9"]
