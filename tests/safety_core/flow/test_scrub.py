"""A call without secrets: what stands for them, and what must not hide behind them."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from safety_core.edge.driver import run
from safety_core.edge.shipped import shipped_bundle
from safety_core.flow import tool_call
from safety_core.flow.answers import Executed, Pending, Refused
from safety_core.match.matcher import Matcher
from safety_core.match.patterns import PatternSet
from safety_core.match.registry import Registry
from safety_core.model.level import Level, Tier
from safety_core.model.record import Event
from safety_core.model.tool_call import CallId, SessionId, ToolCall
from safety_core.redact.redactor import Redactor
from tests.safety_core.flow.conftest import AGENT, KEY, PLAIN, call, context, world
from tests.simulators.policies import TENANT


def test_a_secret_in_the_call_becomes_a_reference_before_anything_sees_it() -> None:
    place = world(Level.RED)
    wish = replace(call(f"deploy --token '{PLAIN}'"), session=SessionId(PLAIN), id=CallId(f"c-{PLAIN}"))
    parked = run(tool_call.decide(wish, context()), place.handlers)
    assert isinstance(parked, Pending)
    assert parked.request.params == {"command": "deploy --token 'SECRET_REF(shop_key)'"}
    assert PLAIN not in repr(place.asked)
    assert PLAIN not in repr([parked, place.log])


def test_a_secret_that_nobody_registered_goes_to_the_vault_under_a_name_of_its_own() -> None:
    found = shipped_bundle().policy.patterns
    eager = Redactor(Matcher(Registry({}), PatternSet(found)), KEY)
    plain = "gh" + "p_" + "k7Yd2LmQ9sVx4TzR1wBn8CpJ5hGf3E0m0Etm"
    place = world(output=f"Authorization: Bearer {plain}")
    here = replace(context(), redactor=eager)
    answer = run(tool_call.run(call(f"curl -H 'Authorization: Bearer {plain}' localhost"), here), place.handlers)
    assert isinstance(answer, Executed)
    assert plain not in answer.output
    names = {name for name, value in place.vault.items() if value.reveal() in plain or plain in value.reveal()}
    assert len(names) == 1
    assert place.revealed == names


@cache
def seasoned() -> Redactor:
    """A redactor that looks for patterns too."""
    return Redactor(Matcher(Registry({}), PatternSet(shipped_bundle().policy.patterns)), KEY)


DISGUISE = "echo PuTTY-User-Key-File-2: " + "a" * 40 + "; {}; echo Private-Lines: 1 " + "A" * 44


@pytest.mark.parametrize(
    "command",
    [
        DISGUISE.format("rm -rf /"),
        "echo --token x1;reboot;7fK" + "q2Zw9x",
        "cat --token 9Kq2Zw" + "7x/../../etc/shadow",
    ],
)
@pytest.mark.parametrize("sentence", [tool_call.decide, tool_call.run])
def test_nothing_runs_in_the_disguise_of_a_secret(command: str, sentence: Any) -> None:
    place = world()
    assert seasoned().text(command).findings
    answer = run(sentence(call(command), replace(context(Tier.AUTONOMOUS), redactor=seasoned())), place.handlers)
    assert isinstance(answer, Refused)
    assert "looks like a secret" in answer.reason
    assert place.events() == [Event.REFUSED]


@pytest.mark.parametrize(
    "command",
    [
        "mysql --password=Xk9q" + "Z7wv4pp shop < dump.sql",
        "psql postgres://u:Xy7k" + "d9wQ@db.internal/x -c 'select 1'",
        "curl -H 'Authorization: Bearer Zq8plumKEY" + "7731xxZq8plum' https://shop.example/orders",
        "echo 'password=Xy7!k" + "d$9w' > .env",
    ],
)
def test_an_ordinary_secret_in_a_call_hides_nothing(command: str) -> None:
    place = world()
    assert seasoned().text(command).findings
    answer = run(tool_call.decide(call(command), replace(context(), redactor=seasoned())), place.handlers)
    assert not isinstance(answer, Refused)


def test_a_call_with_a_secret_in_pieces_is_refused() -> None:
    place = world()
    half = len(PLAIN) // 2
    params: Any = {"first": PLAIN[:half], "second": PLAIN[half:]}
    pieces = ToolCall(CallId("c1"), TENANT, AGENT, SessionId("s1"), "configure", params)
    answer = run(tool_call.run(pieces, context()), place.handlers)
    assert isinstance(answer, Refused)
    assert "a secret in pieces" in answer.reason
    assert PLAIN[half:] not in repr(place.log)
    assert place.executed == []
