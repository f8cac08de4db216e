"""One-use links: who holds one may answer one question, in one person's name, by one channel, until it ends.

The token is 256 bits and stored by hash. Nothing is done when it is opened: mail scanners and previews of chats open
every link. What answers is a press on the page that it leads to (`hub.console.link`).
"""

from __future__ import annotations

import re
import secrets
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from hub.auth.callers import token_hash
from hub.context import Context
from hub.people.membership import person_may_answer
from hub.policy.reading import policy_of
from hub.roles import Person
from hub.store import links, people
from hub.store.links import Link
from safety_core.approve import check_may_answer
from safety_core.errors import WeakApproverError
from safety_core.model.approval import ApprovalRequest, RequestId
from safety_core.model.tool_call import TenantId

TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43}")


async def issue(
    connection: AsyncConnection,
    link_for: tuple[TenantId, RequestId],
    person: str,
    word: str,
    now: float,
    expires: float,
) -> str:
    """Draw a link's token and store its hash.

    Args:
        link_for: tenant and question.
        word: of the channel by which it goes.
    """
    token = secrets.token_urlsafe(32)
    tenant, request = link_for
    await links.put(connection, Link(token_hash(token), tenant, request, person, word, now, expires))
    return token


def address(context: Context, token: str) -> str:
    """Return the URL that goes into a message."""
    return f"{context.settings.origin}/a/{token}"


async def opened(context: Context, token: str) -> tuple[Link, Person] | None:
    """Return what a token is for, used or not, and whose it is; None for one that opens nothing (any more).

    The person must still be let in, and still answer for the tenant, themselves or in somebody's place.
    """
    if not TOKEN.fullmatch(token):
        return None
    now = context.clock()
    async with context.database.read() as connection:
        link = await links.find(connection, token_hash(token))
        if link is None or now > link.expires:
            return None
        person = await people.find(connection, link.person)
        if person is None or not await person_may_answer(connection, person, link.tenant, now):
            return None
    return link, person


async def use(context: Context, link: Link, now: float) -> bool:
    """Use a link up; False if somebody was first."""
    async with context.database.write() as connection:
        return await links.use(connection, link.hash, now)


async def give_back(context: Context, link: Link, used: float) -> None:
    """Undo `use`, because the answer could not be stored."""
    async with context.database.write() as connection:
        await links.give_back(connection, link.hash, used)


def origin(word: str) -> str:
    """Return from where an answer by a link comes, as it is signed."""
    return f"{word}:link"


async def may_approve(context: Context, asked: ApprovalRequest, word: str) -> bool:
    """Tell whether policy lets the hub's key approve this by a link of this channel. Strong questions: never.

    The edge asks the same of each grant; here it keeps a person from pressing a button that does nothing.
    """
    policy = await policy_of(context, asked.tenant)
    key = next((item for item in policy.approvers if item.id == context.keys.approvals_id), None) if policy else None
    if key is None or asked.strong:
        return False
    try:
        check_may_answer(key, asked, origin(word))
    except WeakApproverError:
        return False
    return True
