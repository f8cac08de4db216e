"""One answer for several calls: it covers exactly those that were shown, once each, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from safety_core import approve
from safety_core.canonical import Digest, JsonObject
from safety_core.edge.driver import run as drive
from safety_core.errors import GrantError
from safety_core.flow import effects, tool_call
from safety_core.flow.answers import Context, Executed, Pending, Permitted, Refused
from safety_core.flow.case import weighed
from safety_core.flow.plan import How, PlanAnswer, PlanState, plan
from safety_core.model.approval import Approval, ApprovalState
from safety_core.model.blueprint import PLAN, PlanRules
from safety_core.model.level import Level, Tier
from safety_core.model.policy import AgentManifest
from safety_core.model.record import Event
from safety_core.model.tool_call import AgentId, CallId, SessionId, ToolCall
from safety_core.wire.plans import Plan, PlannedCall
from tests.safety_core.flow.conftest import AGENT, HUB, OLGA, PLAIN, context, hub_says, world
from tests.simulators.policies import TENANT, signed_grant
from tests.simulators.world import World

RULES = PlanRules(Level.RED, 3600.0)
SESSION = SessionId("blueprint-1")
COMMANDS = ("rm -r ./old", "rm -r ./older")


def within(tier: Tier = Tier.TRUSTED, rules: PlanRules = RULES, wait: float = 5.0, **changes: Any) -> Context:
    return context(tier, wait=wait, plans=rules, **changes)


def call(command: str, session: SessionId = SESSION, agent: AgentId = AGENT) -> ToolCall:
    return ToolCall(CallId("c"), TENANT, agent, session, "exec", {"command": command})


def calls(*commands: str, later: bool = False, dry: bool = False) -> Plan:
    made = tuple(
        PlannedCall(f"Does {number}", replace(call(command), id=CallId(f"s{number}")), later)
        for number, command in enumerate(commands or COMMANDS)
    )
    return Plan(TENANT, AGENT, SESSION, "Tidy up", made, dry, None)


def made(place: World, planned: Plan, ground: Context | None = None) -> PlanAnswer:
    return drive(plan(planned, ground or within()), place.handlers)


def approved(place: World, ground: Context | None = None, *commands: str) -> Approval:
    """Have a plan approved and taken up."""
    place.answer = hub_says(allow=True)
    answer = made(place, calls(*commands), ground)
    assert answer.state is PlanState.GRANTED, answer
    place.answer = lambda approval: None
    return next(item for item in place.approvals if item.request.tool == PLAN)


def runs(place: World, command: str = COMMANDS[0], ground: Context | None = None, **changes: Any) -> Any:
    return drive(tool_call.run(call(command, **changes), ground or within(wait=0.0)), place.handlers)


def test_one_question_shows_every_call_and_is_bound_to_each() -> None:
    place = world(Level.RED)
    answer = made(place, calls(*COMMANDS), within(wait=0.0))
    request = answer.request
    assert answer.state is PlanState.PENDING
    assert request is not None
    assert (request.tool, request.level, request.strong, request.quorum) == (PLAN, Level.RED, False, 1)
    steps: Any = request.params["steps"]
    assert [step["arguments"] for step in steps] == [{"command": command} for command in COMMANDS]
    digests = [approve.action_digest(call(command), "exec", within().policy) for command in COMMANDS]
    assert [step["bound"]["digest"] for step in steps] == digests == [*approve.covered_digests(request)]
    assert (place.events()[-1], place.log[-1].outcome) == (Event.PLAN, "pending")
    assert not place.executed


def test_the_answer_lets_each_call_run_once_and_is_named_in_the_audit() -> None:
    place = world(Level.RED)
    granted = approved(place)
    for command in COMMANDS:
        assert isinstance(runs(place, command), Executed)
    used = [entry for entry in place.log if (entry.event, entry.outcome) == (Event.PLAN, "used")]
    assert [entry.rules for entry in used] == [(granted.request.id,)] * 2
    permitted = [entry.approver for entry in place.log if entry.event is Event.PERMITTED]
    assert permitted == ["olga", "olga"]
    assert isinstance(runs(place), Pending)


def test_a_call_that_was_shown_twice_runs_twice() -> None:
    place = world(Level.RED)
    approved(place, None, COMMANDS[0], COMMANDS[0])
    assert [type(runs(place)) for _ in range(3)] == [Executed, Executed, Pending]


@pytest.mark.parametrize(
    "other",
    [
        {"command": "rm -r ./other"},
        {"session": SessionId("s1")},
        {"agent": AgentId("stranger")},
    ],
)
def test_another_call_session_or_agent_asks(other: dict[str, Any]) -> None:
    place = world(Level.RED)
    approved(place)
    assert isinstance(runs(place, **other), Pending)


def test_it_ends_with_its_time_and_with_its_policy() -> None:
    place = world(Level.RED)
    approved(place)
    place.now += 3601
    assert isinstance(runs(place), Pending)
    place = world(Level.RED)
    approved(place)
    later = within(wait=0.0)
    place.revision = "r-next"
    assert isinstance(runs(place, ground=replace(later, policy=replace(later.policy, revision="r-next"))), Pending)


def test_a_call_that_has_become_graver_asks() -> None:
    place = world(Level.YELLOW_EXTERNAL)
    approved(place)
    place.level = Level.RED
    assert isinstance(runs(place), Pending)
    place = world(Level.RED)
    approved(place)
    place.level = Level.CRITICAL_RED
    assert isinstance(runs(place), Pending)


def test_what_its_session_wrote_since_makes_it_another_call() -> None:
    place = world(Level.RED)
    approved(place, None, "sh ./tidy.sh")
    tree: JsonObject = {"path": "/srv/agent/tidy.sh", "content": "rm -rf /srv/agent/all"}
    place.level = Level.GREEN
    assert isinstance(
        drive(tool_call.run(replace(call(""), tool="write", params=tree), within(wait=0.0)), place.handlers), Executed
    )
    place.level = Level.RED
    assert isinstance(runs(place, "sh ./tidy.sh"), Pending)


def test_a_policy_that_lets_no_answer_cover_a_plan_asks_call_by_call() -> None:
    place = world(Level.RED)
    answer = made(place, calls(), within(rules=PlanRules()))
    assert (answer.state, {step.how for step in answer.steps}) == (PlanState.FREE, {How.ITSELF})
    assert isinstance(runs(place, ground=within(rules=PlanRules(), wait=0.0)), Pending)


def test_what_is_too_grave_or_not_known_yet_is_not_in_the_answer() -> None:
    place = world(Level.CRITICAL_RED)
    assert {step.how for step in made(place, calls()).steps} == {How.ITSELF}
    place = world(Level.RED)
    assert {step.how for step in made(place, calls(later=True)).steps} == {How.LATER}
    answer = made(place, calls(), within(rules=PlanRules(Level.YELLOW_EXTERNAL, 60.0)))
    assert {step.how for step in answer.steps} == {How.ITSELF}
    assert {step.how for step in made(place, calls(), within(Tier.AUTONOMOUS)).steps} == {How.FREE}
    assert not place.approvals


def test_a_plan_is_asked_as_gravely_as_its_gravest_call() -> None:
    place = world(Level.RED)
    quorum = within(wait=0.0, quorum={Level.RED: 2})
    request = made(place, calls(), quorum).request
    assert request is not None
    assert request.quorum == 2


def test_a_no_refuses_the_plan_and_nothing_runs() -> None:
    place = world(Level.RED, answer=hub_says(allow=False))
    answer = made(place, calls())
    assert (answer.state, answer.rule) == (PlanState.REFUSED, "approval denied")
    assert place.log[-1].outcome == "denied"
    assert isinstance(runs(place), Pending)


def test_what_policy_denies_refuses_the_plan_before_anybody_is_asked() -> None:
    place = world(Level.RED, rule="disables_safety")
    answer = made(place, calls(), within(floors=frozenset({"disables_safety"})))
    assert (answer.state, answer.rule) == (PlanState.REFUSED, "floor: disables_safety")
    assert answer.reason.startswith("step s0: ")
    assert {step.how for step in answer.steps} == {How.DENIED}
    assert (place.events(), place.approvals) == ([Event.REFUSED], [])


def test_what_could_not_run_refuses_it_too() -> None:
    place = world(Level.RED)
    answer = made(place, replace(calls(), calls=(PlannedCall("Shouts", replace(call(""), tool="message"), False),)))
    assert (answer.state, answer.rule, answer.steps[0].how) == (PlanState.REFUSED, "ExecutionError", How.CANNOT)
    gone = made(place, calls("use SECRET_REF(nothing)"))
    assert gone.state is PlanState.REFUSED
    assert gone.rule == "EffectFailed"


def test_a_plan_that_is_only_looked_at_leaves_nothing_behind() -> None:
    place = world(Level.RED)
    answer = made(place, calls(dry=True))
    assert (answer.state, {step.how for step in answer.steps}) == (PlanState.FREE, {How.COVERED})
    denied = made(place, calls(dry=True), within(floors=frozenset({"some_rule"})))
    assert denied.state is PlanState.REFUSED
    assert (place.log, place.approvals) == ([], [])


def test_who_was_cut_off_from_the_answer_hears_it_again() -> None:
    place = world(Level.RED)
    granted = approved(place)
    again = made(place, calls())
    assert again.state is PlanState.GRANTED
    assert again.request is not None
    assert again.request.id == granted.request.id
    assert len(place.plans) == 1
    place.now += 3601
    assert made(place, calls(), within(wait=0.0)).state is PlanState.PENDING


def test_secrets_are_taken_out_of_what_people_see() -> None:
    place = world(Level.RED)
    answer = made(place, replace(calls(f"curl -H {PLAIN} x.example"), title=f"With {PLAIN}"), within(wait=0.0))
    assert answer.request is not None
    assert PLAIN not in str(answer.request.params)
    assert "SECRET_REF(shop_key)" in str(answer.request.params)


@pytest.mark.parametrize("fail_at", range(14))
def test_whatever_fails_refuses_and_covers_nothing(fail_at: int) -> None:
    place = world(Level.RED, fail_at=fail_at, answer=hub_says(allow=True))
    answer = made(place, calls(COMMANDS[0]))
    if answer.state is PlanState.REFUSED:
        place.fail_at = None
        place.answer = lambda approval: None
        assert not place.plans
        assert isinstance(runs(place), Pending)


def test_a_refusal_that_cannot_be_recorded_stands() -> None:
    place = world(Level.RED)
    broken = {**place.handlers}

    def fails(_: Any) -> None:
        raise OSError("full")

    answer = drive(plan(calls(), within(floors=frozenset({"some_rule"}))), {**broken, effects.Record: fails})
    assert "could not be recorded" in answer.reason


def test_no_tool_may_bear_the_name_of_a_plans_question() -> None:
    place = world(Level.RED)
    granted = approved(place)
    forged = replace(call(""), tool=PLAN, params=granted.request.params)
    answer = drive(tool_call.decide(forged, within(wait=0.0)), place.handlers)
    assert isinstance(answer, Refused)
    assert not isinstance(answer, Permitted)


def changed(**changes: Any) -> Callable[[Approval], Approval]:
    return lambda approval: replace(approval, request=replace(approval.request, **changes))


def other_params(approval: Approval) -> Approval:
    steps: Any = [dict(step) for step in approval.request.params["steps"]]  # type: ignore[union-attr, arg-type]
    steps[0]["bound"] = {**steps[0]["bound"], "digest": "0" * 64}
    return replace(approval, request=replace(approval.request, params={**approval.request.params, "steps": steps}))


def no_others(approval: Approval) -> Approval:
    said = signed_grant(HUB, approval.request, allow=False)
    return replace(approval, grant=said)


@pytest.mark.parametrize(
    "tampered",
    [
        lambda approval: replace(approval, grant=None),
        lambda approval: replace(approval, state=ApprovalState.GRANTED),
        no_others,
        changed(tool="exec"),
        changed(params={}),
        other_params,
        changed(agent=AgentId("stranger")),
        changed(session=SessionId("s9")),
        changed(revision="r-other"),
        changed(quorum=2),
        lambda approval: replace(approval, received=approval.received - 10_000),
        lambda approval: replace(
            approval, grant=signed_grant(OLGA, replace(approval.request, action_digest=Digest("1" * 64)))
        ),
    ],
)
def test_a_plan_that_was_tampered_with_covers_nothing(tampered: Callable[[Approval], Approval]) -> None:
    place = world(Level.RED)
    granted = approved(place)
    policy = within().policy
    question = approve.new_request(
        granted.request.id, call(COMMANDS[0]), _verdict(place), policy, strong=False, now=place.now
    )
    assert approve.verify_plan(granted, question, policy, place.now) == granted.request
    with pytest.raises(GrantError):
        approve.verify_plan(tampered(granted), question, policy, place.now)


def _verdict(place: World) -> Any:
    case, _ = drive(weighed(call(COMMANDS[0]), within(), None), place.handlers)
    return case.verdict


def test_the_rules_of_today_hold_for_an_answer_of_before() -> None:
    place = world(Level.RED)
    granted = approved(place)
    policy = within().policy
    question = approve.new_request(
        granted.request.id, call(COMMANDS[0]), _verdict(place), policy, strong=False, now=1.0
    )
    for rules in (PlanRules(), PlanRules(Level.YELLOW, 3600.0)):
        with pytest.raises(GrantError):
            approve.verify_plan(granted, question, replace(policy, plans=rules), place.now)
    for worse in (
        {"level": Level.CRITICAL_RED},
        {"outward": True},
        {"strong": True},
        {"recipients": ("eve@x.example",)},
    ):
        with pytest.raises(GrantError):
            approve.verify_plan(granted, replace(question, **worse), policy, place.now)  # type: ignore[arg-type]


def test_recipients_and_sums_are_shown_with_their_step() -> None:
    place = world(Level.YELLOW_EXTERNAL)
    ground = within(wait=0.0)
    runnable = PlannedCall("Writes", replace(call("curl -d x https://example.com/hook"), id=CallId("hook")), False)
    answer = made(place, replace(calls(), calls=(runnable,)), ground)
    assert answer.request is not None
    steps: Any = answer.request.params["steps"]
    assert steps[0]["reaches"] == ["example.com"]
    assert answer.request.recipients == ("example.com",)
    shown = approve.PlannedStep("a", "Pays", "this answer", replace(answer.request, amounts=("5 EUR",)), covered=False)
    assert shown.shown()["amounts"] == ["5 EUR"]


def test_an_agent_may_be_held_to_few_tools() -> None:
    place = world(Level.RED)
    answer = made(place, calls(), within(manifest=AgentManifest(AGENT, Tier.TRUSTED, tools=frozenset({"read"}))))
    assert answer.state is PlanState.REFUSED
