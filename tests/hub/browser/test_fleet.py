"""Tenants, agents, audit and secrets on a phone and on a desk: axe finds nothing, a halt takes two taps."""

from __future__ import annotations

import pytest

from hub.fleet.concerns import STALE_SECONDS
from hub.roles import Role
from hub.store import deeds
from hub.store.deeds import Deed
from safety_core.model.tool_call import TenantId
from safety_core.wire.orders import OrderKind, OrderOutcome, OrderResult
from tests.hub.console.test_fleet_pages import EVIL, KEY, edge_of, full_beat
from tests.simulators.browser import Visitors, findings, fits
from tests.simulators.hub import RunningHub

PATHS = ("/tenants", "/tenants/acme", "/agents?tenant=acme", "/audit?tenant=acme", "/secrets?tenant=acme")


async def furnish(site: RunningHub) -> None:
    """Two edges, one of them silent, with all that the pages can show."""
    await edge_of(site)
    other = await site.edge("quiet-bakery-with-a-long-name")
    await other.heartbeat(full_beat(agents=(), secrets=None))
    site.clock.now += STALE_SECONDS + 1
    await site.client("acme", KEY).heartbeat(full_beat(at=site.clock.now))
    async with site.context.database.write() as connection:
        for number in range(3):
            await deeds.note(connection, Deed(site.clock.now - number, "Olga", TenantId("acme"), "approve", EVIL * 3))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("desk", [False, True], ids=["phone", "desk"])
async def test_pages_fit_and_can_be_used_by_all(visitors: Visitors, site: RunningHub, scheme: str, desk: bool) -> None:
    await furnish(site)
    page = await visitors.sign_in("Anna", Role.ADMIN, desk=desk, scheme=scheme)
    for path in PATHS:
        answer = await page.goto(path)
        assert answer is not None
        assert answer.status == 200, path
        for closed in await page.locator("details:not([open]) > summary").all():
            if await closed.is_visible():
                await closed.click()
        if not desk:  # the menu that was opened lies over the page
            await page.keyboard.press("Escape")
        assert await findings(page) == [], path
        assert await fits(page), path
        assert await page.get_by_role("heading", level=1).count() == 1
    assert visitors.loud == []


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
async def test_an_agent_is_halted_in_two_taps(visitors: Visitors, site: RunningHub, scripts: bool) -> None:
    await furnish(site)
    edge = site.client("acme", KEY)
    page = await visitors.sign_in("Olga", Role.OWNER, "acme", scripts=scripts)
    await page.goto("/agents?tenant=acme")
    await page.locator("summary", has_text="Halt").click()
    await page.get_by_role("button", name="Yes, halt").click()
    await page.wait_for_url("**/agents?tenant=acme")
    (order,) = await edge.orders()
    assert (order.kind, order.agent) == (OrderKind.HALT, "main")
    await edge.push_order_result(order.id, OrderResult(OrderOutcome.DONE))
    await page.reload()
    assert await page.locator("summary", has_text="Resume").count() == 1


async def test_a_new_tenants_token_is_shown_once(visitors: Visitors, site: RunningHub) -> None:
    page = await visitors.sign_in("Anna", Role.ADMIN)
    await page.goto("/tenants")
    await page.get_by_label("Name").fill("bakery")
    await page.get_by_role("button", name="Draw a token").click()
    token = (await page.locator("pre.exact").first.inner_text()).strip()
    assert token.startswith("safety-register-")
    assert "safety tenant register bakery" in await page.locator("main").inner_text()
    await page.goto("/tenants/bakery")
    assert token not in await page.content()
