"""What a terminal is given to show."""

from __future__ import annotations

import pytest

from safety_core.cli.policy.screen import say, strong


def test_a_terminal_is_given_nothing_that_it_would_obey(capsys: pytest.CaptureFixture[str]) -> None:
    say(strong("till") + " \x1b]0;title\x07 \x1b[2J \x9b2J \x1b[8m \u202e end")
    shown = capsys.readouterr().out
    assert shown.startswith("till ")
    assert shown.endswith(" end\n")
    assert shown.rstrip("\n").isprintable()
