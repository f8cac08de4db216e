"""The pages on which a person's channels and a tenant's ways of telling are set."""

from __future__ import annotations

import re

import pytest

from hub.notices import channels, delegation, preferences, webhooks
from hub.store.telling import Telling
from safety_core.model.level import Level
from safety_core.model.tool_call import TenantId
from tests.simulators.hub import RunningHub
from tests.simulators.mail_server import MailServer
from tests.simulators.receiver import Browser, Receiver
from tests.simulators.visitors import person_with, visitor

ACME = TenantId("acme")
PLACE = "/tenants/acme/telling"
SETTINGS = {
    "zone": "Europe/Berlin",
    "quiet_from": "22:00",
    "quiet_to": "07:00",
    "quiet_level": "red",
    "escalate": "30",
    "digest": "08:15",
    "hourly": "12",
}


async def test_an_address_is_added_tried_and_set(small_house: RunningHub, mails: MailServer) -> None:
    olga = await visitor(small_house)
    await olga.post("/settings/channels/add", kind="email", address="olga@people.example")
    (channel,) = await channels.listed(small_house.context, olga.person.id)
    told = await olga.post("/settings/channels/test", channel=channel.id)
    assert "A test message was sent" in told.text
    assert len(mails.taken) == 1
    mails.refuse["MAIL"] = "451 later"
    told = await olga.post("/settings/channels/test", channel=channel.id)
    assert "did not take the mail" in told.text
    assert "olga@people.example" in (await olga.get("/settings/channels")).text


async def test_a_device_is_added_with_the_key_on_the_page(small_house: RunningHub, outside: Receiver) -> None:
    olga = await visitor(small_house)
    page = (await olga.get("/settings/channels")).text
    assert f'data-key="{channels.push_key(small_house.context)}"' in page
    subscription = Browser(outside.url).subscription().decode()
    answer = await olga.post("/settings/channels/add", kind="push", name="Phone", subscription=subscription)
    assert answer.status_code == 303
    assert "Phone" in (await olga.get("/settings/channels")).text


async def test_a_tenants_ways_are_set_by_its_owner(house: RunningHub) -> None:
    olga = await visitor(house)
    assert (await olga.get(PLACE)).status_code == 200
    assert (await olga.post(PLACE, **SETTINGS)).status_code == 303
    expected = Telling("Europe/Berlin", 22 * 60, 7 * 60, Level.RED, 1800, 495, 12)
    assert await preferences.find(house.context, ACME) == expected
    page = (await olga.get(PLACE)).text
    assert 'value="22:00"' in page
    await olga.post(f"{PLACE}/step", person=olga.person.id, step="2")
    assert await preferences.steps(house.context, ACME) == {olga.person.id: 2}


@pytest.mark.parametrize(
    "wrong",
    [{"zone": "Mars"}, {"quiet_from": "25:00"}, {"digest": "8"}, {"hourly": "-1"}, {"hourly": "9" * 30}],
)
async def test_wrong_settings_are_told_on_the_page(small_house: RunningHub, wrong: dict[str, str]) -> None:
    olga = await visitor(small_house)
    assert (await olga.post(PLACE, **{**SETTINGS, **wrong})).status_code == 400
    assert await preferences.find(small_house.context, ACME) == Telling()


async def test_a_webhooks_secret_is_shown_once(small_house: RunningHub, outside: Receiver) -> None:
    olga = await visitor(small_house)
    shown = await olga.post(f"{PLACE}/webhook", **{"url": outside.url, "event-alert": "1", "event-answer": "1"})
    found = re.search(r"<code>([A-Za-z0-9_-]{43})</code>", shown.text)
    assert found is not None
    (webhook,) = await webhooks.listed(small_house.context, ACME)
    assert webhook.events == {"alert", "answer"}
    page = (await olga.get(PLACE)).text
    assert found[1] not in page
    await olga.post(f"{PLACE}/webhook/remove", webhook=webhook.id)
    assert await webhooks.listed(small_house.context, ACME) == ()


async def test_webhooks_are_made_by_whoever_has_just_confirmed(small_house: RunningHub, outside: Receiver) -> None:
    olga = await visitor(small_house, fresh=False)
    answer = await olga.post(f"{PLACE}/webhook", **{"url": outside.url, "event-alert": "1"})
    assert answer.headers["location"] == f"/confirm?next={PLACE}"
    assert await webhooks.listed(small_house.context, ACME) == ()


async def test_another_tenants_ways_are_not_there_and_a_viewer_changes_none(small_house: RunningHub) -> None:
    await visitor(small_house)
    gina = await visitor(small_house, "Gina", ("owner", "globex"))
    vera = await visitor(small_house, "Vera", ("viewer", "acme"))
    for who, status in ((gina, 404), (vera, 403)):
        assert (await who.get(PLACE)).status_code == status
        assert (await who.post(PLACE, **SETTINGS)).status_code == status
        assert (await who.post(f"{PLACE}/webhook", url="https://x.example")).status_code == status
    assert await preferences.find(small_house.context, ACME) == Telling()


async def test_a_deputy_answers_and_leaves_no_receiver_behind(small_house: RunningHub, outside: Receiver) -> None:
    olga = await person_with(small_house, "Olga", ("owner", "acme"))
    dan = await visitor(small_house, "Dan", ("viewer", "other"))
    assert (await dan.get("/tenants/acme")).status_code == 404
    await delegation.give(small_house.context, TenantId("acme"), olga, "Dan", small_house.clock() + 86_400)
    assert (await dan.get("/tenants/acme")).status_code == 200
    assert (await dan.get("/tenants/acme/telling")).status_code == 403
    for place in ("", "/step", "/webhook", "/webhook/remove"):
        answer = await dan.post(f"/tenants/acme/telling{place}", url=outside.url, **{"event-question": "1"})
        assert answer.status_code == 403, place
    assert await webhooks.listed(small_house.context, TenantId("acme")) == ()
