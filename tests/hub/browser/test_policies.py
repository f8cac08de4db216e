"""Policies on a phone and on a desk: axe finds nothing, a release is halted in two taps, calls are replayed without
JavaScript."""

from __future__ import annotations

import json

import pytest
from playwright.async_api import Page, expect

from hub.roles import Role
from tests.hub.policy.test_pages import CALL, publish_second
from tests.hub.policy.test_releases import Fleet, fleet_of
from tests.simulators.browser import Visitors, findings, fits
from tests.simulators.hub import RunningHub


async def under_way(site: RunningHub) -> tuple[Fleet, str]:
    here = await fleet_of(site, "acme", "globex")
    name = await here.make({"tenants": ["acme"], "soak": 3600}, {"percent": 100})
    await here.stage(name, "acme", "globex")
    await here.act(name, "start")
    await here.pass_time(0)
    return here, name


async def sound(page: Page, visitors: Visitors) -> None:
    assert await findings(page) == []
    assert await fits(page)
    assert visitors.loud == []


@pytest.mark.parametrize("desk", [False, True], ids=["phone", "desk"])
async def test_every_page_of_policies_is_sound(visitors: Visitors, site: RunningHub, desk: bool) -> None:
    here, name = await under_way(site)
    page = await visitors.sign_in("Ada", Role.AUTHOR, desk=desk, scheme="dark" if desk else "light")
    for path in ("/policies", f"/releases/{name}", "/policies/globex", "/policies/acme/diff?old=1&new=2"):
        await page.goto(path)
        await sound(page, visitors)
    await here.act(name, "halt", reason="a look first")
    await page.goto(f"/releases/{name}")
    await expect(page.get_by_role("status")).to_contain_text("a look first")
    await sound(page, visitors)


async def test_a_release_is_halted_in_two_taps(visitors: Visitors, site: RunningHub) -> None:
    here, name = await under_way(site)
    page = await visitors.sign_in("Ada", Role.ADMIN, scripts=False)
    await page.goto(f"/releases/{name}")
    await page.locator("summary", has_text="Halt").click()
    await page.get_by_role("button", name="Yes, halt").click()
    await expect(page.locator("main")).to_contain_text("halted")
    assert (await here.show(name))["state"] == "halted"


async def test_calls_are_replayed_from_a_file_without_javascript(visitors: Visitors, site: RunningHub) -> None:
    here = await fleet_of(site, "acme")
    await publish_second(here)
    page = await visitors.sign_in("Ada", Role.AUTHOR, scripts=False)
    await page.goto("/policies/acme")
    calls = {"name": "calls.jsonl", "mimeType": "application/json", "buffer": json.dumps(CALL).encode()}
    await page.get_by_label("File with calls").set_input_files(calls)  # type: ignore[arg-type]
    await page.get_by_role("button", name="Judge them by both").click()
    await expect(page.locator("#replay")).to_contain_text("1 would meet a stricter outcome")
    assert await fits(page)
