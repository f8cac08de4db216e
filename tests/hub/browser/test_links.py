"""A one-use link in a real browser, without JavaScript and without being signed in; and the pages of channels."""

from __future__ import annotations

import pytest

from hub.approvals import questions
from hub.notices import channels, links, webhooks
from safety_core.model.approval import ApprovalRequest, ApprovalState
from safety_core.model.level import Level
from safety_core.model.tool_call import TenantId
from tests.simulators.browser import Visitors, ask, findings, fits
from tests.simulators.hub import RunningHub
from tests.simulators.repository import TENANT
from tests.simulators.told import let_channels_approve
from tests.simulators.visitors import person_with

ACME = TenantId(TENANT)


async def linked(site: RunningHub, patched: pytest.MonkeyPatch) -> tuple[ApprovalRequest, str]:
    """Return an open question, and the path of a link to it."""
    let_channels_approve(patched, site, {"email": Level.RED})
    olga = await person_with(site, "Olga", ("owner", TENANT))
    asked = await ask(site, recipients=("jo@customer.example",), amounts=("499.00 EUR",))
    now = site.clock()
    async with site.context.database.write() as connection:
        token = await links.issue(connection, (ACME, asked.id), olga.id, "email", now, now + 3600)
    return asked, f"/a/{token}"


async def test_a_press_answers_without_javascript(
    visitors: Visitors, site: RunningHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, path = await linked(site, monkeypatch)
    page = await visitors.stranger(scripts=False)
    await page.goto(path)
    await page.get_by_text("499.00 EUR").wait_for()
    await page.get_by_role("button", name="Approve").click()
    await page.get_by_text("You approved it").wait_for()
    assert (await questions.find(site.context, ACME, asked.id)).state is ApprovalState.GRANTED
    await page.goto(path)
    await page.get_by_text("This link was used before").wait_for()
    assert await page.get_by_role("button", name="Approve").count() == 0


async def test_the_page_of_a_link_can_be_read_by_everybody(
    visitors: Visitors, site: RunningHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, path = await linked(site, monkeypatch)
    page = await visitors.stranger()
    for place in (path, "/a/" + "x" * 43):
        await page.goto(place)
        assert await findings(page) == [], place
        assert await fits(page), place
    await page.goto(path)
    await page.get_by_role("button", name="Deny").click()
    await page.get_by_text("You denied it").wait_for()
    assert await findings(page) == []
    assert (await questions.find(site.context, ACME, asked.id)).state is ApprovalState.DENIED


@pytest.mark.parametrize("desk", [False, True], ids=["phone", "desk"])
async def test_the_pages_of_channels_can_be_read_by_everybody(visitors: Visitors, site: RunningHub, desk: bool) -> None:
    olga = await person_with(site, "Olga", ("owner", TENANT))
    await channels.add_chat(site.context, olga.id, "ops", "json://hooks.example/x")
    await webhooks.add(site.context, ACME, "https://hooks.example/events", {"alert"})
    page = await visitors.of(olga, desk=desk)
    for place in ("/settings/channels", f"/tenants/{TENANT}/telling"):
        await page.goto(place)
        assert await findings(page) == [], place
        assert await fits(page), place
    assert visitors.loud == []
