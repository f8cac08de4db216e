"""Takes the pictures of the console that the documentation shows: `python -m bench.hub.pictures`."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

from playwright.async_api import Page, async_playwright

from hub.approvals import answering
from hub.approvals.approver import Approver
from hub.roles import Role
from safety_core.model.approval import RequestId
from safety_core.model.level import Level
from safety_core.model.tool_call import TenantId
from tests.hub.console.test_fleet_pages import full_beat
from tests.simulators.browser import Visitors, ask, pin
from tests.simulators.hub import RunningHub, running_hub
from tests.simulators.repository import TENANT

FOLDER: Final = Path(__file__).parents[2] / "docs/pictures"
WORDS: Final = FOLDER / "pictures.json"
DRAWN: Final = re.compile(r"[A-Z]{4}-[A-Z]{4}|[0-9a-f]{8,}|[0-9]+")
"""Codes, digests, times and counts: what is another one each time."""

MAIL: Final[dict[str, Any]] = {
    "agent": "shop",
    "tool": "mail.send",
    "params": {
        "to": "jo@customer.example",
        "subject": "Your refund",
        "body": "Hello Jo,\n\nwe have sent 49.90 EUR back to your card.\n\nKind regards\nThe shop",
        "password": "SECRET_REF(smtp)",
    },
    "level": Level.YELLOW_EXTERNAL,
    "outward": True,
    "rules": ("outward.mail",),
    "reason": "sends a mail to somebody outside",
    "recipients": ("jo@customer.example",),
    "amounts": ("49.90 EUR",),
}


def _command(text: str, reason: str, level: Level, rule: str, **more: Any) -> dict[str, Any]:
    return {"agent": "ops", "params": {"command": text}, "reason": reason, "level": level, "rules": (rule,), **more}


EARLIER: Final = (
    ({**MAIL, "recipients": ("ann@customer.example",), "amounts": ()}, True),
    (_command("systemctl restart web-1", "restarts a service", Level.RED, "service.restart"), True),
    (_command("rm -r /srv/www/old", "deletes files and folders", Level.RED, "files.delete"), False),
    ({**MAIL, "params": {**MAIL["params"], "to": "list@everybody.example"}, "amounts": ()}, False),
)


Take = Callable[[Page, str, str], Awaitable[None]]
"""What is done with a page: it, its path, and the picture's name."""


async def take() -> None:
    """Take all pictures anew, and write down what stands on them: `docs/pictures/pictures.json`."""
    FOLDER.mkdir(exist_ok=True)
    seen: dict[str, list[str]] = {}

    async def shoot(page: Page, path: str, name: str) -> None:
        await page.goto(path)
        seen[name] = await words(page)
        await page.screenshot(path=FOLDER / f"{name}.png")

    with tempfile.TemporaryDirectory(prefix="hub") as folder:
        async with running_hub(Path(folder) / "hub", max_pending=100) as hub, async_playwright() as playwright:
            # No sandbox: it may run as root, and the pages are our own.
            browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            async with Visitors(browser, hub) as visitors:
                await pictured(visitors, hub, shoot)
            await browser.close()
    WORDS.write_text(json.dumps(seen, indent=1, ensure_ascii=False) + "\n")


async def words(page: Page) -> list[str]:
    """Return what the parts of a page are called, without numbers and codes: what a picture of it would show."""
    told = await page.locator("h1, h2, h3, th, button, summary, label, nav a").all_inner_texts()
    return [" ".join(DRAWN.sub("#", text).split()) for text in told if text.strip()]


async def pictured(visitors: Visitors, hub: RunningHub, take: Take) -> None:
    """Set the stage, and go through the pages that the documentation shows."""
    await questions(visitors, hub, take)
    await fleet(visitors, hub, take)


async def fleet(visitors: Visitors, hub: RunningHub, take: Take) -> None:
    """Two more tenants, and what the hub knows of them."""
    for name in ("bakery", "florist"):
        edge = await hub.edge(name)
        await edge.heartbeat(full_beat(at=hub.clock.now))
    desk = await visitors.sign_in("Anna", Role.ADMIN, desk=True)
    await take(desk, "/tenants", "fleet-desk")
    await take(desk, "/policies", "policies-desk")


async def questions(visitors: Visitors, hub: RunningHub, take: Take) -> None:
    """Questions of one shop, on a phone and on a desk."""
    olga = await visitors.person("Olga", Role.OWNER, TENANT)
    await pin(hub, olga)
    for given, allow in EARLIER:
        asked = await ask(hub, **given)
        await answering.answer(
            hub.context, Approver(TenantId(TENANT), "Olga", "console"), RequestId(asked.id), allow=allow
        )
        hub.clock.now += 5400
    for number in range(3):
        await ask(
            hub, **_command(f"systemctl restart web-{number}", "restarts a service", Level.RED, "service.restart")
        )
    mail = await ask(hub, **MAIL)
    grave = _command("dropdb shop", "deletes a database for good", Level.CRITICAL_RED, "data.drop")
    await ask(hub, **grave, strong=True, quorum=2)
    hub.clock.now += 540
    phone, desk = await visitors.of(olga), await visitors.of(olga, desk=True)
    dark = await visitors.of(olga, desk=True, scheme="dark")
    await take(phone, "/", "inbox-phone")
    await take(phone, f"/questions/{TENANT}/{mail.id}", "card-phone")
    await take(phone, f"/questions/{TENANT}/{mail.id}/approve", "approve-phone")
    await take(dark, "/", "inbox-desk-dark")
    await take(desk, f"/questions/{TENANT}/{mail.id}", "card-desk")
    await take(desk, "/history", "history-desk")
    await take(phone, "/history", "history-phone")


if __name__ == "__main__":
    asyncio.run(take())
