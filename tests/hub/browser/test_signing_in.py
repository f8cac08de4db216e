"""Signing in with a passkey in a real browser, and what a page is worth once its session is over."""

from __future__ import annotations

from hub.roles import Role
from safety_core.model.approval import ApprovalState
from tests.simulators.browser import Visitors, ask, end_of, findings, join
from tests.simulators.hub import RunningHub
from tests.simulators.repository import TENANT


async def test_a_passkey_signs_in(visitors: Visitors, site: RunningHub) -> None:
    olga = await visitors.person("Olga", Role.OWNER, TENANT)
    page = await join(visitors, olga)
    assert await page.locator(".who").inner_text() == "Olga"
    before = await page.context.cookies()
    await page.get_by_role("button", name="Sign out").tap()
    await page.wait_for_url("**/sign-in")
    await page.goto("/history")
    await page.get_by_role("button", name="Sign in with a passkey").wait_for()
    assert await findings(page) == []
    await page.get_by_role("button", name="Sign in with a passkey").tap()
    await page.get_by_role("heading", name="History").wait_for()
    after = await page.context.cookies()
    assert [one["name"] for one in after] == [one["name"] for one in before] == ["safety"]
    assert after[0]["value"] != before[0]["value"]
    assert after[0]["httpOnly"]
    assert visitors.loud == []


async def test_a_link_to_a_question_leads_through_the_sign_in(visitors: Visitors, site: RunningHub) -> None:
    olga = await visitors.person("Olga", Role.OWNER, TENANT)
    page = await join(visitors, olga)
    asked = await ask(site)
    await page.context.clear_cookies()
    await page.goto(f"/questions/{TENANT}/{asked.id}")
    await page.get_by_role("button", name="Sign in with a passkey").tap()
    await page.wait_for_url(f"**/questions/{TENANT}/{asked.id}")


async def test_an_open_page_is_worth_nothing_once_its_session_is_over(visitors: Visitors, site: RunningHub) -> None:
    page = await visitors.of(await visitors.person("Olga", Role.OWNER, TENANT))
    asked = await ask(site)
    await page.goto(f"/questions/{TENANT}/{asked.id}/approve")
    other = await page.context.new_page()
    await other.goto("/")
    await other.get_by_role("button", name="Sign out").tap()
    await other.wait_for_load_state()
    await page.locator("#confirm").tap()
    await page.wait_for_url("**/sign-in**")
    assert (await end_of(site, asked)).state is ApprovalState.PENDING


async def test_a_form_of_another_site_does_nothing(visitors: Visitors, site: RunningHub) -> None:
    page = await visitors.of(await visitors.person("Olga", Role.OWNER, TENANT))
    asked = await ask(site)
    target = f"{visitors.origin}/questions/{TENANT}/{asked.id}/deny"
    await page.goto("/")
    csrf = await page.locator("input[name=csrf]").first.get_attribute("value")
    evil = await page.context.new_page()
    await evil.goto("data:text/html,<h1>elsewhere</h1>")
    await evil.set_content(f'<form method="post" action="{target}"><input name="csrf" value="{csrf}"></form>')
    await evil.evaluate("document.forms[0].submit()")
    await evil.wait_for_url(f"{visitors.origin}/**")
    assert (await end_of(site, asked)).state is ApprovalState.PENDING
