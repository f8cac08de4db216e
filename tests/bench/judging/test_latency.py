"""What is made of the seconds that were taken, and the policies that they are taken under."""

from bench.judging import latency, many_rules
from bench.judging.latency import Seat, Taken
from safety_core.classify.facts import facts_of
from safety_core.edge.rego import RegoEngine
from safety_core.model.tool_call import AgentId, CallId, SessionId, TenantId, ToolCall


def seat(seen: float, new: list[float]) -> Seat:
    return Seat(RegoEngine(), many_rules.bundle(0), {"seen": [seen] * 2, "new": new})


def test_figures_are_microseconds_ratios_and_the_growth() -> None:
    slow = [0.0004] * 98 + [0.003] * 2
    seats = {10: seat(1e-5, [0.0002] * 2), 1_000: seat(2e-5, slow), 10_000: seat(3e-5, [0.0005] * 2)}
    rows = {figure.name: figure.value for figure in latency.figures(Taken(seats, yardstick=4e-6))}
    assert {name: value and round(value, 3) for name, value in rows.items()} == {
        "classify_seen_us": 20,
        "classify_seen": 5,
        "classify_new_us": 400,
        "classify_new": 100,
        "classify_new_p99_us": 3000,
        "classify_new_p99": 750,
        "classify_growth": 2.5,
    }


def test_a_moment_in_which_the_machine_did_something_else_is_not_ours() -> None:
    calm = [0.001] * 100
    assert latency.quantile([*calm, *[0.5] * 100, *calm], 99) == 0.001


async def test_a_policy_of_many_rules_judges_by_each_of_them() -> None:
    bundle = many_rules.bundle(7)
    assert len(bundle.guards) == len(many_rules.bundle(0).guards) + 7
    engine = RegoEngine()
    try:
        await engine.load(bundle)
        params = {"command": "sort -o /srv/house-1/names names"}
        call = ToolCall(CallId("c"), TenantId("t"), AgentId("a"), SessionId("s"), "exec", {**params})
        decision = await engine.judge(facts_of(call, bundle.policy.catalogue, "/home/agent"))
    finally:
        await engine.close()
    assert "house_00001" in {hit.rule for hit in decision.hits}


def test_the_command_that_is_measured_has_sixty_bytes() -> None:
    assert len(latency.COMMAND.format("00000").encode()) == 60
