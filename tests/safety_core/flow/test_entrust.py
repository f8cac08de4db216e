"""What only the edge can run, for a runtime that asks first; and what a runtime is about to say to somebody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety_core.canonical import JsonObject
from safety_core.edge.driver import run
from safety_core.errors import EffectFailed
from safety_core.flow import effects, tool_call
from safety_core.flow.answers import Context, Entrusted, Executed, Pending, Permitted, Refused, Sendable
from safety_core.model.approval import Approval, ApprovalState, Grant
from safety_core.model.connection import Connection, Operation
from safety_core.model.level import Level, Tier
from safety_core.model.policy import AgentManifest, Sandbox
from safety_core.model.record import Event
from safety_core.model.tool_call import CallId, Hint, SessionId, ToolCall
from safety_core.resolve import HttpPlan, ServicePlan, ShellPlan
from tests.safety_core.flow.conftest import AGENT, HUB, PLAIN, SHOP, call, context, hub_says, rules, world
from tests.simulators.policies import TENANT, signed_grant
from tests.simulators.world import World

LOGIN = "login 'SECRET_REF(shop_key)'"


def other(tool: str, **params: Any) -> ToolCall:
    return ToolCall(CallId("c1"), TENANT, AGENT, SessionId("s1"), tool, params)


def asked(**params: Any) -> ToolCall:
    return other("http_request", url="https://shop.example/v1", **params)


def within(**limits: Any) -> Context:
    manifest = AgentManifest(AGENT, Tier.TRUSTED, **limits)
    return replace(context(), policy=rules(manifest=manifest))


def entrusted(place: World, wish: ToolCall, here: Context | None = None) -> Entrusted:
    answer = run(tool_call.decide(wish, replace(here or context(), wait=60)), place.handlers)
    assert isinstance(answer, Entrusted), answer
    return answer


def test_a_call_that_refers_to_a_secret_is_entrusted_and_then_carried_out() -> None:
    place = world(output=f"logged in with {PLAIN}")
    first = entrusted(place, call(LOGIN))
    assert not place.revealed
    assert not place.executed
    answer = run(tool_call.carry_out(first, context()), place.handlers)
    assert isinstance(answer, Executed)
    assert (answer.output, answer.findings) == ("logged in with SECRET_REF(shop_key)", 1)
    assert place.events() == [Event.PROPOSED, Event.PERMITTED, Event.EXECUTED]
    assert place.revealed == {SHOP}


def test_both_halves_leave_the_same_record_as_the_whole() -> None:
    halves, whole = world(), world()
    first = entrusted(halves, call(LOGIN))
    run(tool_call.carry_out(first, context()), halves.handlers)
    run(tool_call.run(call(LOGIN), context()), whole.handlers)
    assert [replace(entry, at=0.0) for entry in halves.log] == [replace(entry, at=0.0) for entry in whole.log]
    assert [replace(plan, timeout=0.0) for plan in halves.executed] == [
        replace(plan, timeout=0.0) for plan in whole.executed
    ]


def test_who_redeems_waits_as_long_as_a_command_may_last() -> None:
    place = world()
    assert entrusted(place, call(LOGIN)).plan.timeout == 1800
    assert entrusted(place, other("exec", command=LOGIN, timeoutSeconds=7)).plan.timeout == 7
    assert entrusted(place, other("exec", command=LOGIN, timeout=8)).plan.timeout == 8


def test_a_command_runs_where_it_asks_to_within_the_workspace() -> None:
    place = world()
    plan = entrusted(place, other("exec", command=LOGIN, workdir="shop", env={"A": "b"}, yieldMs=10)).plan
    assert isinstance(plan, ShellPlan)
    assert (plan.cwd, plan.env) == ("/srv/agent/shop", (("A", "b"),))
    answer = run(tool_call.decide(other("exec", command=LOGIN, workdir="/etc"), context()), place.handlers)
    assert isinstance(answer, Refused)


@pytest.mark.parametrize(
    "wish",
    [
        call("ls"),
        call(f"login '{PLAIN}'"),
        other("sessions_spawn", task="log in with SECRET_REF(shop_key)"),
        other("update_plan", plan="log in with SECRET_REF(shop_key)"),
    ],
    ids=["no secret", "a value it has already", "words for another agent", "words for itself"],
)
def test_what_refers_to_nothing_is_left_to_its_caller(wish: ToolCall) -> None:
    assert isinstance(run(tool_call.decide(wish, context()), world().handlers), Permitted)


def test_a_request_is_entrusted_with_and_without_secrets() -> None:
    place = world(answer=hub_says(True))
    for wish in (asked(), asked(method="POST", headers={"X-Key": "SECRET_REF(shop_key)"}, body={"n": 1})):
        assert isinstance(entrusted(place, wish).plan, HttpPlan)


def test_a_request_that_the_edge_cannot_make_is_its_callers_unless_it_needs_a_secret() -> None:
    place = world()
    assert isinstance(run(tool_call.decide(asked(retries=3), context()), place.handlers), Permitted)
    needs = asked(retries=3, headers={"X-Key": "SECRET_REF(shop_key)"})
    assert isinstance(run(tool_call.decide(needs, context()), place.handlers), Refused)


@pytest.mark.parametrize(
    "wish",
    [
        other("write", path="notes.txt", content="the key is SECRET_REF(shop_key)"),
        other("message", action="send", to="4711", message="SECRET_REF(shop_key)"),
        other("web_fetch", url="https://shop.example/?k=SECRET_REF(shop_key)"),
        other("tool_call", id="exec", args={"command": LOGIN}),
        other("no_such_tool", key="SECRET_REF(shop_key)"),
    ],
    ids=lambda wish: wish.tool,
)
def test_nobody_is_asked_about_a_secret_where_none_can_be_used(wish: ToolCall) -> None:
    place = world(Level.RED, answer=hub_says(True))
    answer = run(tool_call.decide(wish, context(wait=60)), place.handlers)
    assert isinstance(answer, Refused)
    assert "use SECRET_REF(name) in exec or http_request" in answer.reason
    assert not place.approvals


def test_nobody_is_asked_about_a_secret_that_is_not_there() -> None:
    place = world(Level.RED, answer=hub_says(True))
    answer = run(tool_call.decide(call("login 'SECRET_REF(nothing)'"), context(wait=60)), place.handlers)
    assert isinstance(answer, Refused)
    assert not place.approvals


@pytest.mark.parametrize("sentence", [tool_call.decide, tool_call.run])
def test_a_secret_that_the_manifest_does_not_list_is_refused(sentence: Any) -> None:
    place = world(answer=hub_says(True))
    answer = run(sentence(call(LOGIN), within(secrets=frozenset({"other"}))), place.handlers)
    assert isinstance(answer, Refused)
    assert answer.rule == "manifest: helper may not use the secret shop_key"
    assert not place.revealed
    assert isinstance(entrusted(place, call(LOGIN), within(secrets=frozenset({SHOP}))), Entrusted)


def test_no_command_runs_outside_of_a_sandbox_that_is_required_but_a_request_may() -> None:
    place = world(Level.RED, answer=hub_says(True))
    sandboxed = within(sandbox=Sandbox.REQUIRED)
    answer = run(tool_call.decide(call(LOGIN), sandboxed), place.handlers)
    assert isinstance(answer, Refused)
    assert "sandbox" in answer.reason
    assert not place.approvals
    place.level = Level.GREEN
    assert entrusted(place, asked(headers={"X-Key": "SECRET_REF(shop_key)"}), sandboxed)
    assert isinstance(run(tool_call.decide(call("ls"), sandboxed), place.handlers), Permitted)
    for wish in (call("ls"), other("read", path="a.txt")):
        assert isinstance(run(tool_call.run(wish, sandboxed), place.handlers), Refused)
    assert not place.executed


def test_a_tool_that_dies_in_the_second_half_is_recorded_and_refused() -> None:
    place = world(output="<crash>")
    answer = run(tool_call.carry_out(entrusted(place, call(LOGIN)), context()), place.handlers)
    assert isinstance(answer, Refused)
    assert place.events()[-2:] == [Event.FAILED, Event.REFUSED]
    assert place.log[-1].agent == AGENT


answers = st.sampled_from([hub_says(True), hub_says(False), lambda approval: None])
wishes = st.sampled_from([call(LOGIN), asked(), asked(headers={"X-Key": "SECRET_REF(shop_key)"})])


@given(st.sampled_from(list(Level)), st.sampled_from(list(Tier)), answers, st.integers(0, 40), wishes)
def test_the_failure_of_any_effect_in_either_half_never_lets_a_call_run(
    level: Level, tier: Tier, answer: Callable[[Approval], Grant | None], fail_at: int, wish: ToolCall
) -> None:
    place = world(level, answer=answer, fail_at=fail_at)
    decided = run(tool_call.decide(wish, context(tier, wait=60)), place.handlers)
    assert not place.executed, "the first half runs nothing"
    assert not place.revealed, "and opens nothing"
    assert not isinstance(decided, Permitted), "what the edge must run is not left to the caller"
    if not isinstance(decided, Entrusted):
        return
    permitted = len(place.asked)
    assert fail_at >= permitted
    done = run(tool_call.carry_out(decided, context(tier)), place.handlers)
    if fail_at < len(place.asked):
        assert isinstance(done, Refused)
        lost = place.asked[fail_at]
        ran = any(isinstance(effect, effects.Execute) for effect in place.asked[:fail_at])
        assert len(place.executed) == int(ran and not isinstance(lost, effects.Execute))
    place.fail_at = None
    place.answer = lambda approval: None
    if any(approval.state is ApprovalState.USED for approval in place.approvals):
        again = run(tool_call.decide(wish, context(tier, wait=60)), place.handlers)
        assert not isinstance(again, Entrusted), "a grant that was used, even for nothing, is used"


def test_a_grant_is_spent_in_the_first_half_alone() -> None:
    place = world(Level.RED)
    parked = run(tool_call.decide(call(LOGIN), context()), place.handlers)
    assert isinstance(parked, Pending)
    place.settle(signed_grant(HUB, parked.request))
    first = entrusted(place, call(LOGIN))
    assert [approval.state for approval in place.approvals] == [ApprovalState.USED]
    before = len(place.asked)
    assert isinstance(run(tool_call.carry_out(first, context()), place.handlers), Executed)
    assert not [effect for effect in place.asked[before:] if isinstance(effect, effects.UseGrant | effects.Judge)]


SHOP_DB = Connection("shop_db", "sql", "sqlite:///srv/shop.db", secrets={"password": SHOP})
CRM = Connection(
    "crm",
    "mcp",
    "https://crm.example/mcp",
    operations={"get_contact": Operation("get_contact", hints=frozenset({Hint.WRITES, Hint.OPEN_WORLD}))},
)


def connected(**limits: Any) -> Context:
    here = within(**limits) if limits else context()
    return replace(here, connections={"shop_db": SHOP_DB, "crm": CRM}, wait=60)


def served(inside: str, /, **arguments: Any) -> ToolCall:
    return replace(other("service_call"), params={"tool": inside, "arguments": arguments})


@pytest.mark.parametrize("tool", ["sql_query", "crm.get_contact"])
def test_a_call_of_a_connected_service_is_run_by_the_edge_by_whatever_name_it_comes(tool: str) -> None:
    arguments = {"query": "select 1"} if tool == "sql_query" else {"id": 7}
    plain, wrapped = world(answer=hub_says(True)), world(answer=hub_says(True))
    direct = entrusted(plain, other(tool, **arguments), connected())
    inside = entrusted(wrapped, served(tool, **arguments), connected())
    assert direct == inside
    assert isinstance(inside.plan, ServicePlan)
    assert (inside.plan.arguments, inside.call.tool, inside.verdict.facts.tool) == (arguments, tool, tool)
    assert [entry.action_digest for entry in plain.log] == [entry.action_digest for entry in wrapped.log]
    assert isinstance(run(tool_call.carry_out(inside, connected()), wrapped.handlers), Executed)
    whole = run(tool_call.run(served(tool, **arguments), connected()), world(answer=hub_says(True)).handlers)
    assert isinstance(whole, Executed)


def test_the_call_inside_is_the_one_that_is_asked_about_and_bound() -> None:
    place = world(Level.RED)
    here = replace(connected(), wait=0.0)
    parked = run(tool_call.decide(served("sql_execute", statement="delete from orders"), here), place.handlers)
    assert isinstance(parked, Pending)
    assert (parked.request.tool, dict(parked.request.params)) == ("sql_execute", {"statement": "delete from orders"})
    place.settle(signed_grant(HUB, parked.request))
    other_one = run(tool_call.decide(served("sql_execute", statement="delete from users"), here), place.handlers)
    assert isinstance(other_one, Pending), "an answer is for the very statement that was shown"
    assert entrusted(place, other("sql_execute", statement="delete from orders"), here)


NO_CALL = "does not say which call"


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        ({"tool": "exec", "arguments": {"command": "ls"}}, "tool exec: is of no service that is connected for you"),
        ({"tool": "mail_send", "arguments": {"to": "a@shop.example"}}, "tool mail_send: is of no service"),
        ({"tool": "crm.drop_everything"}, "tool crm.drop_everything: is of no service"),
        ({"tool": "no\nname"}, "is of no service"),
        ({"tool": "service_call", "arguments": {"tool": "sql_query"}}, "tool service_call: is of no service"),
        ({"tool": "sql_query", "arguments": "select 1"}, NO_CALL),
        ({"arguments": {}}, NO_CALL),
        ({"tool": "sql_query", "arguments": {}, "nested": True}, NO_CALL),
        ({"tool": "sql_query", "arguments": {"query": "select 1", "connection": "b"}}, "of the kind sql: shop_db"),
        ({"tool": "sql_query", "arguments": {"query": "select 1", "colour": "red"}}, "leave out colour"),
    ],
)
@pytest.mark.parametrize("sentence", [tool_call.decide, tool_call.run])
def test_what_is_no_call_of_a_connected_service_is_refused_with_the_reason(
    sentence: Any, params: JsonObject, reason: str
) -> None:
    place = world(Level.RED, answer=hub_says(True))
    answer = run(sentence(replace(other("service_call"), params=params), connected()), place.handlers)
    assert isinstance(answer, Refused)
    assert reason in answer.reason
    assert not place.approvals
    assert not place.executed


def test_a_service_that_the_manifest_leaves_out_is_not_there() -> None:
    here = connected(connections=frozenset({"crm"}))
    query = served("sql_query", query="select 1")
    assert isinstance(run(tool_call.decide(query, here), world().handlers), Refused)
    assert isinstance(run(tool_call.decide(other("sql_query", query="select 1"), here), world().handlers), Permitted)
    assert entrusted(world(answer=hub_says(True)), served("crm.get_contact", id=7), here)
    listed = connected(tools=frozenset({"service_call"}))
    answer = run(tool_call.decide(query, listed), world().handlers)
    assert isinstance(answer, Refused), "the tool inside must stand in the manifest"


def test_the_edge_runs_the_call_that_was_judged_and_not_what_stands_beside_it() -> None:
    place = world()
    wish = other("use_tool", name="exec", input='{"command": "ls"}', command="rm -rf /srv/agent")
    answer = run(tool_call.run(wish, context(wait=60)), place.handlers)
    assert isinstance(answer, Refused)
    assert "call exec by its own name" in answer.reason
    assert place.executed == []


def test_a_secret_may_stand_in_the_arguments_of_a_connected_service() -> None:
    wish = served("sql_query", query="select ?", parameters=["SECRET_REF(shop_key)"])
    assert SHOP in entrusted(world(answer=hub_says(True)), wish, connected()).plan.refs


def test_what_a_response_proposed_is_the_outer_call_and_is_put_on_record_as_the_inner_one() -> None:
    place, seen = world(), list[ToolCall]()

    def foreseen(call: ToolCall) -> dict[str, int]:
        seen.append(call)
        return {"foreseen": 1}

    wish = served("sql_query", query="select 1")
    entrusted(place, wish, replace(connected(), foreseen=foreseen))
    assert seen == [wish]
    assert place.log[0].counts == {"foreseen": 1}
    run(tool_call.foresee(wish, "x1", connected()), place.handlers)
    run(tool_call.foresee(replace(wish, params={"tool": 7}), "x2", connected()), place.handlers)
    assert [(entry.subject, entry.exchange) for entry in place.log[-2:]] == [("sql_query", "x1"), ("tool_call", "x2")]


def said(text: str = "Your order is ready.", **changes: Any) -> ToolCall:
    return other("message", **{"action": "send", "channel": "telegram", "to": "4711", "message": text, **changes})


def test_an_answer_leaves_without_its_secrets_and_is_on_record() -> None:
    place = world(Level.CRITICAL_RED)
    answer = run(tool_call.send(said(f"It is {PLAIN}."), "reply", context()), place.handlers)
    assert answer == Sendable("It is SECRET_REF(shop_key).")
    assert place.events() == [Event.SENT]
    assert (place.log[0].subject, place.log[0].rules) == ("telegram", ("reply",))
    assert PLAIN not in repr(place.asked)


def test_what_goes_to_others_is_judged_as_a_message() -> None:
    place = world(Level.YELLOW_EXTERNAL)
    parked = run(tool_call.send(said(), "", context()), place.handlers)
    assert isinstance(parked, Pending)
    assert parked.request.tool == "message"
    place.settle(signed_grant(HUB, parked.request))
    assert isinstance(run(tool_call.send(said(), "", context()), place.handlers), Sendable)
    assert isinstance(run(tool_call.send(said(), "", context()), place.handlers), Pending)
    assert place.events().count(Event.SENT) == 1


@given(st.sampled_from(["", "reply"]), st.integers(0, 20), answers)
def test_nothing_leaves_that_could_not_be_recorded(
    known: str, fail_at: int, answer: Callable[[Approval], Grant | None]
) -> None:
    place = world(Level.YELLOW_EXTERNAL, fail_at=fail_at, answer=answer)
    said_so = run(tool_call.send(said(), known, context(wait=60)), place.handlers)
    if fail_at < len(place.asked):
        assert not isinstance(said_so, Sendable)
    assert isinstance(said_so, Sendable) <= (place.events()[-1:] == [Event.SENT])


def test_what_is_over_is_on_record_under_the_tools_own_name() -> None:
    place = world()
    wish = replace(call(f"login {PLAIN}"), tool="bash", id=CallId(f"c-{PLAIN}"))
    run(tool_call.ended(wish, 12, context(), failed=True), place.handlers)
    run(tool_call.ended(other("no_such_tool"), 3, context(), failed=False), place.handlers)
    first, second = place.log
    assert (first.event, first.subject, first.counts) == (Event.ENDED, "exec", {"ms": 12, "error": 1})
    assert (second.subject, second.counts) == ("no_such_tool", {"ms": 3, "error": 0})
    assert PLAIN not in repr(place.asked)
    with pytest.raises(EffectFailed):
        run(tool_call.ended(wish, 12, context(), failed=False), world(fail_at=1).handlers)
