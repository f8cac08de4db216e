"""A policy on trial: it judges calls, and nothing comes of it. For `safety policy explain`, `diff` and `replay`."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final

from safety_core.bundle.contents import TrustedBundle
from safety_core.classify.files import NOTHING_WRITTEN, Written
from safety_core.classify.judge import verdict_of
from safety_core.classify.session import read_in_session
from safety_core.edge import clock
from safety_core.edge.rego import RegoEngine
from safety_core.errors import SafetyError
from safety_core.flow.compared import Judged, of_verdict, untold
from safety_core.model.level import Tier
from safety_core.model.policy import Policy
from safety_core.model.tool_call import AgentId, CallId, SessionId, TenantId, ToolCall
from safety_core.model.verdict import Verdict
from safety_core.wire.recorded_calls import RecordedCall

DEADLINE: Final = 5.0
"""Seconds for one call: an author's machine may be busy."""

MOST_FILES: Final = 500
"""Files that are remembered of one session."""


class Trial:
    """One policy with its engine. Calls of one session are to be judged in order: a script that was written is known.

    Args:
        tier: take every agent for one of this tier.
    """

    def __init__(self, bundle: TrustedBundle, workspace: str, tier: Tier | None = None) -> None:
        self.bundle: Final = bundle
        self.workspace: Final = workspace
        self.policy: Final[Policy] = (
            bundle.policy if tier is None else replace(bundle.policy, default_tier=tier, agents={})
        )
        self._engine = RegoEngine(deadline=DEADLINE)
        self._written: dict[str, Written] = {}

    async def start(self) -> None:
        """Load the rules. Raises UnavailableError if they do not load."""
        await self._engine.load(self.bundle)

    async def close(self) -> None:
        """Stop the engine. Idempotent."""
        await self._engine.close()

    async def verdict(self, call: RecordedCall) -> Verdict:
        """Return the verdict on a call. Raises SafetyError where an edge would refuse it."""
        before = self._written.get(call.session, NOTHING_WRITTEN)
        reading = read_in_session(tool_call(call), self.policy.catalogue, self.workspace, before)
        decision = await self._engine.judge(reading.facts)
        verdict = verdict_of(reading.facts, decision, self.policy.revision)
        if reading.written:
            self._written[call.session] = dict([*before.items(), *reading.written.items()][-MOST_FILES:])
        return verdict

    async def judge(self, call: RecordedCall) -> Judged:
        """Return what the policy makes of a call; a failure is a denial, as at an edge."""
        try:
            return of_verdict(tool_call(call), await self.verdict(call), self.policy, clock.now())
        except SafetyError as error:
            return untold(str(error))


@asynccontextmanager
async def on_trial(bundle: TrustedBundle, workspace: str, tier: Tier | None = None) -> AsyncGenerator[Trial, None]:
    """Yield a policy that judges until the block ends."""
    trial = Trial(bundle, workspace, tier)
    try:
        await trial.start()
        yield trial
    finally:
        await trial.close()


def tool_call(call: RecordedCall) -> ToolCall:
    """Return a recorded call as one that is proposed here."""
    return ToolCall(
        CallId(call.id),
        TenantId("local"),
        AgentId(call.agent),
        SessionId(call.session),
        call.tool,
        call.params,
        call.hints,
    )
