"""Does what the hub asks for, as far as it may: each order once, however often it comes, and its result told.

Switches are thrown as soon as they come. What takes long (the doctor, a backup, looking for policy) is done beside, one
after the other, so that no kill switch waits for it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from proxy.background.sight import Sight
from proxy.force import InForce
from proxy.guards.halts import Halts
from safety_core.edge import clock
from safety_core.edge.halts import Hand
from safety_core.edge.hub import HubClient
from safety_core.edge.order_log import OrderLog
from safety_core.edge.reap import reap
from safety_core.errors import RefusedError, SafetyError
from safety_core.model.record import AuditEntry, Event
from safety_core.model.tool_call import AgentId
from safety_core.wire.halts import EVERY, Halt
from safety_core.wire.orders import ORDERS, SWITCHES, Number, Order, OrderKind, OrderOutcome, OrderResult
from safety_core.wire.posture import Posture, Result

DOCTOR_SECONDS: Final = 120.0
"""How long the doctor's command may take: its tries are over in a few seconds."""

HALTED: Final = 1000
"""Agents that are halted, beyond which the hub halts no other one by name: there is a switch for all. They are held in
memory."""

_log = logging.getLogger(__name__)
_REFUSED: Final = OrderResult(OrderOutcome.REFUSED)
_FAILED: Final = OrderResult(OrderOutcome.FAILED)

Act = Callable[[], Awaitable[None]]


@dataclass(slots=True)
class Orders:
    """Takes up orders.

    Attributes:
        pull: looks for a new policy. Raises SafetyError.
        beat: sends a heartbeat. Raises SafetyError.
        doctor: the command that the settings name for it, empty for none.
        later: by id, what takes long and waits; `more` is set when something is added.
    """

    hub: HubClient
    log: OrderLog
    sight: Sight
    in_force: InForce
    pull: Act
    beat: Act
    doctor: tuple[str, ...] = ()
    later: dict[str, Order] = field(default_factory=dict)
    more: asyncio.Event = field(default_factory=asyncio.Event)

    async def receive(self) -> None:
        """Fetch what has no result yet; throw switches, and put aside what takes long. Raises UnavailableError."""
        orders = await self.hub.orders()
        for order in orders:
            if order.kind in SWITCHES or order.kind is None or clock.now() > order.expires:
                await self._settle(order)
            elif len(self.later) < ORDERS:  # the hub has the others still
                self.later.setdefault(order.id, order)
        if self.later:
            self.more.set()

    async def work_off(self) -> None:
        """Do what was put aside. Raises UnavailableError."""
        while self.later:
            order = next(iter(self.later.values()))
            try:
                await self._settle(order)
            finally:
                self.later.pop(order.id, None)  # where the hub was not reached, it comes again

    async def _settle(self, order: Order) -> None:
        result = await self.log.find(order.id)
        if result is None:
            result = await self._done(order)
            await self.log.keep(order.id, result, clock.now())
        try:
            await self.hub.push_order_result(order.id, result)
        except RefusedError as error:
            _log.warning("the result of order %s was refused: %s", order.id, error)

    async def _done(self, order: Order) -> OrderResult:
        if order.kind is None:
            return OrderResult(OrderOutcome.UNKNOWN)
        if clock.now() > order.expires:
            return OrderResult(OrderOutcome.EXPIRED)
        began = clock.now()
        try:
            result = await self._act(order.kind, order)
        except SafetyError as error:
            _log.warning("order %s (%s): %s", order.id, order.kind, error)
            result = _FAILED
        await self._record(order.kind, order, result, clock.now() - began)
        return result

    async def _act(self, kind: OrderKind, order: Order) -> OrderResult:
        match kind:
            case OrderKind.HALT | OrderKind.RESUME:
                return await _switched(self.sight.guards.halts, order, halt=kind is OrderKind.HALT)
            case OrderKind.PULL:
                return await self._pulled()
            case OrderKind.DOCTOR:
                return await self._examined()
            case OrderKind.BACKUP:
                return await self._backed_up()
            case OrderKind.STATUS:
                return await self._told()

    async def _pulled(self) -> OrderResult:
        before = self._version()
        await self.pull()
        outcome = OrderOutcome.UNCHANGED if self._version() == before else OrderOutcome.DONE
        return OrderResult(outcome, {Number.VERSION: self._version()})

    async def _examined(self) -> OrderResult:
        """Run the doctor's command, which hands what it found to this edge by the control socket."""
        if not self.doctor:
            return _REFUSED
        posture, began = self.sight.services.posture, int(clock.now())
        await _run(self.doctor)
        if posture.last is None or posture.last.at < began:
            return _FAILED
        return OrderResult(OrderOutcome.DONE, _counted(posture.last))

    async def _backed_up(self) -> OrderResult:
        made = await asyncio.to_thread(self.sight.backups.make, clock.now())
        return OrderResult(OrderOutcome.DONE if made.ok else OrderOutcome.FAILED, {Number.BYTES: made.size})

    async def _told(self) -> OrderResult:
        await self.beat()
        services = self.sight.services
        waiting = await services.approvals.waiting()
        numbers = {
            Number.PENDING: waiting.pending,
            Number.UNSENT: waiting.unsent + len(await services.usage.unsent()),
            Number.ENTRIES: await services.audit.size(),
            Number.HALTED: self.sight.halted(),
            Number.VERSION: self._version(),
        }
        return OrderResult(OrderOutcome.DONE, numbers)

    def _version(self) -> int:
        policy = self.in_force.policy()
        return 0 if policy is None else policy.version

    async def _record(self, kind: OrderKind, order: Order, result: OrderResult, seconds: float) -> None:
        """Put the order on record. Who halted or resumed has put that there already."""
        if kind in SWITCHES:
            return
        counts = {number.value: count for number, count in result.numbers.items()} | {"seconds": int(seconds)}
        entry = AuditEntry(
            clock.now(), Event.ORDER, subject=kind.value, call=order.id, outcome=result.outcome.value, counts=counts
        )
        await self.sight.services.audit.append(entry)


async def _switched(halts: Halts, order: Order, *, halt: bool) -> OrderResult:
    if halt and order.agent != EVERY and len(halts.thrown()) >= HALTED:
        return _REFUSED
    changed = await halts.set(Halt(AgentId(order.agent), halt, order.reason), Hand.HUB)
    outcome = OrderOutcome.DONE if changed else OrderOutcome.UNCHANGED
    return OrderResult(outcome, {Number.HALTED: len(halts.thrown())})


def _counted(posture: Posture) -> dict[Number, int]:
    words = {Number.BLOCKED: Result.BLOCKED, Number.OPEN: Result.OPEN, Number.UNPROVED: Result.UNKNOWN}
    return {number: len(posture.named(result)) for number, result in words.items()}


async def _run(command: tuple[str, ...]) -> None:
    """Run it to its end; whatever it prints is nobody's business here. Raises SafetyError: it did not end in time."""
    nowhere = asyncio.subprocess.DEVNULL
    try:
        process = await asyncio.create_subprocess_exec(*command, stdin=nowhere, stdout=nowhere, stderr=nowhere)
    except OSError as error:
        reason = f"cannot be run ({error.strerror})"
        raise SafetyError(f"{command[0]}", reason, "see the setting hub.doctor") from error
    try:
        async with asyncio.timeout(DOCTOR_SECONDS):
            await process.wait()
    except TimeoutError as error:
        raise SafetyError(command[0], f"did not end within {DOCTOR_SECONDS:.0f} s") from error
    finally:
        await reap(process)
