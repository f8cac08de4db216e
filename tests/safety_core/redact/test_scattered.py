"""A secret in pieces beside each other is found; values that merely stand beside each other are none."""

from __future__ import annotations

from safety_core.bundle.samples import invented
from safety_core.redact.scattered import scattered
from tests.simulators.prompt_world import SECRETS, redactor

KEY = "nbk_" + invented("{20 alnum}")


def test_pieces_that_come_to_a_token_are_found() -> None:
    for pieces in (
        [KEY[:9], KEY[9:]],
        ["shop", KEY[:5], KEY[5:12], KEY[12:], "eu"],
        [KEY[:2], KEY[2:4], KEY[4:9], KEY[9:]],
    ):
        assert {found.rule for found in scattered(pieces, redactor())} == {"nimbus-key"}
    secret = next(iter(SECRETS.values()))
    assert scattered([secret[:6], secret[6:]], redactor())


def test_whole_ones_are_somebody_elses_and_others_are_none() -> None:
    assert scattered([], redactor()) == ()
    assert scattered([KEY], redactor()) == ()
    assert scattered(["x" * 300, KEY[:9], "x" * 300, KEY[9:]], redactor()) != (), "what is too long is passed over"
    assert scattered([invented("{20 alnum}"), invented("{20 alnum}")], redactor()) == (), "chance is everywhere"
