"""A policy on trial judges as an edge would, and nothing comes of it."""

from __future__ import annotations

from dataclasses import replace

from safety_core.bundle.source import compile_bundle
from safety_core.edge.trial import Trial, on_trial
from safety_core.model.facts import Kind
from safety_core.model.level import Level, Outcome, Tier
from safety_core.model.tool_call import Hint
from safety_core.wire.recorded_calls import RecordedCall
from tests.simulators.small_policy import SMALL

BUNDLE = compile_bundle(SMALL, tenant="one")[1]


def call(command: str, session: str = "one") -> RecordedCall:
    return RecordedCall("1", "main", session, "exec", {"command": command})


async def test_it_says_level_and_outcome() -> None:
    async with on_trial(BUNDLE, "/workspace") as trial:
        found = await trial.judge(call("rm a"))
        assert (found.level, found.outcome, found.rule) == (Level.RED, Outcome.ASK, "deletes")


async def test_a_tier_may_be_set_for_every_agent() -> None:
    async with on_trial(BUNDLE, "/workspace", Tier.AUTONOMOUS) as trial:
        assert (await trial.judge(call("rm a"))).outcome is Outcome.ALLOW


async def test_what_the_tool_says_of_itself_counts() -> None:
    told = replace(call("date"), hints=frozenset({Hint.DESTRUCTIVE}))
    async with on_trial(BUNDLE, "/workspace") as trial:
        assert Kind.DESTROY in {action.kind for action in (await trial.verdict(told)).facts.actions}


async def test_a_script_that_a_session_wrote_is_known_in_that_session_alone() -> None:
    async with on_trial(BUNDLE, "/workspace") as trial:
        await trial.judge(call("echo 'rm a' > run.sh"))
        assert (await trial.judge(call("sh run.sh"))).rule == "deletes"
        assert (await trial.judge(call("sh run.sh", "two"))).rule != "deletes"


async def test_an_engine_that_has_no_policy_denies() -> None:
    trial = Trial(BUNDLE, "/workspace")
    found = await trial.judge(call("rm a"))
    assert (found.outcome, found.trouble[:13]) == (Outcome.DENY, "policy engine")
    await trial.close()
