"""The page on which people say how they are told, and who answers in their place."""

from __future__ import annotations

import re

import pytest

from hub.notices import channels
from tests.simulators.hub import RunningHub
from tests.simulators.visitors import person_with, visitor

SERVICE = "json://127.0.0.1:9/hook"
"""A service of apprise; nothing is sent there."""


async def test_a_chat_service_is_added_set_and_removed(small_hub: RunningHub) -> None:
    olga = await visitor(small_hub)
    answer = await olga.post("/settings/channels/add", kind="apprise", url=SERVICE, name="ops")
    assert answer.status_code == 303, answer.text
    (channel,) = await channels.listed(small_hub.context, olga.person.id)
    page = (await olga.get("/settings/channels")).text
    assert "ops" in page
    assert "127.0.0.1:9" not in page, "it is shown to nobody again"
    fields = {"channel": channel.id, "least": "red", "detail": "1"}
    assert (await olga.post("/settings/channels/choose", **fields)).status_code == 303
    (changed,) = await channels.listed(small_hub.context, olga.person.id)
    assert (changed.least.word, changed.detail) == ("red", True)
    ivan = await visitor(small_hub, "Ivan")
    for path in ("choose", "remove", "test"):
        answer = await ivan.post(f"/settings/channels/{path}", **fields)
        assert answer.status_code in {200, 404}
        assert "is not there" in answer.text
    assert (await olga.post("/settings/channels/remove", channel=channel.id)).status_code == 303
    assert await channels.listed(small_hub.context, olga.person.id) == ()


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "pigeon"},
        {"kind": "email", "address": "olga@example.com"},
        {"kind": "apprise", "url": "javascript:alert(1)"},
        {"kind": "push", "subscription": "{}"},
    ],
)
async def test_what_is_no_channel_is_refused(small_hub: RunningHub, fields: dict[str, str]) -> None:
    olga = await visitor(small_hub)
    assert (await olga.post("/settings/channels/add", **fields)).status_code == 400
    assert (await olga.post("/settings/channels/choose", least="ultraviolet")).status_code == 400


async def test_what_loosens_is_confirmed_first(small_hub: RunningHub) -> None:
    olga = await visitor(small_hub, fresh=False)
    asked = [
        ("/settings/channels/add", {"kind": "email"}),
        ("/settings/channels/choose", {"least": "red", "detail": "1"}),
        ("/settings/deputies/give", {"tenant": "acme"}),
    ]
    for path, fields in asked:
        assert (await olga.post(path, **fields)).headers["location"] == "/confirm?next=/settings/channels"


async def test_a_deputy_answers_until_a_day_and_no_longer(hub: RunningHub) -> None:
    await person_with(hub, "Anna", ("viewer", "other"))
    olga, anna = await visitor(hub), await visitor(hub, "Anna", ("viewer", "other"))
    fields = {"tenant": "acme", "deputy": "Anna", "until": "2027-01-20"}
    assert "acme" not in (await anna.get("/settings")).text
    assert (await olga.post("/settings/deputies/give", **fields)).status_code == 303
    assert "owner at acme" in (await anna.get("/settings")).text
    assert "You answer for <b>Olga</b>" in (await anna.get("/settings/channels")).text
    passed = await anna.post("/settings/deputies/give", **(fields | {"deputy": "Olga"}))
    assert passed.status_code == 403, "it cannot be passed on"
    hub.clock.now = 1_800_489_600.0 + 1  # 2027-01-21
    anna = await visitor(hub, "Anna", ("viewer", "other"))
    assert "owner at acme" not in (await anna.get("/settings")).text


async def test_a_delegation_is_withdrawn(hub: RunningHub) -> None:
    olga, anna = await visitor(hub), await visitor(hub, "Anna", ("viewer", "other"))
    await olga.post("/settings/deputies/give", tenant="acme", deputy="Anna", until="2027-01-20")
    page = (await olga.get("/settings/channels")).text
    found = re.search(r'name="delegation" value="([0-9a-f]+)"', page)
    assert found is not None
    assert (await anna.post("/settings/deputies/withdraw", delegation=found[1])).status_code == 404
    assert (await olga.post("/settings/deputies/withdraw", delegation=found[1])).status_code == 303
    assert "owner at acme" not in (await anna.get("/settings")).text
    for until in ("", "tomorrow", "2020-01-01"):
        fields = {"tenant": "acme", "deputy": "Anna", "until": until}
        assert (await olga.post("/settings/deputies/give", **fields)).status_code == 400
