"""A call that shows a canary does not run, whatever policy says of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from safety_core.edge.driver import run
from safety_core.flow import tool_call
from safety_core.flow.answers import Executed, Permitted, Refused
from safety_core.model.record import Event
from tests.safety_core.flow.conftest import PLAIN, SHOP, call, context, world

WATCHED = replace(context(), canaries=frozenset({SHOP}))


@pytest.mark.parametrize("sentence", [tool_call.run, tool_call.decide])
def test_what_shows_it_is_refused(sentence: object) -> None:
    place = world()
    answer = run(sentence(call(f"echo {PLAIN}"), WATCHED), place.handlers)  # type: ignore[operator]
    assert isinstance(answer, Refused)
    assert answer.rule == "CanaryError"
    assert answer.reason.startswith("secret shop_key: is a canary, which nobody uses")
    assert place.events() == [Event.REFUSED]
    assert not place.executed


def test_what_shows_another_secret_or_none_is_not() -> None:
    assert isinstance(run(tool_call.run(call(), WATCHED), world().handlers), Executed)
    others = replace(context(), canaries=frozenset({SHOP[:-1]}))
    assert isinstance(run(tool_call.decide(call(f"echo {PLAIN}"), others), world().handlers), Permitted)
