"""What every page has in common: it loads quietly, fits a phone, and can be used by keyboard and by screen reader."""

from __future__ import annotations

import pytest

from hub.roles import Role
from tests.simulators.browser import Visitors, findings, fits


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("desk", [False, True], ids=["phone", "desk"])
async def test_frame(visitors: Visitors, scheme: str, desk: bool) -> None:
    page = await visitors.sign_in("Olga", desk=desk, scheme=scheme)
    await page.goto("/")
    assert await page.get_by_role("heading", level=1).count() == 1
    assert await findings(page) == []
    assert await fits(page)
    assert visitors.loud == []


async def test_menu_by_role(visitors: Visitors) -> None:
    owner = await visitors.sign_in("Olga", Role.OWNER, desk=True)
    admin = await visitors.sign_in("Ada", Role.ADMIN, desk=True)
    await owner.goto("/")
    await admin.goto("/")
    assert await owner.get_by_role("link", name="People").count() == 0
    assert await admin.get_by_role("link", name="People").count() == 1


async def test_menu_on_a_phone_by_keyboard(visitors: Visitors) -> None:
    page = await visitors.sign_in("Olga")
    await page.goto("/")
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.textContent") == "Skip to the content"
    more = page.locator(".tabs summary")
    await more.focus()
    await page.keyboard.press("Enter")
    assert await page.locator(".tabs").get_by_role("link", name="Settings").is_visible()
    await page.keyboard.press("Escape")
    assert not await page.locator(".tabs").get_by_role("link", name="Settings").is_visible()
