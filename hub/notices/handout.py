"""From what happened to messages in the outbox: whom it concerns, by which of their channels, when, and with what else.

One transaction takes happenings out and puts messages in, so a hub that is killed has done both or neither. Questions
of one agent that are alike become one message: those of one round, those that find a message waiting, and those that
come within GATHER_SECONDS after one was sent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from hub.alerts import raise_alert
from hub.approvals.questions import state_at
from hub.context import Context
from hub.happenings import Event
from hub.notices.audience import Audience, audience
from hub.notices.quiet import next_moment
from hub.store import approvals, happenings, outbox
from hub.store.alerts import Alert, over
from hub.store.channels import Channel
from hub.store.happenings import Happening
from hub.store.outbox import Draft
from safety_core.canonical import Json, JsonObject
from safety_core.model.approval import ApprovalState, RequestId
from safety_core.model.level import Level
from safety_core.model.tool_call import TenantId

BATCH: Final = 50
"""Happenings in one transaction, in which nobody else writes to SQLite."""

GATHER_SECONDS: Final = 600.0
"""After a message about a question, those like it are told together, this much later."""

TOGETHER: Final = 100
"""Questions that one message knows by name; the rest is counted."""

LAST_REMINDER: Final = 3600.0
"""Seconds before its end at which a question is told a last time."""

REMIND_HALF: Final = "remind half"
REMIND_LAST: Final = "remind last"
ESCALATE: Final = "escalate"
EXPIRY: Final = "expiry"
UNTOLD: Final = "nobody is told"
"""Kind of the alert about questions that reach nobody."""

SCHEDULED: Final = (REMIND_HALF, REMIND_LAST, ESCALATE, EXPIRY)
"""What lies in wait for a question that nobody answers."""


@dataclass(frozen=True, slots=True)
class Group:
    """Questions of a tenant that are told in one message. `expires` is the first end among them."""

    kind: str
    alike: str
    level: Level
    step: int
    expires: float
    requests: tuple[str, ...]


async def hand_out(context: Context) -> bool:
    """Hand out what is due; True if there may be more."""
    now = context.clock()
    async with context.database.write() as connection:
        taken = await happenings.take(connection, now, BATCH)
        for tenant in dict.fromkeys(item.tenant for item in taken):
            mine = [item for item in taken if item.tenant == tenant]
            await _Round(connection, tenant, await audience(connection, tenant, now), now).hand_out(mine)
    return len(taken) == BATCH


@dataclass(frozen=True, slots=True)
class _Round:
    """What is due for one tenant, in one transaction."""

    connection: AsyncConnection
    tenant: TenantId
    audience: Audience
    now: float

    async def hand_out(self, items: Iterable[Happening]) -> None:
        groups: dict[tuple[str, str, int], Group] = {}
        planned: list[Happening] = []
        for item in items:
            if item.kind in set(Event):
                await self._webhooks(item)
            if item.kind == Event.ALERT:
                await self._alert(item)
            elif item.kind == Event.ANSWER:
                await self._over(item)
            elif item.kind == Event.QUESTION or item.kind in SCHEDULED:
                planned += self._planned(item) if item.kind == Event.QUESTION else []
                group = await self._group(item)
                if group is not None:
                    key = (group.kind, group.alike, group.step)
                    groups[key] = _joined(groups.get(key), group)
        await happenings.insert(self.connection, *planned)
        for group in groups.values():
            await self._tell(group)

    async def _group(self, item: Happening) -> Group | None:
        """Return a question as a group of one, if it is worth telling now."""
        if item.kind == EXPIRY:
            return await self._ran_out(item)
        if item.kind != Event.QUESTION and not await self._waits(item.subject):
            return None
        step = _whole(item.body.get("step"))
        if item.kind == ESCALATE and not await self._escalated(item, step):
            return None
        kind = "reminder" if item.kind in {REMIND_HALF, REMIND_LAST} else "question"
        return _single(item, kind, self._reached(item) if kind == "reminder" else step)

    async def _ran_out(self, item: Happening) -> Group | None:
        stored = await approvals.find(self.connection, self.tenant, RequestId(item.subject))
        if stored is None or state_at(stored, self.now) is not ApprovalState.EXPIRED:
            return None
        body: JsonObject = {"state": ApprovalState.EXPIRED.value, "by": ""}
        await self._webhooks(replace(item, kind=Event.ANSWER.value, body=body))
        return _single(item, "expired", self._reached(item))

    def _planned(self, item: Happening) -> list[Happening]:
        """Return what is to lie in wait if nobody answers; nothing where nobody would be told."""
        if not self.audience.anybody:
            return []
        expires = _number(item.body.get("expires"))
        last, half = expires - LAST_REMINDER, item.at + (expires - item.at) / 2
        planned = [(EXPIRY, expires + 1.0, 0)]
        planned += [(REMIND_LAST, last, 0)] if last > self.now else []
        planned += [(REMIND_HALF, half, 0)] if self.now < half < last else []
        wait = self.audience.telling.escalate_seconds
        planned += [(ESCALATE, item.at + wait, 1)] if wait and self.audience.last_step else []
        return [
            replace(item, kind=kind, due=due, body={**item.body, "step": step, "asked": item.at})
            for kind, due, step in planned
        ]

    async def _escalated(self, item: Happening, step: int) -> bool:
        """Plan the step after this one; False if there is nobody in this one."""
        if step > self.audience.last_step:
            return False
        due = item.due + self.audience.telling.escalate_seconds
        body = {**item.body, "step": step + 1}
        await happenings.insert(self.connection, replace(item, due=due, body=body))
        return True

    def _reached(self, item: Happening) -> int:
        """Return up to which step people have been told by now."""
        wait = self.audience.telling.escalate_seconds
        since = self.now - _number(item.body.get("asked"))
        return min(int(since // wait), self.audience.last_step) if wait else 0

    async def _waits(self, request: str) -> bool:
        stored = await approvals.find(self.connection, self.tenant, RequestId(request))
        return stored is not None and state_at(stored, self.now) is ApprovalState.PENDING

    async def _over(self, item: Happening) -> None:
        state = item.body.get("state")
        if state == ApprovalState.EXPIRED:
            return  # the expiry that lies in wait tells it
        await happenings.forget(self.connection, self.tenant, item.subject, SCHEDULED)

    async def _tell(self, group: Group) -> None:
        expires = None if group.kind == "expired" else group.expires
        due = next_moment(self.audience.telling, group.level, self.now, expires)
        exact = group.kind == "question" and group.step > 0
        used = [item for item in self.audience.channels(group.step, exact=exact) if item.least <= group.level]
        for channel in used:
            await self._gather(channel, group, due)
        if group.kind == "question" and not exact:
            await self._watch(reached=any(item.failed is None for item in used))

    async def _watch(self, *, reached: bool) -> None:
        """Raise an alert where a question reached nobody; it is over with the first one that reaches somebody."""
        if not reached:
            alert = Alert(self.tenant, self.now, UNTOLD, "", "a question waits, and no channel tells anybody of it")
            await raise_alert(self.connection, alert)
            return
        await over(self.connection, self.tenant, UNTOLD, self.now)

    async def _gather(self, channel: Channel, group: Group, due: float) -> None:
        subject = f"{group.kind}/{group.requests[0]}" + (f"/{int(self.now)}" if group.kind == "reminder" else "")
        body: JsonObject = {"requests": [*group.requests[:TOGETHER]], "more": max(0, len(group.requests) - TOGETHER)}
        draft = Draft(channel.person, channel.id, self.tenant, group.kind, subject, body, due, group.alike)
        before = await outbox.waiting_alike(self.connection, draft)
        if before is not None:
            await outbox.widen(self.connection, before.id, _wider(before.draft.body, group.requests))
            return
        last = await outbox.last_alike(self.connection, draft)
        pause = last + GATHER_SECONDS if last else 0.0
        if group.kind == "expired" or group.expires > pause:  # what would end meanwhile is told at once
            draft = replace(draft, due=max(due, pause))
        await outbox.add(self.connection, draft, self.now)

    async def _alert(self, item: Happening) -> None:
        subject = f"alert/{self.tenant}/{item.subject}/{int(item.at)}"
        due = next_moment(self.audience.telling, Level.RED, self.now)
        for channel in self.audience.for_alerts():
            draft = Draft(channel.person, channel.id, self.tenant, "alert", subject, item.body, due)
            await outbox.add(self.connection, draft, self.now)

    async def _webhooks(self, item: Happening) -> None:
        for webhook in self.audience.hooks:
            if item.kind in webhook.events:
                body: JsonObject = {"subject": item.subject, "at": item.at, "data": _outside(item)}
                again = f"/{int(item.at)}" if item.kind == Event.ALERT else ""  # one that was over and is back is news
                subject = f"{item.kind}/{item.subject}{again}"
                draft = Draft("", webhook.id, self.tenant, item.kind, subject, body, self.now)
                await outbox.add(self.connection, draft, self.now)


def _single(item: Happening, kind: str, step: int) -> Group:
    level = Level.named(str(item.body.get("level"))) or Level.CRITICAL_RED
    return Group(kind, str(item.body.get("alike", "")), level, step, _number(item.body.get("expires")), (item.subject,))


def _joined(one: Group | None, other: Group) -> Group:
    if one is None:
        return other
    return replace(one, requests=one.requests + other.requests, expires=min(one.expires, other.expires))


def _wider(body: JsonObject, requests: Iterable[str]) -> JsonObject:
    """Return what a waiting message knows, with more questions; the first ones are named, the rest is counted."""
    before = body.get("requests")
    known: list[Json] = [*before] if isinstance(before, list) else []
    new = [request for request in requests if request not in known]
    room = max(0, TOGETHER - len(known))
    return {"requests": [*known, *new[:room]], "more": _whole(body.get("more")) + len(new[room:])}


def _outside(item: Happening) -> JsonObject:
    """Return what a webhook is told: not what only sorts questions here."""
    return {name: value for name, value in item.body.items() if name not in {"alike", "step", "asked"}}


def _number(value: Json) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _whole(value: Json) -> int:
    return int(_number(value))
