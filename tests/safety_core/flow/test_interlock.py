"""No plugin, no model: what is refused, and that the refusal says what to do."""

from dataclasses import replace

import pytest

from safety_core.flow.egress_effects import Standing
from safety_core.flow.interlock import (
    EVERYWHERE,
    NAMED,
    REQUIRED,
    UnguardedError,
    asked_spellings,
    check_results,
    check_turn,
    incomplete,
    trace_id,
)
from safety_core.flow.tool_results import ToolResult
from safety_core.model.tool_call import AgentId
from safety_core.wire.presence import CheckIn

MAIN = AgentId("main")
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
GOOD = Standing("", True, frozenset({"call1"}))


def test_a_turn_needs_its_plugin_and_its_announcement() -> None:
    check_turn(MAIN, GOOD)
    with pytest.raises(UnguardedError, match=r"its plugin has gone.*safety openclaw status"):
        check_turn(MAIN, Standing("its plugin has gone", True))
    with pytest.raises(UnguardedError, match=r"not announced.*agent exec"):
        check_turn(MAIN, Standing("", False))


def test_what_is_no_turn_needs_the_plugin_alone() -> None:
    check_turn(MAIN, Standing("", False), turn=False)
    with pytest.raises(UnguardedError):
        check_turn(MAIN, Standing("its plugin has gone", False), turn=False)


def test_results_need_their_calls() -> None:
    check_results(MAIN, (), Standing("", True))
    check_results(MAIN, (ToolResult("call_1"), ToolResult("call1|fc_9")), GOOD)
    check_results(MAIN, (ToolResult("call_7", "aborted"),), GOOD)
    with pytest.raises(UnguardedError, match=r"\('call_7'\).*/new"):
        check_results(MAIN, (ToolResult("call_1"), ToolResult("call_7", "root:x:0:0")), GOOD)


def test_a_refusal_names_a_few_results_and_shows_no_control_character() -> None:
    many = tuple(ToolResult(f"bad{number}\x1b[31m") for number in range(NAMED + 2))
    with pytest.raises(UnguardedError, match="and 2 more") as refusal:
        check_results(MAIN, many, GOOD)
    assert "\x1b" not in str(refusal.value)


def test_every_spelling_is_asked_for_at_once() -> None:
    assert asked_spellings((ToolResult("call_1"), ToolResult("a|b"))) == {"call1", "a", "ab"}


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([f"00-{TRACE}-00f067aa0ba902b7-01"], TRACE),
        ([f" 00-{TRACE}-00f067aa0ba902b7-00 "], TRACE),
        ([f"01-{TRACE}-00f067aa0ba902b7-01-more"], TRACE),
        ([], ""),
        ([TRACE], ""),
        ([f"00-{TRACE.upper()}-00f067aa0ba902b7-01"], ""),
        ([f"00-{TRACE}-00f067aa0ba902b7-01", f"00-{TRACE}-00f067aa0ba902b7-01"], ""),
    ],
)
def test_the_trace_id_of_a_request(values: list[str], found: str) -> None:
    headers = ((b"host", b"x"), *((b"traceparent", value.encode()) for value in values))
    assert trace_id(headers) == found


WHOLE = CheckIn(AgentId("main"), "openclaw", "0.1.0", process="0" * 32, hooks={"full": REQUIRED, "other": EVERYWHERE})


def test_a_plugin_is_whole_when_what_guards_is_in_every_copy_and_the_rest_in_one() -> None:
    assert incomplete(WHOLE) == ""


@pytest.mark.parametrize(
    ("who", "reason"),
    [
        (replace(WHOLE, process=""), "does not say which hooks"),
        (replace(WHOLE, hooks={}), "does not say which hooks"),
        (replace(WHOLE, faults=("no access",)), "reports a fault: no access"),
        (replace(WHOLE, hooks={"full": REQUIRED, "other": ()}), "copy other of its plugin has not registered trusted"),
        (replace(WHOLE, hooks={"full": REQUIRED[:-1]}), "has not registered gateway_stop"),
    ],
)
def test_a_plugin_that_is_not_whole_is_told_why(who: CheckIn, reason: str) -> None:
    assert reason in incomplete(who)
