"""Joining by an invite, signing in, and confirming, with a virtual passkey on a phone."""

from __future__ import annotations

import pytest

from hub.people import directory, sessions
from hub.people.roles import Role
from tests.simulators.browser import Visitors, add_passkey, findings, fits
from tests.simulators.visitors import person_with


async def test_somebody_invited_makes_a_passkey_and_signs_in_with_it_ever_after(visitors: Visitors) -> None:
    person = await visitors.person("Olga", Role.OWNER)
    page = await visitors.stranger()
    await add_passkey(page)
    await page.goto(await directory.invite(visitors.hub.context, person))
    await page.get_by_label("What you call this device").fill("Olga's phone")
    await page.get_by_role("button", name="Make my passkey").tap()
    await page.wait_for_url(visitors.origin + "/")
    await page.get_by_role("button", name="Sign out").tap()
    await page.wait_for_url("**/sign-in")
    await page.goto("/settings")
    await page.wait_for_url("**/sign-in?next=/settings")
    await page.get_by_role("button", name="Sign in with a passkey").tap()
    await page.get_by_role("heading", name="Olga's phone").wait_for()
    assert visitors.loud == []


async def test_a_confirmation_is_two_taps_and_leads_on(visitors: Visitors) -> None:
    person = await visitors.person("Olga", Role.ADMIN)
    page = await visitors.stranger()
    await add_passkey(page)
    await page.goto(await directory.invite(visitors.hub.context, person))
    await page.get_by_role("button", name="Make my passkey").tap()
    await page.wait_for_url(visitors.origin + "/")
    visitors.hub.clock.now += sessions.FRESH_SECONDS + 1
    await page.goto("/settings/app")
    await page.get_by_role("button", name="Confirm with your passkey").tap()
    shown = page.get_by_alt_text("QR code of the secret below")
    assert await shown.evaluate("picture => picture.decode().then(() => picture.naturalWidth > 0)")
    assert visitors.loud == []


async def test_a_passkey_that_the_hub_does_not_know_is_told_so(visitors: Visitors) -> None:
    person = await visitors.person("Olga", Role.OWNER)
    page = await visitors.stranger()
    await add_passkey(page)
    await page.goto(await directory.invite(visitors.hub.context, person))
    await page.get_by_role("button", name="Make my passkey").tap()
    await page.wait_for_url(visitors.origin + "/")
    await directory.shut_out(visitors.hub.context, person)
    await page.goto("/sign-in")
    await page.get_by_role("button", name="Sign in with a passkey").tap()
    alert = page.get_by_role("alert")
    await alert.filter(has_text="none that we know").wait_for()
    assert await page.get_by_role("button", name="Sign in with a passkey").is_enabled()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "path", ["/settings", "/settings/passkey", "/settings/app", "/people", "/confirm?next=/people"]
)
async def test_each_page_fits_a_phone_and_is_read_by_a_screen_reader(
    visitors: Visitors, path: str, scheme: str
) -> None:
    await person_with(visitors.hub, "Aleksandra-Konstantinopolska" * 3, ("owner", "acme"))
    page = await visitors.sign_in("Ada", Role.ADMIN, scheme=scheme)
    await page.goto(path)
    for summary in await page.locator("main summary").all():
        await summary.tap()
    assert await findings(page) == []
    assert await fits(page)
    assert visitors.loud == []


async def test_the_pages_before_signing_in_are_read_by_a_screen_reader(visitors: Visitors) -> None:
    person = await visitors.person("Olga", Role.OWNER)
    for path in ("/sign-in", await directory.invite(visitors.hub.context, person)):
        page = await visitors.stranger()
        await page.goto(path)
        assert await findings(page) == []
        assert await fits(page)


async def test_without_javascript_a_page_says_what_is_missing(visitors: Visitors) -> None:
    page = await visitors.stranger(scripts=False)
    await page.goto("/sign-in")
    assert await page.get_by_text("Passkeys need JavaScript").is_visible()
