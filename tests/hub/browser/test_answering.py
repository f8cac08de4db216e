"""Answering questions on a phone, in a real browser: every tap counted, every answer read back from the hub."""

from __future__ import annotations

import pyotp
from playwright.async_api import Page

from hub import sealing
from hub.policy.reading import policy_of
from hub.roles import Person, Role
from hub.store import totp
from safety_core.approve import check_signed_by
from safety_core.model.approval import ANSWER_SECONDS, ApprovalRequest, ApprovalState
from safety_core.model.level import Level
from safety_core.model.policy import KeyKind
from safety_core.model.tool_call import TenantId
from tests.simulators.browser import Visitors, add_passkey, ask, end_of, findings, fits, join, pin
from tests.simulators.hub import RunningHub
from tests.simulators.repository import TENANT

MAIL = {
    "tool": "mail.send",
    "params": {"to": "jo@customer.example", "subject": "Your invoice", "body": "Hello Jo,\nhere it is."},
    "level": Level.YELLOW_EXTERNAL,
    "outward": True,
    "reason": "sends a mail to somebody outside",
    "recipients": ("jo@customer.example",),
    "amounts": ("499.00 EUR",),
    "rules": ("outward.mail",),
}


async def taps(page: Page) -> int:
    """Return how many taps the person has made since the page's profile was told to count."""
    return int(await page.evaluate("Number(localStorage.taps || 0)"))


async def counting(page: Page) -> None:
    count = "if (event.isTrusted) localStorage.taps = Number(localStorage.taps || 0) + 1"
    await page.add_init_script(f"addEventListener('click', (event) => {{ {count} }}, true)")


async def owner(visitors: Visitors, name: str = "Olga") -> Person:
    return await visitors.person(name, Role.OWNER, TENANT)


async def test_a_passkey_approves_in_two_taps(visitors: Visitors, site: RunningHub) -> None:
    olga = await owner(visitors)
    page = await join(visitors, olga)
    await pin(site, olga)
    asked = await ask(site, strong=True)
    await counting(page)
    await page.goto("/")
    await page.get_by_role("link", name="Approve").tap()
    await page.get_by_role("button", name="Confirm with your passkey").tap()
    await page.get_by_role("status").filter(has_text="Approved").wait_for()
    assert await taps(page) == 2
    settled = await end_of(site, asked)
    assert settled.state is ApprovalState.GRANTED
    grant = settled.answers[-1]
    assert (grant.approver, grant.origin) == ("Olga", "console")
    policy = await policy_of(site.context, TenantId(TENANT))
    assert policy is not None
    check_signed_by(grant, next(key for key in policy.approvers if key.kind is KeyKind.PASSKEY))
    assert visitors.loud == []


async def test_a_passkey_signs_each_of_several(visitors: Visitors, site: RunningHub) -> None:
    olga = await owner(visitors)
    page = await join(visitors, olga)
    await pin(site, olga)
    alike = [await ask(site, strong=True, params={"command": f"dropdb shop-{number}"}) for number in range(3)]
    await page.goto("/")
    await page.get_by_role("link", name="Approve all 3").tap()
    await page.get_by_role("button", name="Confirm with your passkey (3 times)").tap()
    await page.get_by_role("status").filter(has_text="Approved").wait_for()
    grants = [(await end_of(site, asked)).answers[-1] for asked in alike]
    assert [grant.action_digest for grant in grants] == [asked.action_digest for asked in alike]
    assert all(grant.assertion for grant in grants)


async def test_a_one_time_code_where_policy_takes_it(visitors: Visitors, site: RunningHub) -> None:
    olga = await owner(visitors)
    page = await visitors.of(olga, scripts=False)
    await pin(site, olga, strong_hub=True)
    secret = pyotp.random_base32()
    sealed = sealing.seal(site.context.keys, "one-time code", olga.id, secret.encode())
    async with site.context.database.write() as connection:
        await totp.put_secret(connection, olga.id, sealed, 0)
    asked = await ask(site, strong=True)
    for code, told in (("000000", "is not the one of now"), (pyotp.TOTP(secret).at(int(site.clock())), "Approved")):
        await page.goto("/")
        await page.get_by_role("link", name="Approve").tap()
        await page.get_by_label("One-time code").fill(code)
        await page.get_by_role("button", name="Confirm").tap()
        await page.get_by_text(told).wait_for()
    grant = (await end_of(site, asked)).answers[-1]
    assert (grant.origin, grant.assertion) == ("console+totp", None)


async def test_what_needs_no_passkey_takes_two_taps_as_well(visitors: Visitors, site: RunningHub) -> None:
    page = await visitors.of(await owner(visitors))
    asked = await ask(site)
    await counting(page)
    await page.goto("/")
    await page.get_by_role("link", name="Approve").tap()
    await page.get_by_role("button", name="Confirm").tap()
    await page.get_by_role("status").filter(has_text="Approved").wait_for()
    assert await taps(page) == 2
    assert (await end_of(site, asked)).state is ApprovalState.GRANTED


async def test_both_taps_lie_on_the_screen_without_scrolling(visitors: Visitors, site: RunningHub) -> None:
    page = await visitors.of(await owner(visitors))
    await ask(site, params={"command": "\n".join(f"rm -r ./old-{number}" for number in range(300))})
    await page.goto("/")
    for name in ("Approve", "Confirm"):
        target = page.get_by_text(name, exact=True)
        box = await target.bounding_box()
        assert box is not None, name
        assert box["y"] + box["height"] <= 844 - 56, name
        assert box["height"] >= 44, name
        await target.tap()
        await page.wait_for_load_state()


async def test_the_card_shows_what_will_run(visitors: Visitors, site: RunningHub) -> None:
    page = await visitors.of(await owner(visitors))
    await pin(site, Person("0" * 32, "nobody"))
    body = "Dear Jo,\n" + "word " * 400 + "\u202eend"
    params = {**MAIL["params"], "body": body, "token": "SECRET_REF(smtp)", "copies": 2}  # type: ignore[dict-item]
    asked = await ask(site, **{**MAIL, "params": params})
    await page.goto(f"/questions/{TENANT}/{asked.id}")
    text = await page.locator("article").inner_text()
    for part in ("jo@customer.example", "499.00 EUR", "yellow external", "outward.mail", "trusted", "word " * 400):
        assert part.strip() in text, part
    assert "U+202E" in text
    assert "\u202e" not in text
    assert await page.locator(".reference").inner_text() == "SECRET_REF(smtp)"
    first = await page.locator(".first").bounding_box()
    runs = await page.locator(".runs").bounding_box()
    assert first is not None
    assert runs is not None
    assert first["y"] < runs["y"]
    assert await findings(page) == []
    assert await fits(page)


async def test_what_is_long_is_never_cut_silently(visitors: Visitors, site: RunningHub) -> None:
    page = await visitors.of(await owner(visitors))
    command = "\n".join(f"rm -r ./old-{number}" for number in range(5000))
    await ask(site, params={"command": command})
    await page.goto("/")
    await page.get_by_text("more characters are on").wait_for()
    await page.get_by_role("link", name="Approve").tap()
    await page.get_by_role("heading", name="Approve this?").wait_for()
    assert await page.locator("pre").text_content() == command
    assert await page.get_by_text("more characters are on").count() == 0


async def test_alike_questions_are_one_card_and_one_decision(visitors: Visitors, site: RunningHub) -> None:
    page = await visitors.of(await owner(visitors))
    alike = [await ask(site, params={"command": f"rm -r ./old-{number}"}) for number in range(4)]
    other = await ask(site, tool="db.drop")
    await page.goto("/")
    assert await page.locator("section.question").count() == 2
    await page.get_by_role("link", name="Approve all 4").tap()
    await page.get_by_role("heading", name="Approve all 4?").wait_for()
    for number in range(4):
        assert await page.get_by_text(f"rm -r ./old-{number}", exact=True).count() == 1
    await page.get_by_role("button", name="Confirm all 4").tap()
    await page.get_by_role("status").filter(has_text="Approved").wait_for()
    ends = [await end_of(site, asked) for asked in alike]
    assert {end.state for end in ends} == {ApprovalState.GRANTED}
    assert [end.answers[-1].action_digest for end in ends] == [asked.action_digest for asked in alike]
    assert (await end_of(site, other)).state is ApprovalState.PENDING


async def test_deny_with_a_reason(visitors: Visitors, site: RunningHub) -> None:
    page = await visitors.of(await owner(visitors))
    asked = await ask(site)
    await page.goto("/")
    await page.get_by_role("link", name="Deny").tap()
    await page.get_by_label("Reason").fill("Not before the backup ran")
    await page.get_by_role("button", name="Deny").tap()
    await page.get_by_role("status").filter(has_text="Denied").wait_for()
    assert (await end_of(site, asked)).state is ApprovalState.DENIED
    await page.goto(f"/questions/{TENANT}/{asked.id}")
    told = await page.get_by_role("table", name="Who answered").inner_text()
    for part in ("no", "Not before the backup ran", "Olga", "console", "the hub's key"):
        assert part in told


async def test_cancel(visitors: Visitors, site: RunningHub) -> None:
    page = await visitors.of(await owner(visitors))
    asked = await ask(site)
    await page.goto(f"/questions/{TENANT}/{asked.id}")
    await page.locator("summary", has_text="Cancel").tap()
    await page.get_by_role("button", name="Yes, cancel").tap()
    await page.get_by_role("status").filter(has_text="Cancelled").wait_for()
    assert (await end_of(site, asked)).state is ApprovalState.CANCELLED


async def test_time_runs_out(visitors: Visitors, site: RunningHub) -> None:
    page = await visitors.of(await owner(visitors))
    asked = await ask(site)
    await page.goto("/")
    await page.get_by_role("link", name="Approve").tap()
    await page.get_by_role("heading", name="Approve this?").wait_for()
    site.clock.now += ANSWER_SECONDS + 1
    await page.get_by_role("button", name="Confirm").tap()
    await page.get_by_role("heading", name="Not done").wait_for()
    assert "expired" in await page.locator("main").inner_text()
    assert (await end_of(site, asked)).state is ApprovalState.EXPIRED


async def test_two_people_have_to_say_yes(visitors: Visitors, site: RunningHub) -> None:
    olga = await visitors.of(await owner(visitors, "Olga"))
    sven = await visitors.of(await owner(visitors, "Sven"))
    asked = await ask(site, quorum=2)
    for page, told in ((olga, "1 more person has to say yes"), (sven, "Approved")):
        await page.goto("/")
        await page.get_by_role("link", name="Approve").tap()
        await page.get_by_role("button", name="Confirm").tap()
        await page.get_by_role("status").filter(has_text=told).wait_for()
    settled = await end_of(site, asked)
    assert settled.state is ApprovalState.GRANTED
    assert {grant.approver for grant in settled.answers} == {"Olga", "Sven"}


async def test_who_said_yes_is_not_asked_again(visitors: Visitors, site: RunningHub) -> None:
    page = await visitors.of(await owner(visitors))
    await ask(site, quorum=2)
    await page.goto("/")
    await page.get_by_role("link", name="Approve").tap()
    await page.get_by_role("button", name="Confirm").tap()
    await page.get_by_text("You said yes").wait_for()
    assert "1 of 2 said yes" in await page.locator("section.question").inner_text()
    assert await page.get_by_role("link", name="Approve").count() == 0


async def test_nothing_of_theirs_may_approve(visitors: Visitors, site: RunningHub) -> None:
    page = await visitors.of(await owner(visitors))
    await pin(site, Person("0" * 32, "nobody"))
    asked = await ask(site, strong=True)
    await page.goto("/")
    await page.get_by_role("link", name="Approve").tap()
    await page.get_by_text("nothing that you have here").wait_for()
    assert await page.locator("#confirm").count() == 0
    assert (await end_of(site, asked)).state is ApprovalState.PENDING


async def test_a_page_is_live(visitors: Visitors, site: RunningHub) -> None:
    page = await visitors.of(await owner(visitors))
    await page.goto("/")
    await page.get_by_text("Nothing waits.").wait_for()
    asked = await ask(site)
    await page.get_by_role("link", name="Approve").wait_for()
    other = await visitors.of(await owner(visitors, "Sven"))
    await other.goto(f"/questions/{TENANT}/{asked.id}/deny")
    await other.get_by_role("button", name="Deny").tap()
    await page.get_by_text("Nothing waits.").wait_for()


async def test_a_page_is_live_without_taking_the_readers_place(visitors: Visitors, site: RunningHub) -> None:
    page = await visitors.of(await owner(visitors))
    for number in range(2):
        await ask(site, params={"command": f"rm -r ./old-{number}"})
    await page.goto("/")
    await page.locator("main summary").tap()
    await ask(site, tool="db.drop")
    await page.get_by_text("Something changed.").wait_for()
    assert await page.locator("main details[open]").count() == 1


async def test_only_who_answers_for_the_tenant_is_asked(visitors: Visitors, site: RunningHub) -> None:
    viewer = await visitors.sign_in("Vera", Role.VIEWER, TENANT)
    stranger = await visitors.sign_in("Otto", Role.OWNER, "other")
    asked = await ask(site)
    await viewer.goto("/")
    assert await viewer.locator("section.question").count() == 1
    assert await viewer.get_by_role("link", name="Approve").count() == 0
    answer = await viewer.goto(f"/questions/{TENANT}/{asked.id}/approve")
    assert answer is not None
    assert answer.status == 403
    for path in ("", "/approve", "/deny"):
        answer = await stranger.goto(f"/questions/{TENANT}/{asked.id}{path}")
        assert answer is not None
        assert answer.status == 404


async def test_without_javascript(visitors: Visitors, site: RunningHub) -> None:
    page = await visitors.of(await owner(visitors), scripts=False)
    yes, no = await ask(site), await ask(site, tool="db.drop")
    await page.goto("/")
    await page.locator(f"#approve-{yes.id}").tap()
    await page.get_by_role("button", name="Confirm").tap()
    assert "Approved" in await page.get_by_role("status").inner_text()
    await page.locator(f"#deny-{no.id}").tap()
    await page.get_by_role("button", name="Deny").tap()
    assert "Denied" in await page.get_by_role("status").inner_text()
    assert [(await end_of(site, one)).state for one in (yes, no)] == [ApprovalState.GRANTED, ApprovalState.DENIED]


async def test_a_passkey_without_javascript_says_what_it_lacks(visitors: Visitors, site: RunningHub) -> None:
    olga = await owner(visitors)
    await join(visitors, olga)
    await pin(site, olga)
    asked = await ask(site, strong=True)
    page = await visitors.of(olga, scripts=False)
    await page.goto(f"/questions/{TENANT}/{asked.id}/approve")
    assert "Nothing else may approve this." in await page.locator(".decide").inner_text()
    assert await page.locator("#confirm").is_disabled()


async def test_by_keyboard_alone(visitors: Visitors, site: RunningHub) -> None:
    page = await visitors.of(await owner(visitors), desk=True)
    asked = await ask(site)
    await page.goto("/")
    await _tab_to(page, "Approve")
    await page.keyboard.press("Enter")
    await page.get_by_role("heading", name="Approve this?").wait_for()
    await _tab_to(page, "Confirm")
    await page.keyboard.press("Enter")
    await page.get_by_role("status").filter(has_text="Approved").wait_for()
    assert (await end_of(site, asked)).state is ApprovalState.GRANTED


async def _tab_to(page: Page, name: str) -> None:
    for _ in range(60):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.textContent.trim()") == name:
            outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none", "where the keyboard is has to be seen"
            return
    raise AssertionError(f"{name} cannot be reached by the Tab key")


async def test_somebody_elses_passkey_approves_nothing(visitors: Visitors, site: RunningHub) -> None:
    """A policy that pins Olga's passkey is of no use to Sven, whatever his browser sends."""
    olga, sven = await owner(visitors, "Olga"), await owner(visitors, "Sven")
    await join(visitors, olga)
    await pin(site, olga)
    asked = await ask(site, strong=True)
    page = await visitors.of(sven)
    await add_passkey(page)
    await page.goto(f"/questions/{TENANT}/{asked.id}/approve")
    assert "nothing that you have here" in await page.locator("main").inner_text()


async def test_history_is_searched(visitors: Visitors, site: RunningHub) -> None:
    page = await visitors.of(await owner(visitors))
    settled: list[ApprovalRequest] = []
    for number in range(3):
        asked = await ask(site, params={"command": f"rm -r ./old-{number}"})
        settled.append(asked)
        await page.goto(f"/questions/{TENANT}/{asked.id}/{'deny' if number else 'approve'}")
        await page.locator("#confirm").tap()
        await page.get_by_role("status").wait_for()
    await page.goto("/history")
    assert await page.locator("tbody tr").count() == 3
    await page.get_by_label("Search").fill("old-1")
    await page.get_by_role("button", name="Search").tap()
    await page.wait_for_url("**q=old-1**")
    assert await page.locator("tbody tr").count() == 1
    assert await page.get_by_label("Search").input_value() == "old-1"
    await page.goto("/history?state=denied")
    assert await page.locator("tbody tr").count() == 2
    assert await findings(page) == []
    assert await fits(page)
