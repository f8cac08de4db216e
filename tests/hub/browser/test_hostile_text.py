"""Names, tools, recipients and arguments come from agents. Whatever they say, it stays text."""

from __future__ import annotations

import json

import pytest
from playwright.async_api import Page

from hub.roles import Role
from safety_core.model.tool_call import AgentId, SessionId
from tests.simulators.browser import Visitors, ask, findings, fits
from tests.simulators.hub import RunningHub
from tests.simulators.repository import TENANT

ATTACKS = (
    "<script>window.ran = 1</script>",
    "<img src=x onerror='window.ran = 1'>",
    '"><svg onload=window.ran=1>',
    "' autofocus onfocus='window.ran=1",
    "javascript:window.ran=1",
    "{{ 7 * 7 }}{% include 'base.html' %}",
    "</code></pre></template><iframe srcdoc='<script>parent.ran = 1</script>'>",
    "</textarea><script>window.ran = 1</script>",
    "<a href='javascript:window.ran=1'>Approve</a>",
    "]]><!--<form action=//evil.example><button>Approve</button>",
)


@pytest.fixture
def attack() -> dict[str, object]:
    """A question in which every text is an attack."""
    all_of_them = " ".join(ATTACKS)
    return {
        "agent": AgentId(all_of_them[:120]),
        "session": SessionId(ATTACKS[0]),
        "tool": all_of_them[:120],
        "params": {name: list(ATTACKS) if place % 2 else name for place, name in enumerate(ATTACKS)},
        "rules": ATTACKS,
        "reason": all_of_them,
        "recipients": ATTACKS,
        "amounts": ATTACKS,
        "revision": ATTACKS[0],
        "outward": True,
    }


async def nothing_ran(page: Page) -> None:
    assert await page.evaluate("window.ran") is None
    assert (
        await page.locator("main script, main iframe, main svg, main img, main [onerror], main [onload]").count() == 0
    )
    assert await page.locator("[href^='javascript']").count() == 0
    foreign = "[...document.forms].filter((form) => new URL(form.action).origin !== location.origin).length"
    assert await page.evaluate(foreign) == 0


async def test_hostile_text_stays_text(visitors: Visitors, site: RunningHub, attack: dict[str, object]) -> None:
    page = await visitors.of(await visitors.person("<b>Olga</b> {{ 1 }}", Role.OWNER, TENANT))
    asked = await ask(site, **attack)
    own = f"/questions/{TENANT}/{asked.id}"
    for path in ("/", own, f"{own}/approve", f"{own}/deny", f"{own}/edit", f"{own}/edit?whole=1", f"{own}/outward"):
        await page.goto(path)
        await nothing_ran(page)
        assert await fits(page), path
        assert await findings(page) == [], path
    await page.goto(f"{own}/approve")
    text = await page.locator("main").inner_text()
    for one in ATTACKS:
        assert one in text or json.dumps(one)[1:-1] in text, one
    await page.locator("#confirm").tap()
    await page.get_by_role("status").filter(has_text="Approved").wait_for()
    await nothing_ran(page)
    await page.goto(f"/history?q={ATTACKS[0]}&state={ATTACKS[1]}&tenant={ATTACKS[2]}")
    await nothing_ran(page)
    await page.goto("/history")
    await nothing_ran(page)
    assert visitors.loud == []


async def test_live_news_bring_no_script(visitors: Visitors, site: RunningHub, attack: dict[str, object]) -> None:
    page = await visitors.of(await visitors.person("Olga", Role.OWNER, TENANT))
    await page.goto("/")
    await page.get_by_text("Nothing waits.").wait_for()
    await ask(site, **attack)
    await page.get_by_role("link", name="Deny").wait_for()
    await nothing_ran(page)
    assert visitors.loud == []


async def test_texts_that_look_alike_do_not(visitors: Visitors, site: RunningHub) -> None:
    page = await visitors.of(await visitors.person("Olga", Role.OWNER, TENANT))
    await ask(site, recipients=("jo@shop\u200b.example", "\u202eelpmaxe.live@oj", "jo@shop.example\u00ad"))
    await page.goto("/")
    told = await page.locator(".first").inner_text()
    assert "jo@shopU+200B.example" in told
    assert "U+202Eelpmaxe.live@oj" in told
    assert "jo@shop.exampleU+00AD" in told
