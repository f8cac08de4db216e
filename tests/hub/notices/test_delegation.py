"""Anna answers for Olga until Friday: in her own name, at one tenant, for as long as Olga could."""

from __future__ import annotations

import pytest

from hub.approvals import questions
from hub.errors import ForbiddenError, NotFoundError
from hub.notices import delegation
from hub.people.membership import person_may_answer
from hub.roles import Person
from hub.store import people
from safety_core.errors import InputError
from safety_core.model.approval import ApprovalState
from safety_core.model.level import Level
from safety_core.model.tool_call import TenantId
from tests.simulators.hub import START, RunningHub, question
from tests.simulators.mail_server import MailServer
from tests.simulators.told import let_channels_approve, links_in, reached_by_mail, tell
from tests.simulators.visitors import browser, person_with

ACME, GLOBEX = TenantId("acme"), TenantId("globex")
DAY = 86_400.0


async def pair(hub: RunningHub) -> tuple[Person, Person]:
    olga, _ = await reached_by_mail(hub, "Olga", ("owner", "acme"), ("owner", "globex"))
    anna, _ = await reached_by_mail(hub, "Anna", ("viewer", "acme"))
    return olga, anna


async def answers(hub: RunningHub, tenant: TenantId, person: Person) -> bool:
    async with hub.context.database.read() as connection:
        known = await people.find(connection, person.id)
        return known is not None and await person_may_answer(connection, known, tenant, hub.clock.now)


async def test_a_deputy_answers_until_the_end_and_nowhere_else(house: RunningHub) -> None:
    olga, anna = await pair(house)
    assert not await answers(house, ACME, anna)
    given = await delegation.give(house.context, ACME, olga, "Anna", START + DAY)
    assert await answers(house, ACME, anna)
    assert not await answers(house, GLOBEX, anna)
    assert (given.person, given.deputy) == (olga.id, anna.id)
    assert await delegation.listed(house.context, anna.id) == (given,)
    house.clock.now += DAY
    assert not await answers(house, ACME, anna)
    assert await delegation.listed(house.context, anna.id) == ()


async def test_a_delegation_ends_when_it_is_withdrawn_by_its_giver(house: RunningHub) -> None:
    olga, anna = await pair(house)
    given = await delegation.give(house.context, ACME, olga, "Anna", START + DAY)
    with pytest.raises(NotFoundError):
        await delegation.withdraw(house.context, anna, given.id)
    await delegation.withdraw(house.context, olga, given.id)
    assert not await answers(house, ACME, anna)
    with pytest.raises(NotFoundError):
        await delegation.withdraw(house.context, olga, given.id)


async def test_it_is_worth_no_more_than_its_giver_and_its_deputy(house: RunningHub) -> None:
    olga, anna = await pair(house)
    await delegation.give(house.context, ACME, olga, "Anna", START + DAY)
    for person in (olga, anna):
        async with house.context.database.write() as connection:
            await people.set_disabled(connection, person.id, START)
        assert not await answers(house, ACME, anna)
        async with house.context.database.write() as connection:
            await people.set_disabled(connection, person.id, None)
    assert await answers(house, ACME, anna)
    async with house.context.database.write() as connection:
        await people.take_role(connection, olga.id, people.Role.OWNER, ACME)
    assert not await answers(house, ACME, anna)


async def test_a_deputy_has_nothing_to_pass_on(house: RunningHub) -> None:
    olga, anna = await pair(house)
    await person_with(house, "Eve")
    await delegation.give(house.context, ACME, olga, "Anna", START + DAY)
    with pytest.raises(ForbiddenError):
        await delegation.give(house.context, ACME, anna, "Eve", START + DAY)


async def test_what_is_no_delegation_is_refused(house: RunningHub) -> None:
    olga, _ = await pair(house)
    for ends in (START - 1, START, START + 100 * DAY):
        with pytest.raises(InputError, match="must lie within"):
            await delegation.give(house.context, ACME, olga, "Anna", ends)
    with pytest.raises(InputError, match="is you"):
        await delegation.give(house.context, ACME, olga, "Olga", START + DAY)
    with pytest.raises(NotFoundError):
        await delegation.give(house.context, ACME, olga, "Nobody", START + DAY)


async def test_the_deputy_is_told_and_answers_by_link_in_their_own_name(
    house: RunningHub, mails: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_channels_approve(monkeypatch, house, {"email": Level.RED})
    olga, _ = await pair(house)
    given = await delegation.give(house.context, ACME, olga, "Anna", START + DAY)
    first, second = question(), question(tool="mail.send")
    for asked in (first, second):
        await questions.take(house.context, asked)
    await tell(house)
    assert [mail.recipients for mail in mails.taken] == [["anna@people.example"]] * 2
    one, other = (links_in(mail.text)[0] for mail in mails.taken)
    told = await browser(house).post(one, data={"token": one.removeprefix("/a/"), "press": "approve"})
    assert "You approved it" in told.text
    (answer,) = (await questions.find(house.context, ACME, first.id)).answers
    assert answer.approver == "Anna"
    await delegation.withdraw(house.context, olga, given.id)
    late = await browser(house).post(other, data={"token": other.removeprefix("/a/"), "press": "approve"})
    assert late.status_code == 404
    assert (await questions.find(house.context, ACME, second.id)).state is ApprovalState.PENDING


async def test_two_who_stand_in_for_each_other_are_both_told(house: RunningHub, mails: MailServer) -> None:
    olga, _ = await reached_by_mail(house)
    pia, _ = await reached_by_mail(house, "Pia")
    await delegation.give(house.context, ACME, olga, "Pia", START + DAY)
    await delegation.give(house.context, ACME, pia, "Olga", START + DAY)
    await questions.take(house.context, question())
    await tell(house)
    assert sorted(mail.recipients[0] for mail in mails.taken) == ["olga@people.example", "pia@people.example"]


async def test_a_deputy_whom_nothing_reaches_leaves_the_giver_told(house: RunningHub, mails: MailServer) -> None:
    olga, _ = await reached_by_mail(house)
    await person_with(house, "Anna")
    await delegation.give(house.context, ACME, olga, "Anna", START + DAY)
    await questions.take(house.context, question())
    await tell(house)
    assert [mail.recipients for mail in mails.taken] == [["olga@people.example"]]
