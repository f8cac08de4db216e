"""The channels that a person chooses: added, set, tried, taken away. What the settings page calls."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Final

from hub.context import Context
from hub.errors import NotFoundError
from hub.notices import chat, mail, push, wording
from hub.notices.composing import Ready
from hub.notices.delivery import Post
from hub.notices.sealing import Seal
from hub.store import channels, outbox
from hub.store.channels import Channel, ChannelKind
from safety_core.edge import clock
from safety_core.errors import InputError, LimitError
from safety_core.model.level import Level

MOST: Final = 10
"""Channels of one person: each message goes to all of them."""

NAME_LIMIT: Final = 60


def push_key(context: Context) -> str:
    """Return the public key that a browser subscribes with (`applicationServerKey`, base64url)."""
    return Seal(context.keys).vapid_public


async def add_push(context: Context, person: str, name: str, subscription: bytes) -> Channel:
    """Add a browser. `subscription`: JSON as `PushSubscription.toJSON()` gives it. Raises InputError, LimitError."""
    target = push.checked_subscription(subscription, private=bool(context.settings.private_addresses))
    return await _add(context, person, ChannelKind.PUSH, "push", name, target)


async def add_email(context: Context, person: str, address: str) -> Channel:
    """Add an e-mail address. Raises InputError, LimitError."""
    if not context.settings.smtp:
        raise InputError("e-mail", "is not set up at this hub", "have its admin set SAFETY_HUB_SMTP")
    mail.checked_address(address)
    return await _add(context, person, ChannelKind.EMAIL, "email", address, address.encode())


async def add_chat(context: Context, person: str, name: str, url: str) -> Channel:
    """Add a chat service by its apprise URL. It is shown to nobody again. Raises InputError, LimitError."""
    word = chat.channel_word(url)
    async with chat.opened(private=bool(context.settings.private_addresses)) as service:
        kind = await service.check(url)
    return await _add(context, person, ChannelKind.APPRISE, word, name or kind, url.encode())


async def _add(context: Context, person: str, kind: ChannelKind, word: str, name: str, target: bytes) -> Channel:
    seal = Seal(context.keys)
    channel = Channel(
        id=clock.new_id(),
        person=person,
        kind=kind,
        word=word,
        name=wording.plain(name, NAME_LIMIT) or kind.value,
        target=seal.close(target),
        mark=seal.mark(kind.value.encode() + b"\x00" + target),
        least=Level.GREEN,
        detail=False,
        created=context.clock(),
    )
    async with context.database.write() as connection:
        known = await channels.listed(connection, (person,))
        if len(known) >= MOST and channel.mark not in {item.mark for item in known}:
            raise LimitError("channels", f"are at most {MOST} for one person", "remove one first")
        await channels.put(connection, channel)
        stored = await channels.listed(connection, (person,))
    return next(item for item in stored if item.mark == channel.mark)


async def listed(context: Context, person: str) -> tuple[Channel, ...]:
    """Return a person's channels, the oldest first."""
    async with context.database.read() as connection:
        return await channels.listed(connection, (person,))


async def choose(context: Context, person: str, channel: str, least: Level, *, detail: bool) -> None:
    """Set from which level on a channel is used, and whether arguments may leave the house by it.

    Raises NotFoundError where the person has no such channel.
    """
    async with context.database.write() as connection:
        if not await channels.choose(connection, person, channel, least, detail=detail):
            raise _not_there()


async def remove(context: Context, person: str, channel: str) -> None:
    """Take a channel away, and what waits for it. Raises NotFoundError."""
    async with context.database.write() as connection:
        if not await channels.remove(connection, person, channel):
            raise _not_there()
        await outbox.forget_channel(connection, channel)


async def test(context: Context, person: str, channel: str) -> None:
    """Send a message that says it is a test, now.

    Raises:
        NotFoundError: the person has no such channel.
        SafetyError: it did not go out; the reason is for them to read.
    """
    async with context.database.read() as connection:
        found = await channels.find(connection, channel)
    if found is None or found.person != person:
        raise _not_there()
    ready = Ready(wording.trial(f"{context.settings.origin}/"), context.clock() + 600)
    async with AsyncExitStack() as stack:
        post = Post(context, "", Seal(context.keys), stack)
        await post.send(found, ready, f"test.{clock.new_id()}")
    async with context.database.write() as connection:
        await channels.note_failure(connection, channel, None)


def _not_there() -> NotFoundError:
    return NotFoundError("channel", "is not there", "see your settings")
