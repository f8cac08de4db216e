"""Sending what is due: claim, compose, send, settle.

Each of claim, compose and settle is a transaction; the send lies between. Short of a process killed between a send and
its settling, nothing is sent twice: a claim is one UPDATE, its lease is longer than any send may take, and who settles
names the claim. What fails is tried again, later and later; after ATTEMPTS it is given up, and an alert says so.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from hub import alerts
from hub.context import Context
from hub.notices import chat, mail, outward, push, webhooks, wording
from hub.notices.chat import Chat
from hub.notices.composing import STALE_SECONDS, Ready, compose
from hub.notices.handout import hand_out
from hub.notices.outward import Outward
from hub.notices.refusals import UndeliverableError
from hub.notices.sealing import Seal
from hub.store import channels, outbox, people, telling
from hub.store import webhooks as receivers
from hub.store.alerts import Alert, over
from hub.store.channels import Channel, ChannelKind
from hub.store.outbox import Draft, Sending
from hub.store.outbox import Message as Row
from safety_core.edge import clock
from safety_core.errors import SafetyError, UnavailableError

BATCH: Final = 20
"""Messages of one claim."""

LEASE_SECONDS: Final = 120.0
"""How long a claim holds, and a killed process's messages wait. No send is begun that could end after it."""

SEND_SECONDS: Final = 32.0
"""For one message, all in all: longer than each channel's own limit."""

ROUNDS: Final = 10
"""Claims in one round of the job, so that it ends before its own lease."""

ATTEMPTS: Final = 8
FIRST_RETRY: Final = 15.0
"""Seconds before the second attempt, doubled with each further one: eight attempts take half an hour."""

HOUR: Final = 3600.0
FLOOD: Final = "flood"
_log: Final = logging.getLogger(__name__)

CHANNEL: Final = "channel"
"""Kind of the alert about a channel that does not work."""


async def deliver(context: Context) -> None:
    """Hand out what happened, and send what is due. A job of the clerk."""
    for _ in range(ROUNDS):
        if not await hand_out(context):
            break
    async with AsyncExitStack() as stack:
        post = Post(context, clock.new_id(), Seal(context.keys), stack)
        for _ in range(ROUNDS):
            async with context.database.read() as connection:
                if not await outbox.any_due(connection, context.clock()):
                    return
            async with context.database.write() as connection:
                rows = await outbox.claim(connection, post.holder, context.clock(), LEASE_SECONDS, BATCH)
            await post.send_all(rows)


@dataclass(slots=True)
class Post:
    """One round of sending, under one claim's name. What speaks to the outside is opened at the first use."""

    context: Context
    holder: str
    seal: Seal
    stack: AsyncExitStack
    _outward: Outward | None = None
    _chat: Chat | None = None

    @property
    def _private(self) -> bool:
        return bool(self.context.settings.private_addresses)

    async def outward(self) -> Outward:
        """Return what makes requests."""
        if self._outward is None:
            self._outward = await self.stack.enter_async_context(outward.opened(private=self._private))
        return self._outward

    async def chat(self) -> Chat:
        """Return what speaks to chat services."""
        if self._chat is None:
            self._chat = await self.stack.enter_async_context(chat.opened(private=self._private))
        return self._chat

    async def send_all(self, rows: Iterable[Row]) -> None:
        """Send claimed messages: those of one receiver one after the other, different receivers at once."""
        queues: dict[str, list[Row]] = {}
        for row in rows:
            queues.setdefault(row.draft.person or row.draft.channel, []).append(row)
        async with asyncio.TaskGroup() as group:
            for queue in queues.values():
                group.create_task(self._send_queue(queue))

    async def _send_queue(self, queue: list[Row]) -> None:
        """Send what one receiver gets; a channel that has just failed, and a claim that ends soon, are not tried."""
        broken: set[str] = set()
        until = self.context.clock() + LEASE_SECONDS - 2 * SEND_SECONDS
        for row in queue:
            now, channel = self.context.clock(), row.draft.channel
            if channel in broken or now > until:
                pause = FIRST_RETRY if channel in broken else 0.0
                async with self.context.database.write() as connection:
                    await outbox.later(connection, row.id, self.holder, now + pause, "not tried", tried=False)
            elif not await self._tried(row):
                broken.add(channel)

    async def _tried(self, row: Row) -> bool:
        """Send a message if it is still worth it; False if its channel failed."""
        try:
            return await (self._to_person(row) if row.draft.person else self._to_webhook(row))
        except (SafetyError, TimeoutError) as error:
            await self._failed(row, error)
        except Exception as error:  # noqa: BLE001 - a message that breaks something must not hold up all others
            _log.exception("message %d: internal error", row.id)
            await self._failed(row, UnavailableError("message", f"broke something ({type(error).__name__})"))
        return False

    async def _to_webhook(self, row: Row) -> bool:
        """Send an event. What is raised is why it did not go out."""
        async with self.context.database.read() as connection:
            webhook = await receivers.find(connection, row.draft.channel)
        if webhook is None:
            await self._settle(row, Sending.DROPPED, "the webhook is gone")
            return True
        secret = self.seal.open(webhook.secret)
        async with asyncio.timeout(SEND_SECONDS):
            await webhooks.send(await self.outward(), webhook, secret, row, self.context.clock())
        await self._settle(row, Sending.SENT)
        return True

    async def _to_person(self, row: Row) -> bool:
        """Send a message. What is raised is why it did not go out."""
        async with self.context.database.read() as connection:
            channel = await channels.find(connection, row.draft.channel)
            known = await people.find(connection, row.draft.person)
        if channel is None or known is None:
            await self._settle(row, Sending.DROPPED, "the channel is gone")
            return True
        if await self._too_many(row):
            return True
        ready = await self._ready(row, channel)
        if ready is None:
            await self._settle(row, Sending.DROPPED, "not worth telling any more")
            return True
        async with asyncio.timeout(SEND_SECONDS):
            await self.send(channel, ready, f"{row.id}.{row.draft.channel}")
        await self._settle(row, Sending.SENT, works_again=channel.failed is not None)
        return True

    async def _ready(self, row: Row, channel: Channel) -> Ready | None:
        if row.draft.kind != FLOOD:
            return await compose(self.context, row.draft, channel)
        async with self.context.database.read() as connection:
            count = await outbox.waiting(connection, row.draft.person, row.id)
        return Ready(wording.flood(count, f"{self.context.settings.origin}/"), self.context.clock() + HOUR)

    async def _too_many(self, row: Row) -> bool:
        """Where a person has had enough in this hour: let the message wait, and have one say how many do."""
        now, draft = self.context.clock(), row.draft
        if draft.kind == FLOOD:
            return False
        async with self.context.database.write() as connection:
            chosen = await telling.find(connection, draft.tenant)
            recent = await outbox.sent_since(connection, draft.person, now - HOUR)
            if len(recent) < chosen.hourly:
                return False
            due = recent[-chosen.hourly] + HOUR + 1
            await outbox.later(connection, row.id, self.holder, due, "too many in an hour", tried=False)
            subject = f"{FLOOD}/{int(now // HOUR)}"
            told = Draft(draft.person, draft.channel, draft.tenant, FLOOD, subject, {}, now)
            await outbox.add(connection, told, now)
        return True

    async def send(self, channel: Channel, ready: Ready, name: str) -> None:
        """Send a message by a channel. `name`: what makes it this message and no other, for who gets it twice.

        Raises:
            UndeliverableError: it will not go out by this channel.
            SafetyError: not this time.
        """
        target, message, settings = self.seal.open(channel.target), ready.message, self.context.settings
        now = self.context.clock()
        if channel.kind is ChannelKind.PUSH:
            contact = f"mailto:{settings.mail_from}" if settings.mail_from else "mailto:safety-hub@localhost"
            to = await self.outward()
            await push.send(to, self.seal, target, message, contact=contact, now=now, expires=ready.expires)
        elif channel.kind is ChannelKind.EMAIL:
            if not settings.smtp:
                raise UnavailableError("e-mail", "has no mail server", "set SAFETY_HUB_SMTP and SAFETY_HUB_MAIL_FROM")
            server = mail.mail_server(settings.smtp, settings.mail_from)
            await mail.send(server, mail.composed(message, server.sender, target.decode(), name, now))
        else:
            await (await self.chat()).send(target.decode(), message)

    async def _settle(self, row: Row, state: Sending, reason: str = "", *, works_again: bool = False) -> None:
        now, draft = self.context.clock(), row.draft
        async with self.context.database.write() as connection:
            await outbox.settle(connection, row.id, self.holder, state, reason, now)
            if works_again:
                await channels.note_failure(connection, draft.channel, None)
                await over(connection, draft.tenant, CHANNEL, now, draft.channel)

    async def _failed(self, row: Row, error: Exception) -> None:
        """Try again later, or give up and say so."""
        now, reason = self.context.clock(), str(error) or "took too long"
        stale = now > row.draft.due + STALE_SECONDS
        last = isinstance(error, UndeliverableError) or row.attempts >= ATTEMPTS or stale
        async with self.context.database.write() as connection:
            if not last:
                due = now + FIRST_RETRY * 2 ** (row.attempts - 1)
                await outbox.later(connection, row.id, self.holder, due, reason, tried=True)
            elif await outbox.settle(connection, row.id, self.holder, Sending.DEAD, reason, now):
                await self._give_up(connection, row.draft, reason)

    async def _give_up(self, connection: AsyncConnection, draft: Draft, reason: str) -> None:
        now = self.context.clock()
        channel = await channels.find(connection, draft.channel)
        person = await people.find(connection, draft.person)
        await channels.note_failure(connection, draft.channel, now)
        whose = f"{channel.name} of {person.name}" if channel and person else "a webhook"
        told = f"{whose} takes no messages: {reason}"
        await alerts.raise_alert(connection, Alert(draft.tenant, now, CHANNEL, draft.channel, told))
