"""Who is told what, by which channel, once."""

from __future__ import annotations

import asyncio

import pytest

from hub.approvals import answering, questions
from hub.approvals.approver import Approver
from hub.notices import channels, preferences
from hub.notices.delivery import deliver
from hub.store import alerts, outbox, people
from hub.store.telling import Telling
from safety_core.approve import code
from safety_core.model.level import Level
from safety_core.model.tool_call import AgentId, TenantId
from tests.simulators.hub import START, RunningHub, question
from tests.simulators.mail_server import MailServer
from tests.simulators.told import let_channels_approve, links_in, reached_by_mail, tell
from tests.simulators.visitors import person_with

ACME = TenantId("acme")
OLGA = Approver(ACME, "Olga", "console")


async def test_whoever_answers_for_a_tenant_is_told_who_wants_what(house: RunningHub, mails: MailServer) -> None:
    await reached_by_mail(house)
    await reached_by_mail(house, "Gina", ("owner", "globex"))
    await reached_by_mail(house, "Vera", ("viewer", "acme"))
    asked = question(outward=True, recipients=("kim@shop.example",), amounts=("499.00 EUR",), reason="pays a bill")
    await questions.take(house.context, asked)
    await tell(house)
    (mail,) = mails.taken
    assert mail.recipients == ["olga@people.example"]
    lines = mail.text.splitlines()
    assert lines[:2] == ["To: kim@shop.example", "Amount: 499.00 EUR"]
    assert "Level: red, reaches outside" in lines
    assert f"Code: {code(asked.action_digest)}" in lines
    assert "Waits until 2027-01-16 08:00 UTC" in lines
    assert mail.mail["Subject"] == "Red: shop wants exec"
    assert len(links_in(mail.text)) == 1


async def test_arguments_stay_in_the_house_unless_the_channel_says_so(house: RunningHub, mails: MailServer) -> None:
    person, channel = await reached_by_mail(house)
    await questions.take(house.context, question())
    await tell(house)
    await channels.choose(house.context, person.id, channel.id, Level.RED, detail=True)
    await questions.take(house.context, question(tool="mail.send"))
    await tell(house)
    first, second = (mail.text for mail in mails.taken)
    assert "rm -r" not in first
    assert "rm -r ./old" in second
    assert "SECRET_REF(db)" in second


async def test_a_channel_is_used_from_its_level_on(house: RunningHub, mails: MailServer) -> None:
    person, channel = await reached_by_mail(house)
    await channels.choose(house.context, person.id, channel.id, Level.RED, detail=False)
    await questions.take(house.context, question(level=Level.YELLOW))
    await tell(house)
    assert mails.taken == []


async def test_many_alike_questions_become_one_message(house: RunningHub, mails: MailServer) -> None:
    await reached_by_mail(house)
    for _ in range(13):
        await questions.take(house.context, question())
    await questions.take(house.context, question(agent=AgentId("other")))
    await tell(house)
    assert sorted("12 like it wait as well" in mail.text for mail in mails.taken) == [False, True]


async def test_those_that_come_after_a_message_are_gathered(house: RunningHub, mails: MailServer) -> None:
    await reached_by_mail(house)
    await questions.take(house.context, question())
    await tell(house)
    for _ in range(5):
        await questions.take(house.context, question(now=house.clock.now))
        await tell(house, 30)
    assert len(mails.taken) == 1
    await tell(house, 600)
    assert len(mails.taken) == 2
    assert "4 like it wait as well" in mails.taken[1].text


async def test_what_was_answered_before_the_message_went_out_is_not_told(house: RunningHub, mails: MailServer) -> None:
    await reached_by_mail(house)
    asked = question()
    await questions.take(house.context, asked)
    await answering.answer(house.context, OLGA, asked.id, allow=False)
    await tell(house)
    assert mails.taken == []


async def test_a_question_is_told_once_however_many_processes_send(house: RunningHub, mails: MailServer) -> None:
    for name in ("Olga", "Pia", "Rui"):
        await reached_by_mail(house, name)
    for index in range(4):
        await questions.take(house.context, question(agent=AgentId(f"a{index}")))
    await asyncio.gather(*(deliver(house.context) for _ in range(6)))
    assert len(mails.taken) == 12
    assert len({(mail.recipients[0], mail.mail["Subject"]) for mail in mails.taken}) == 12


async def test_a_killed_processs_message_is_sent_by_the_next(house: RunningHub, mails: MailServer) -> None:
    await reached_by_mail(house)
    await questions.take(house.context, question())
    mails.refuse["MAIL"] = "451 later"
    await tell(house)
    assert mails.taken == []
    async with house.context.database.write() as connection:
        (row,) = await outbox.claim(connection, "dead", house.clock.now + 60, 120.0, 5)
    mails.refuse.clear()
    await tell(house, 100)
    assert mails.taken == []
    await tell(house, 120)
    assert len(mails.taken) == 1
    async with house.context.database.write() as connection:
        assert not await outbox.settle(connection, row.id, "dead", outbox.Sending.DEAD, "", house.clock.now)


async def test_what_fails_is_tried_later_and_later_then_given_up_with_an_alert(
    house: RunningHub, mails: MailServer
) -> None:
    await reached_by_mail(house)
    await reached_by_mail(house, "Adam", ("admin", "acme"))
    await questions.take(house.context, question())
    mails.refuse["MAIL"] = "451 later"
    for _ in range(9):
        await tell(house, 2000)
    assert len([line for line in mails.commands if line.startswith("MAIL")]) >= 8
    mails.refuse.clear()
    await tell(house, 60)
    (told,) = mails.taken
    assert told.recipients == ["adam@people.example"]
    assert told.mail["Subject"] == "Needs a look: channel at acme"
    assert "olga(at)" not in told.text
    olga = await person_with(house, "Olga")
    (channel,) = await channels.listed(house.context, olga.id)
    assert channel.failed is not None
    await channels.test(house.context, olga.id, channel.id)
    assert (await channels.listed(house.context, olga.id))[0].failed is None


async def test_an_address_that_the_server_refuses_is_not_tried_again(house: RunningHub, mails: MailServer) -> None:
    await reached_by_mail(house)
    await questions.take(house.context, question())
    mails.refuse["RCPT"] = "550 no such user"
    for _ in range(3):
        await tell(house, 2000)
    assert len([line for line in mails.commands if line.startswith("RCPT")]) == 1


async def test_a_reminder_at_half_time_and_an_hour_before_the_end_then_that_it_ran_out(
    house: RunningHub, mails: MailServer
) -> None:
    await reached_by_mail(house)
    await questions.take(house.context, question())
    await tell(house)
    for _ in range(25):
        await tell(house, 3600)
    subjects = [str(mail.mail["Subject"]) for mail in mails.taken]
    assert subjects == [
        "Red: shop wants exec",
        "Still waiting, 12 hours left: Red: shop wants exec",
        "Still waiting, 59 minutes left: Red: shop wants exec",
        "Ran out of time: shop wanted exec",
    ]


async def test_an_answered_question_is_never_reminded_of(house: RunningHub, mails: MailServer) -> None:
    await reached_by_mail(house)
    asked = question()
    await questions.take(house.context, asked)
    await tell(house)
    await answering.answer(house.context, OLGA, asked.id, allow=True)
    for _ in range(25):
        await tell(house, 3600)
    assert len(mails.taken) == 1


async def test_without_an_answer_the_next_people_are_told(house: RunningHub, mails: MailServer) -> None:
    await reached_by_mail(house)
    pia, _ = await reached_by_mail(house, "Pia")
    rui, _ = await reached_by_mail(house, "Rui")
    await preferences.change(house.context, ACME, Telling(escalate_seconds=600))
    await preferences.set_step(house.context, ACME, pia.id, 1)
    await preferences.set_step(house.context, ACME, rui.id, 2)
    await questions.take(house.context, question())
    told = []
    for _ in range(4):
        await tell(house)
        told.append([mail.recipients[0].split("@")[0] for mail in mails.taken])
        house.clock.now += 600
    assert told == [["olga"], ["olga", "pia"], ["olga", "pia", "rui"], ["olga", "pia", "rui"]]


async def test_an_answer_ends_the_escalation(house: RunningHub, mails: MailServer) -> None:
    await reached_by_mail(house)
    pia, _ = await reached_by_mail(house, "Pia")
    await preferences.change(house.context, ACME, Telling(escalate_seconds=600))
    await preferences.set_step(house.context, ACME, pia.id, 1)
    asked = question()
    await questions.take(house.context, asked)
    await tell(house)
    await answering.answer(house.context, OLGA, asked.id, allow=False)
    await tell(house, 700)
    assert [mail.recipients for mail in mails.taken] == [["olga@people.example"]]


async def test_quiet_hours_hold_back_all_but_the_gravest(house: RunningHub, mails: MailServer) -> None:
    await reached_by_mail(house)
    night = Telling(zone="UTC", quiet_from=0, quiet_to=9 * 60)  # START is 08:00 UTC
    await preferences.change(house.context, ACME, night)
    await questions.take(house.context, question())
    await tell(house)
    assert mails.taken == []
    await questions.take(house.context, question(strong=True))
    await tell(house)
    assert [str(mail.mail["Subject"]) for mail in mails.taken] == ["Critical red: shop wants exec"]
    await tell(house, 3600)
    assert len(mails.taken) == 2


async def test_past_a_number_in_an_hour_one_message_says_how_many_wait(house: RunningHub, mails: MailServer) -> None:
    await reached_by_mail(house)
    await preferences.change(house.context, ACME, Telling(hourly=3))
    for index in range(10):
        await questions.take(house.context, question(agent=AgentId(f"agent{index}")))
    await tell(house)
    await tell(house)
    subjects = [str(mail.mail["Subject"]) for mail in mails.taken]
    assert subjects[3:] == ["7 messages wait"]
    await tell(house, 3700)
    assert len([mail for mail in mails.taken if "wants" in str(mail.mail["Subject"])]) == 6


async def test_a_daily_summary_comes_once_a_day(house: RunningHub, mails: MailServer) -> None:
    await reached_by_mail(house)
    await preferences.change(house.context, ACME, Telling(zone="UTC", digest_minute=9 * 60))
    asked = question()
    await questions.take(house.context, asked)
    await answering.answer(house.context, OLGA, asked.id, allow=False)
    for _ in range(30):
        await tell(house, 3600)
    assert [str(mail.mail["Subject"]) for mail in mails.taken] == ["acme, 2027-01-15", "acme, 2027-01-16"]
    assert "In the last day: 1 denied" in mails.taken[0].text


@pytest.mark.parametrize(("least", "offered"), [(Level.YELLOW, False), (Level.RED, True)])
async def test_what_a_channel_may_not_approve_leads_to_the_console(
    small_house: RunningHub, mails: MailServer, monkeypatch: pytest.MonkeyPatch, least: Level, offered: bool
) -> None:
    let_channels_approve(monkeypatch, small_house, {"email": least})
    await reached_by_mail(small_house)
    asked = question()
    await questions.take(small_house.context, asked)
    await tell(small_house)
    (mail,) = mails.taken
    assert ("Approve or deny" in mail.text) is offered
    assert (f"/questions/acme/{asked.id}" in mail.text) is not offered


async def test_whoever_is_shut_out_or_has_lost_the_role_is_told_nothing(house: RunningHub, mails: MailServer) -> None:
    olga, _ = await reached_by_mail(house)
    await questions.take(house.context, question())
    async with house.context.database.write() as connection:
        await people.set_disabled(connection, olga.id, START)
    await tell(house)
    assert mails.taken == []


async def test_a_question_that_reaches_nobody_is_an_alert_until_one_reaches_somebody(
    house: RunningHub, mails: MailServer
) -> None:
    await person_with(house, "Olga", ("owner", "acme"))
    await reached_by_mail(house, "Adam", ("admin", "acme"))

    async def kinds() -> list[str]:
        async with house.context.database.read() as connection:
            return [alert.kind for alert in await alerts.open_of(connection, ACME)]

    for _ in range(2):
        await questions.take(house.context, question())
        await tell(house)
        await tell(house)
    assert await kinds() == ["nobody is told"]
    assert [mail.recipients for mail in mails.taken] == [["adam@people.example"]]
    await reached_by_mail(house)
    await questions.take(house.context, question())
    await tell(house)
    assert await kinds() == []
