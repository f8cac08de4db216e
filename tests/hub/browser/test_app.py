"""The console as an app on a phone: it can be installed, shows what is pushed, and says where there is no network."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Page

from hub.roles import Role
from tests.simulators.browser import Visitors, ask
from tests.simulators.hub import RunningHub
from tests.simulators.repository import TENANT

PUSHED = {
    "title": "Red: shop wants exec",
    "body": "Code: 6VGS-9TWA",
    "url": "/links/one",
    "tag": "q-1",
    "actions": [
        {"action": "approve", "title": "Approve", "url": "/links/yes"},
        {"action": "deny", "title": "Deny", "url": "/links/no"},
    ],
}


async def installed(visitors: Visitors) -> Page:
    """Return a page that the service worker serves."""
    page = await visitors.of(await visitors.person("Olga", Role.OWNER, TENANT), workers="allow")
    await page.context.grant_permissions(["notifications"], origin=visitors.origin)
    await page.goto("/")
    await page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
    await page.wait_for_function("navigator.serviceWorker.controller !== null")
    return page


async def deliver(page: Page, message: str, origin: str) -> list[dict[str, Any]]:
    """Push a message as the browser's push service does, and return the notifications that are shown then."""
    session = await page.context.new_cdp_session(page)
    known: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def registered(told: dict[str, Any]) -> None:
        for one in told["registrations"]:
            if not known.done():
                known.set_result(one["registrationId"])

    session.on("ServiceWorker.workerRegistrationUpdated", registered)
    await session.send("ServiceWorker.enable")
    pushed = {"origin": origin, "registrationId": await known, "data": message}
    for _ in range(20):  # a push service delivers again what a worker did not take: it may have been starting
        await session.send("ServiceWorker.deliverPushMessage", pushed)
        shown: list[dict[str, Any]] = json.loads(await page.evaluate(SHOWN))
        if shown:
            return shown
    raise AssertionError("no notification was shown")


SHOWN = """async () => {
    const registration = await navigator.serviceWorker.ready;
    for (let looks = 0; looks < 250; looks += 1) {
        const list = await registration.getNotifications();
        if (list.length > 0) {
            return JSON.stringify(list.map(({ title, body, tag, data, actions }) => (
                { title, body, tag, data, actions: actions.map((one) => one.action) }
            )));
        }
        await new Promise((done) => setTimeout(done, 20));
    }
    return "[]";
}"""


async def test_push(visitors: Visitors) -> None:
    page = await installed(visitors)
    (shown,) = await deliver(page, json.dumps(PUSHED), visitors.origin)
    assert (shown["title"], shown["body"], shown["tag"]) == (PUSHED["title"], PUSHED["body"], "q-1")
    assert shown["actions"] == ["approve", "deny"]
    assert shown["data"]["url"] == f"{visitors.origin}/links/one"
    assert shown["data"]["links"] == {
        name: f"{visitors.origin}/links/{word}" for name, word in (("approve", "yes"), ("deny", "no"))
    }


PRESS = """async (action) => {
    const opened = [];
    self.clients.openWindow = async (address) => opened.push(address);
    const [notification] = await self.registration.getNotifications();
    const event = new NotificationEvent("notificationclick", { notification, action });
    const waited = new Promise((done) => Object.defineProperty(event, "waitUntil", { value: done }));
    self.dispatchEvent(event);
    await waited;
    return opened;
}"""


@pytest.mark.parametrize(("pressed", "led"), [("approve", "yes"), ("deny", "no"), ("", "one")])
async def test_a_button_leads_to_its_page_and_answers_nothing(visitors: Visitors, pressed: str, led: str) -> None:
    page = await installed(visitors)
    asked: list[str] = []
    page.context.on("request", lambda request: asked.append(request.method))
    await deliver(page, json.dumps(PUSHED), visitors.origin)
    (worker,) = page.context.service_workers
    assert await worker.evaluate(PRESS, pressed) == [f"{visitors.origin}/links/{led}"]
    assert "POST" not in asked


async def test_a_push_leads_nowhere_else(visitors: Visitors) -> None:
    page = await installed(visitors)
    evil = {
        "url": "https://evil.example/x",
        "actions": [{"action": "approve", "title": "x", "url": "javascript:alert(1)"}],
    }
    (shown,) = await deliver(page, json.dumps(evil), visitors.origin)
    assert shown["data"] == {"url": f"{visitors.origin}/", "links": {"approve": f"{visitors.origin}/"}}


async def test_a_push_that_is_no_message_of_ours(visitors: Visitors) -> None:
    page = await installed(visitors)
    (shown,) = await deliver(page, "{", visitors.origin)
    assert shown["title"] == "Something waits for you"


async def test_without_a_network(visitors: Visitors) -> None:
    page = await installed(visitors)
    await page.context.set_offline(True)
    await page.goto("/history")
    assert await page.get_by_role("heading").inner_text() == "No network"
    await page.context.set_offline(False)
    visitors.loud.clear()


async def test_all_goes_on_as_in_a_browser(visitors: Visitors, site: RunningHub) -> None:
    """The worker stands between the app and the hub, and changes nothing of what they say."""
    page = await installed(visitors)
    asked = await ask(site)
    await page.goto("/")
    await page.get_by_role("link", name="Approve").tap()
    await page.get_by_role("button", name="Confirm").tap()
    await page.get_by_role("status").filter(has_text="Approved").wait_for()
    await page.goto(f"/questions/{TENANT}/{asked.id}/approve")
    await page.get_by_role("heading", name="Not done").wait_for()
    await page.get_by_role("link", name="Back to the start").tap()
    await page.get_by_role("button", name="Sign out").tap()
    await page.wait_for_url("**/sign-in")
    await page.goto("/history")
    await page.get_by_role("heading", name="Sign in").wait_for()


async def test_the_app_can_be_installed(visitors: Visitors, site: RunningHub) -> None:
    page = await installed(visitors)
    session = await page.context.new_cdp_session(page)
    told = await session.send("Page.getAppManifest")
    assert told["errors"] == []
    manifest = json.loads(told["data"])
    assert urlsplit(told["url"]).path == "/static/console.webmanifest"
    for icon in manifest["icons"]:
        answer = await page.request.get(icon["src"])
        assert (answer.status, answer.headers["content-type"]) == (200, "image/png"), icon
    problems = await session.send("Page.getInstallabilityErrors")
    assert [one["errorId"] for one in problems["installabilityErrors"]] in ([], ["in-incognito"])
