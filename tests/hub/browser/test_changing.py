"""Changing a call and asking anew; outward grants made from a card, listed, withdrawn. The edge is played."""

from __future__ import annotations

import json
import secrets
from typing import Any

from playwright.async_api import Page

from hub.approvals import reports
from hub.policy.reading import policy_of
from hub.roles import Person, Role
from hub.store import feed
from safety_core.canonical import Digest
from safety_core.edits import check_edit
from safety_core.model.approval import (
    ApprovalRequest,
    ApprovalState,
    Edit,
    FeedItem,
    Report,
    RequestId,
    StandingGrant,
    Withdrawal,
)
from safety_core.model.level import Level
from safety_core.model.policy import Policy
from safety_core.model.tool_call import TenantId
from safety_core.standing import check_standing
from safety_core.wire.feed import item_from_json
from safety_core.wire.reader import Reader
from tests.simulators.browser import Visitors, ask, end_of, findings, fits, join, pin
from tests.simulators.hub import RunningHub
from tests.simulators.repository import TENANT

HERE = TenantId(TENANT)
MAIL: dict[str, Any] = {
    "tool": "mail.send",
    "params": {"to": "jo@customer.example", "body": "Hello Jo,\nhere it is.", "copies": 2, "urgent": True},
    "level": Level.YELLOW_EXTERNAL,
    "outward": True,
    "reason": "sends a mail to somebody outside",
    "recipients": ("jo@customer.example",),
}


async def owner(visitors: Visitors) -> Person:
    return await visitors.person("Olga", Role.OWNER, TENANT)


async def heard(site: RunningHub) -> list[FeedItem]:
    """Return what the tenant's edge would hear."""
    async with site.context.database.read() as connection:
        found = await feed.after(connection, HERE, 0, 100)
    return [item_from_json(Reader.parse(raw, "item")) for _, raw in found]


async def policy(site: RunningHub) -> Policy:
    found = await policy_of(site.context, HERE)
    assert found is not None
    return found


async def play_edge(site: RunningHub, asked: ApprovalRequest) -> ApprovalRequest:
    """Take the edit as an edge does: verify it, ask about the changed call, report that it stands for the first."""
    (edit,) = [item for item in await heard(site) if isinstance(item, Edit)]
    check_edit(edit, asked, await policy(site))
    again = await ask(
        site,
        **{**MAIL, "level": Level.RED, "params": edit.params, "recipients": ("ann@customer.example",)},
        edited_from=asked.id,
        action_digest=Digest(secrets.token_hex(32)),
    )
    report = Report(asked.id, ApprovalState.CANCELLED, edit.approver, site.clock(), again.id)
    await reports.take(site.context, HERE, [report])
    return again


async def test_a_changed_call_is_asked_about_anew(visitors: Visitors, site: RunningHub) -> None:
    olga = await owner(visitors)
    page = await visitors.of(olga)
    await pin(site, olga)
    asked = await ask(site, **MAIL)
    await page.goto(f"/questions/{TENANT}/{asked.id}")
    await page.get_by_role("link", name="Change it").tap()
    await page.get_by_role("heading", name="Change it").wait_for()
    assert await findings(page) == []
    assert await fits(page)
    await page.get_by_label("to", exact=True).fill("ann@customer.example")
    await page.get_by_label("body").fill("Hello Ann,\nhere it is.")
    await page.get_by_role("button", name="Send the change").tap()
    await page.get_by_role("status").filter(has_text="Changed").wait_for()
    for path in ("/", f"/questions/{TENANT}/{asked.id}"):
        await page.goto(path)
        await page.get_by_text("A change by Olga is on its way.").wait_for()
        assert await page.get_by_role("link", name="Deny").count() == 1
        assert await page.get_by_role("link", name="Approve").count() == 0
    await page.goto(f"/questions/{TENANT}/{asked.id}/approve")
    assert "is being changed" in await page.locator("main").inner_text()
    visitors.loud.clear()  # of the refusal, which the browser calls an error
    await page.goto("/")
    again = await play_edge(site, asked)
    assert again.params == {**MAIL["params"], "to": "ann@customer.example", "body": "Hello Ann,\nhere it is."}
    await page.get_by_text("ann@customer.example").first.wait_for()
    await page.goto(f"/questions/{TENANT}/{again.id}")
    gone, new = [await page.locator(f"pre {mark}").all_inner_texts() for mark in ("del", "ins")]
    assert any("jo@customer.example" in line for line in gone)
    assert any("ann@customer.example" in line for line in new)
    assert "What Olga changed" in await page.locator("article").inner_text()
    assert await findings(page) == []
    await page.get_by_role("link", name="Approve").tap()
    await page.get_by_role("button", name="Confirm").tap()
    await page.get_by_role("status").filter(has_text="Approved").wait_for()
    assert (await end_of(site, again)).state is ApprovalState.GRANTED
    assert (await end_of(site, asked)).state is ApprovalState.CANCELLED
    await page.goto(f"/questions/{TENANT}/{asked.id}")
    await page.get_by_role("link", name="replaced by the changed call").tap()
    await page.wait_for_url(f"**/{again.id}")


async def test_what_is_wrong_is_said_beside_it(visitors: Visitors, site: RunningHub) -> None:
    page = await visitors.of(await owner(visitors), scripts=False)
    asked = await ask(site, **MAIL)
    await page.goto(f"/questions/{TENANT}/{asked.id}/edit")
    await page.get_by_label("copies").fill("many <b>")
    await page.get_by_label("to", exact=True).fill("ann@customer.example")
    await page.locator("#confirm").tap()
    await page.locator(".wrong").wait_for()
    copies = page.get_by_label("copies")
    assert await copies.get_attribute("aria-invalid") == "true"
    assert await copies.input_value() == "many <b>"
    assert await page.get_by_label("to", exact=True).input_value() == "ann@customer.example"
    assert "must be a number" in await page.locator(".wrong").inner_text()
    assert await heard(site) == []


async def test_nothing_changed_is_no_change(visitors: Visitors, site: RunningHub) -> None:
    page = await visitors.of(await owner(visitors))
    text = "\n one\r\ntwo\u202e\n"
    asked = await ask(site, params={"body": text, "list": [1, {"a": None}]})
    await page.goto(f"/questions/{TENANT}/{asked.id}/edit")
    await page.locator("#confirm").tap()
    await page.get_by_role("alert").filter(has_text="are the same as before").wait_for()
    await page.get_by_label("list").fill('[1, {"a": "b"}]')
    await page.locator("#confirm").tap()
    await page.get_by_role("status").filter(has_text="Changed").wait_for()
    (edit,) = await heard(site)
    assert isinstance(edit, Edit)
    assert edit.params == {"body": text, "list": [1, {"a": "b"}]}


async def test_arguments_are_added_and_left_out_as_json(visitors: Visitors, site: RunningHub) -> None:
    page = await visitors.of(await owner(visitors))
    asked = await ask(site, **MAIL)
    await page.goto(f"/questions/{TENANT}/{asked.id}/edit")
    await page.get_by_role("link", name="Add or leave out").tap()
    whole = page.get_by_label("All arguments")
    assert json.loads(await whole.input_value()) == MAIL["params"]
    await whole.fill('{"to": "jo@customer.example"')
    await page.locator("#confirm").tap()
    await page.get_by_role("alert").wait_for()
    assert await whole.input_value() == '{"to": "jo@customer.example"'
    await whole.fill('{"to": "jo@customer.example", "bcc": []}')
    await page.locator("#confirm").tap()
    await page.get_by_role("status").filter(has_text="Changed").wait_for()
    (edit,) = await heard(site)
    assert isinstance(edit, Edit)
    assert edit.params == {"to": "jo@customer.example", "bcc": []}


async def test_a_refused_change_is_told(visitors: Visitors, site: RunningHub) -> None:
    page = await visitors.of(await owner(visitors))
    asked = await ask(site, **MAIL)
    await page.goto(f"/questions/{TENANT}/{asked.id}/edit?whole=1")
    await page.get_by_label("All arguments").fill("{}")
    await page.locator("#confirm").tap()
    await page.get_by_role("status").filter(has_text="Changed").wait_for()
    own = f"/questions/{TENANT}/{asked.id}"
    await page.goto(own)
    await page.get_by_text("A change by Olga is on its way").wait_for()
    refused = Report(RequestId(asked.id), ApprovalState.PENDING, "Olga", site.clock(), refused="floor mass-mail")
    await reports.take(site.context, HERE, [refused])
    await page.goto(own)
    await page.get_by_text("was refused by policy: floor mass-mail").wait_for()


async def make_grant(page: Page, asked: ApprovalRequest, confirm: str) -> None:
    await page.goto(f"/questions/{TENANT}/{asked.id}")
    await page.get_by_role("link", name="Allow for a while").tap()
    await page.get_by_label("Recipient").select_option("@customer.example")
    await page.get_by_label("How long").select_option("for three days")
    await page.get_by_label("At most so many calls").fill("7")
    assert await findings(page) == []
    assert await fits(page)
    await page.locator("#confirm").tap()
    if confirm:
        await page.get_by_role("button", name=confirm).tap()
    await page.get_by_role("heading", name="Outward grants").wait_for()


async def test_an_outward_grant_by_passkey(visitors: Visitors, site: RunningHub) -> None:
    olga = await owner(visitors)
    page = await join(visitors, olga)
    await pin(site, olga)
    asked = await ask(site, **MAIL)
    await make_grant(page, asked, "Confirm with your passkey")
    (grant,) = await heard(site)
    assert isinstance(grant, StandingGrant)
    assert (grant.recipient, grant.uses, grant.not_after - site.clock()) == ("@customer.example", 7, 3 * 86400)
    assert grant.assertion is not None
    check_standing(grant, await policy(site), site.clock())
    assert (await end_of(site, asked)).state is ApprovalState.PENDING
    assert visitors.loud == []


async def test_an_outward_grant_is_listed_and_withdrawn(visitors: Visitors, site: RunningHub) -> None:
    olga = await owner(visitors)
    page = await visitors.of(olga)
    await pin(site, olga)
    await make_grant(page, await ask(site, **MAIL), "")
    row = await page.locator("tbody tr").inner_text()
    for part in ("@customer.example", "shop, mail.send", "7", "Olga", "holds"):
        assert part in row, part
    assert await fits(page)
    await page.locator("summary", has_text="Withdraw").tap()
    await page.get_by_role("button", name="Yes, withdraw").tap()
    await page.get_by_text("There is none.").wait_for()
    made, ended = await heard(site)
    assert isinstance(made, StandingGrant)
    assert ended == Withdrawal(made.id)
    await page.goto("/outward?past=1")
    assert "withdrawn by Olga" in await page.locator("tbody").inner_text()


async def test_what_policy_lets_nobody_give_is_not_offered(visitors: Visitors, site: RunningHub) -> None:
    page = await visitors.of(await owner(visitors))
    mail, grave = await ask(site, **MAIL), await ask(site, **{**MAIL, "level": Level.RED})
    await page.goto(f"/questions/{TENANT}/{mail.id}/outward")
    assert "lets nobody make outward grants" in await page.locator("main").inner_text()
    await page.goto(f"/questions/{TENANT}/{grave.id}/outward")
    assert "No grant can cover such a call" in await page.locator("main").inner_text()
