"""A candidate policy that judges in the shadow of the one in force. It decides nothing, and nothing waits for it.

`ShadowEngine` is the engine of the policy in force with a candidate beside it: every decision is the first one's,
returned as soon as it is there. What was judged is then put to the candidate, in a child process of its own; where the
two do not agree, a line is written. The candidate is bounded in everything: it has a deadline, it lags behind by at
most `BEHIND` calls (others are passed over and counted), and after `FAILURES` failures in a row it is given up until
the next policy. It sees calls from which secrets have been taken already.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from safety_core.approve import action_digest
from safety_core.bundle.contents import TrustedBundle
from safety_core.canonical import JsonObject
from safety_core.classify.facts import facts_of
from safety_core.classify.judge import verdict_of
from safety_core.edge import clock
from safety_core.edge.engine import Engine
from safety_core.edge.files import read_input
from safety_core.edge.rego import RegoEngine
from safety_core.edge.shipped import bundle_in
from safety_core.errors import SafetyError, WrongTenantError
from safety_core.flow.compared import Judged, of_verdict, untold
from safety_core.flow.shadowed import difference_line, start_line, summary_line, trouble_line
from safety_core.model.facts import Facts
from safety_core.model.policy import Policy
from safety_core.model.tool_call import ToolCall
from safety_core.model.verdict import Decision

DEADLINE: Final = 0.5
"""Seconds for one call: a candidate that needs more is not fit to be put in force."""

BEHIND: Final = 64
"""Calls that may wait for the candidate."""

FAILURES: Final = 3
"""Failures in a row after which it is given up."""

SUMMARY_EVERY: Final = 200
"""Calls between two summaries in the report."""

REPORT_LIMIT: Final = 64 * 1024 * 1024
"""Bytes of a report; some 100,000 differences. Nothing is written beyond it."""

Sink = Callable[[JsonObject], None]


@dataclass(frozen=True, slots=True)
class _Seen:
    call: ToolCall
    facts: Facts
    decision: Decision


class ShadowEngine:
    """The engine in force, with a candidate beside it.

    Args:
        engine: of the policy in force; it is closed with this one.
        in_force, candidate: the two policies.
        sink: takes the lines of the report; it must not block and not raise.
    """

    def __init__(
        self,
        engine: Engine,
        in_force: TrustedBundle,
        candidate: TrustedBundle,
        sink: Sink,
        *,
        workspace: str,
        deadline: float = DEADLINE,
    ) -> None:
        self._engine = engine
        self._in_force: Policy = in_force.policy
        self._bundle = candidate
        self._sink = sink
        self._workspace = workspace
        self._candidate = RegoEngine(deadline=deadline)
        self._queue: asyncio.Queue[_Seen] = asyncio.Queue(BEHIND)
        self._same_catalogue = in_force.policy.catalogue == candidate.policy.catalogue
        self._task: asyncio.Task[None] | None = None
        self._counts = {"seen": 0, "differing": 0, "passed_over": 0}

    @property
    def waiting(self) -> int:
        """Calls that wait for the candidate."""
        return self._queue.qsize()

    async def load(self, bundle: TrustedBundle) -> None:
        """Load the policy in force."""
        await self._engine.load(bundle)

    async def judge(self, facts: Facts) -> Decision:
        """Return what the policy in force says; the candidate is not told, for lack of the call."""
        return await self._engine.judge(facts)

    async def judge_call(self, call: ToolCall, facts: Facts) -> Decision:
        """Return what the policy in force says, and put the same call to the candidate."""
        decision = await self._engine.judge(facts)
        self._offer(_Seen(call, facts, decision))
        return decision

    async def close(self) -> None:
        """Stop both. Idempotent."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            self._summary()
        await self._candidate.close()
        await self._engine.close()

    def start(self) -> None:
        """Let the candidate begin; nobody waits until its rules are loaded."""
        self._sink(start_line(clock.now(), self._in_force.revision, self._bundle.revision))
        self._task = asyncio.create_task(self._run(), name="shadow")

    def _offer(self, seen: _Seen) -> None:
        if self._task is None or self._task.done():
            return
        try:
            self._queue.put_nowait(seen)
        except asyncio.QueueFull:
            self._counts["passed_over"] += 1

    async def _run(self) -> None:
        failures = 0
        try:
            await self._candidate.load(self._bundle)
        except SafetyError as error:
            self._sink(trouble_line(clock.now(), f"the candidate does not load: {error.reason}"))
            return
        while failures < FAILURES:
            seen = await self._queue.get()
            after = await self._judged(seen)
            failures = failures + 1 if after.trouble else 0
            self._compare(seen, after)
        self._sink(trouble_line(clock.now(), f"given up after {FAILURES} failures in a row"))
        self._summary()

    async def _judged(self, seen: _Seen) -> Judged:
        policy = self._bundle.policy
        try:
            facts = self._facts(seen)
            verdict = verdict_of(facts, await self._candidate.judge(facts), policy.revision)
            return of_verdict(seen.call, verdict, policy, clock.now())
        except SafetyError as error:
            return untold(error.reason)

    def _facts(self, seen: _Seen) -> Facts:
        """Return the call as the candidate's catalogue reads it, unless the session had a part in what it does."""
        if self._same_catalogue or facts_of(seen.call, self._in_force.catalogue, self._workspace) != seen.facts:
            return seen.facts
        return facts_of(seen.call, self._bundle.policy.catalogue, self._workspace)

    def _compare(self, seen: _Seen, after: Judged) -> None:
        now = clock.now()
        verdict = verdict_of(seen.facts, seen.decision, self._in_force.revision)
        before = of_verdict(seen.call, verdict, self._in_force, now)
        self._counts["seen"] += 1
        if after.trouble:
            self._sink(trouble_line(now, after.trouble))
        if (before.level, before.outcome) != (after.level, after.outcome):
            self._counts["differing"] += 1
            digest = action_digest(seen.call, seen.facts.tool, self._in_force)
            self._sink(difference_line(now, seen.facts, digest, before, after))
        if self._counts["seen"] % SUMMARY_EVERY == 0:
            self._summary()

    def _summary(self) -> None:
        self._sink(summary_line(clock.now(), **self._counts))


async def judged_by(engine: Engine, facts: Facts, call: ToolCall | None) -> Decision:
    """Return what `engine` says; one that has a candidate beside it is told the call."""
    if isinstance(engine, ShadowEngine) and call is not None:
        return await engine.judge_call(call, facts)
    return await engine.judge(facts)


def shadowed(
    engine: Engine, in_force: TrustedBundle, candidate: Path, sink: Sink, *, workspace: str, deadline: float = DEADLINE
) -> Engine:
    """Return `engine` with the candidate in a file beside it, or as it is where that file is no policy for this tenant.

    The trouble is told to `sink`: a candidate never keeps an edge from working.
    """
    try:
        bundle = bundle_in(read_input(candidate))
        if bundle.policy.tenant != in_force.policy.tenant:
            raise WrongTenantError(str(candidate), "is for another tenant")
    except SafetyError as error:
        sink(trouble_line(clock.now(), f"the candidate cannot be read: {error}"))
        return engine
    found = ShadowEngine(engine, in_force, bundle, sink, workspace=workspace, deadline=deadline)
    found.start()
    return found


@dataclass(frozen=True, slots=True)
class ReportFile:
    """A sink that appends to a file, mode 0600, up to `REPORT_LIMIT`. A disk that does not take it changes nothing."""

    path: Path

    def __call__(self, line: JsonObject) -> None:
        """Append one line."""
        raw = json.dumps(line, ensure_ascii=False).encode() + b"\n"
        with suppress(OSError):
            handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            try:
                if os.fstat(handle).st_size + len(raw) <= REPORT_LIMIT:
                    os.write(handle, raw)
            finally:
                os.close(handle)
