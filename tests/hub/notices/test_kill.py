"""The hub is killed while it sends: every message comes, and one that comes twice says that it is the same."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter, defaultdict
from pathlib import Path

from sqlalchemy import text

from hub.app import opened
from hub.approvals import questions
from hub.keys import create_keys
from hub.notices import channels
from hub.notices.delivery import deliver
from hub.people import directory
from hub.roles import Role
from hub.settings import Settings
from hub.store import tenants
from safety_core.model.tool_call import AgentId, TenantId
from tests.simulators.hub import question
from tests.simulators.hub_process import HubProcess
from tests.simulators.mail_server import MailServer

ACME = TenantId("acme")
KILLS = 4
PEOPLE = ("Olga", "Pia", "Rui")
QUESTIONS = 15


async def prepare(settings: Settings) -> None:
    create_keys(settings.data / "keys")
    async with opened(settings) as context:
        async with context.database.write() as connection:
            await tenants.add(connection, ACME, context.clock())
        for name in PEOPLE:
            person = await directory.add(context, name)
            await directory.give(context, person, Role.OWNER, ACME)
            await channels.add_email(context, person.id, f"{name.lower()}@people.example")
        for index in range(QUESTIONS):
            asked = question(agent=AgentId(f"agent{index}"), now=time.time(), expires=time.time() + 80_000)
            await questions.take(context, asked)


async def let_leases_end(settings: Settings) -> None:
    """Let the time pass for which jobs rest after a kill; messages that were being sent still rest."""
    async with opened(settings) as context, context.database.write() as connection:
        await connection.execute(text("UPDATE jobs SET lease = 0, due = 0"))


async def test_whenever_the_hub_is_killed_every_message_comes(
    database_url: str, tmp_path: Path, mails: MailServer
) -> None:
    settings = Settings(tmp_path / "hub", database_url, smtp=mails.url, mail_from="hub@hub.example")
    await prepare(settings)
    mails.pause = 0.05
    given = {"smtp": mails.url, "mail_from": "hub@hub.example"}
    hub = HubProcess(settings.data, database_url, given=given)
    chance = random.Random(7)
    for _ in range(KILLS):
        before = len(mails.taken)
        await asyncio.to_thread(hub.start)
        try:
            for _ in range(200):
                await asyncio.sleep(0.01)
                if len(mails.taken) > before + 1:
                    break
            await asyncio.sleep(chance.uniform(0, 0.1))
        finally:
            hub.kill()
        await let_leases_end(settings)
    mails.pause = 0.0
    async with opened(settings, lambda: time.time() + 300) as context:  # the leases of the killed are over
        await deliver(context)
    came: dict[tuple[str, str], list[str]] = defaultdict(list)
    for mail in mails.taken:
        came[mail.recipients[0], str(mail.mail["Subject"])].append(str(mail.mail["Message-ID"]))
    assert len(came) == len(PEOPLE) * QUESTIONS
    assert all(len(set(names)) == 1 for names in came.values())
    twice = Counter({subject: len(names) - 1 for subject, names in came.items()})
    assert twice.total() <= KILLS * len(PEOPLE)
