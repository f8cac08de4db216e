"""What models' responses propose, judged in advance and put on record: the entry "proposed" that names its exchange.

Nothing waits for it. What was shown is judged one call after another, each exactly as `POST /v1/decide` would, but that
nobody is asked, nothing is granted, and hints that only a host knows are not there. For an agent that has no plugin,
the entry is the only sight of its calls.
"""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from proxy.calls.call import Calls
from proxy.guards.foreseen import Foreseen
from safety_core.edge import clock
from safety_core.edge.driver import Handlers
from safety_core.errors import SafetyError
from safety_core.flow.egress_effects import Foresee, Weigh
from safety_core.model.record import AuditEntry, Event
from safety_core.model.tool_call import AgentId, CallId, ProposedCall, SessionId, TenantId, ToolCall
from safety_core.wire.names import NAME_LIMIT, plain

BEHIND: Final = 1024
"""Calls that may wait to be judged; of what comes beyond, only the number is logged."""

HELD: Final = 8 * 1024 * 1024
"""Characters of arguments that may wait; a call for which there is no room is on record without a level."""

PARTING: Final = 2.0
"""Seconds that an edge which ends still takes for those that wait."""

UNREAD: Final = "unread arguments"
"""In place of rules: the arguments are no JSON object, or too large to keep."""

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Due:
    exchange: str
    agent: AgentId
    session: SessionId
    call: ProposedCall
    size: int = 0


class Foresight:
    """Performs `Foresee` and `Weigh`. Close it with `aclose()`."""

    def __init__(self, calls: Calls, foreseen: Foreseen, tenant: TenantId) -> None:
        self._calls = calls
        self._foreseen = foreseen
        self._tenant = tenant
        self._due: asyncio.Queue[_Due] = asyncio.Queue(BEHIND)
        self._held = 0
        self._task: asyncio.Task[None] | None = None

    def handlers(self) -> Handlers:
        """Return what performs the two effects."""
        return {
            Foresee: lambda effect: self._foreseen.note(effect.agent, effect.calls, clock.now()),
            Weigh: self._weigh,
        }

    async def idle(self) -> None:
        """Wait until everything that waits has been judged."""
        await self._due.join()

    async def aclose(self) -> None:
        """Judge what still waits, but not for long, and stop. Idempotent."""
        task, self._task = self._task, None
        if task is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._due.join(), PARTING)
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def _weigh(self, effect: Weigh) -> None:
        session = self._foreseen.session(effect.agent, effect.trace)
        if effect.broken:
            self._foreseen.excuse(effect.agent, effect.calls)
        if self._task is None:
            self._task = asyncio.create_task(self._judge(), name="foresight")
        for number, call in enumerate(effect.calls):
            size = len(json.dumps(call.arguments))
            if self._held + size > HELD:
                call, size = replace(call, arguments=None), 0  # noqa: PLW2901 - it is put on record by its name
            try:
                self._due.put_nowait(_Due(effect.exchange, effect.agent, session, call, size))
                self._held += size
            except asyncio.QueueFull:
                left = len(effect.calls) - number
                _log.warning("%d proposed calls of exchange %s are not judged: too many wait", left, effect.exchange)
                return

    async def _judge(self) -> None:
        while True:
            due = await self._due.get()
            try:
                await self._judged(due)
            except SafetyError as error:
                _log.warning("a proposed call of exchange %s is not on record: %s", due.exchange, error)
            finally:
                self._held -= due.size
                self._due.task_done()

    async def _judged(self, due: _Due) -> None:
        """Put one call on record, and why it could not be judged where it could not."""
        call, params = due.call, due.call.params
        name, tool = plain(call.id, NAME_LIMIT), plain(call.tool, NAME_LIMIT)
        rule = UNREAD
        if params is not None:
            whole = ToolCall(CallId(name), self._tenant, due.agent, due.session, tool, params)
            try:
                return await self._calls.foresee(whole, due.exchange)
            except SafetyError as error:
                rule = type(error).__name__
                _log.warning("a proposed call of exchange %s could not be judged: %s", due.exchange, error)
        entry = AuditEntry(clock.now(), Event.PROPOSED, due.agent, tool, name, rules=(rule,), exchange=due.exchange)
        await self._calls.services.audit.append(entry)
        return None
