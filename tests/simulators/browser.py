"""People with a browser: each has their own profile, on a phone unless told otherwise, and is signed in or not."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

from playwright.async_api import Browser, BrowserContext, Page

from hub.approvals import questions
from hub.approvals.questions import Question
from hub.bus import Topic
from hub.console.cookies import cookie_name
from hub.people import directory, sessions
from hub.roles import EVERYWHERE, Person, Role
from hub.store import passkeys
from safety_core.approve import key_id
from safety_core.model.approval import ApprovalRequest
from safety_core.model.policy import KeyKind
from safety_core.model.tool_call import TenantId
from tests.simulators.hub import RunningHub, question
from tests.simulators.repository import SOURCES, TENANT, Repository, release_from
from tests.simulators.visitors import person_with

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}

AXE = Path(__file__).parents[2] / ".cache/axe/node_modules/axe-core/axe.min.js"


@dataclass
class Visitors:
    """`loud` holds what pages said that no page should say: errors, blocked scripts, broken files."""

    browser: Browser
    hub: RunningHub
    loud: list[str] = field(default_factory=list)
    profiles: list[BrowserContext] = field(default_factory=list)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for profile in self.profiles:
            await profile.close()

    async def person(self, name: str, role: Role = Role.OWNER, tenant: str = EVERYWHERE) -> Person:
        """Make a person with one role."""
        return await person_with(self.hub, name, (role, tenant))

    async def stranger(self, **given: Any) -> Page:
        """Return an empty page of somebody who is not signed in."""
        return await (await self.profile(**given)).new_page()

    async def sign_in(self, name: str, role: Role = Role.OWNER, tenant: str = EVERYWHERE, **given: Any) -> Page:
        """Return an empty page of a new person who is signed in."""
        return await self.of(await self.person(name, role, tenant), **given)

    async def of(self, person: Person, **given: Any) -> Page:
        """Return an empty page of this person, signed in, in a profile of their own."""
        profile = await self.profile(**given)
        opened = await sessions.begin(self.hub.context, person, "passkey", confirmed=True)
        cookie = {"name": cookie_name(self.hub.context), "value": opened.cookie, "url": self.origin}
        await profile.add_cookies([cookie | {"httpOnly": True, "sameSite": "Lax"}])  # type: ignore[list-item]
        return await profile.new_page()

    async def profile(
        self,
        *,
        desk: bool = False,
        scripts: bool = True,
        scheme: Literal["light", "dark"] = "light",
        workers: Literal["allow", "block"] = "block",
    ) -> BrowserContext:
        """Return a fresh profile. `scripts` False: a browser without JavaScript; `workers` lets a service worker in."""
        profile = await self.browser.new_context(
            base_url=self.origin,
            viewport=DESK if desk else PHONE,  # type: ignore[arg-type]
            has_touch=not desk,
            java_script_enabled=scripts,
            color_scheme=scheme,
            service_workers=workers,
            reduced_motion="reduce",
            locale="en-GB",
        )
        profile.set_default_timeout(10_000)
        profile.on("console", lambda said: self.loud.append(said.text) if said.type == "error" else None)
        profile.on("weberror", lambda error: self.loud.append(str(error.error)))
        self.profiles.append(profile)
        return profile

    @property
    def origin(self) -> str:
        return self.hub.context.settings.origin


async def add_passkey(page: Page) -> str:
    """Put a virtual authenticator into the page: a phone's own, with a finger that always fits. Returns its id."""
    session = await page.context.new_cdp_session(page)
    await session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    made = await session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return str(made["authenticatorId"])


async def findings(page: Page) -> list[str]:
    """Return what axe finds serious or critical on the page, one line each."""
    await page.evaluate(AXE.read_text("utf-8"))
    found = await page.evaluate("axe.run({resultTypes: ['violations']})")
    return [
        f"{entry['id']} ({entry['impact']}): {entry['help']}: {[node['html'][:160] for node in entry['nodes']][:3]}"
        for entry in found["violations"]
        if entry["impact"] in {"serious", "critical"}
    ]


async def fits(page: Page) -> bool:
    """Tell whether nothing on the page makes it wider than the screen."""
    wide = await page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    return bool(wide[0] <= wide[1])


async def join(visitors: Visitors, person: Person, **given: Any) -> Page:
    """Have a person take up an invite with a new passkey in a new profile, and return their page, signed in."""
    page = await visitors.stranger(**given)
    await add_passkey(page)
    link = await directory.invite(visitors.hub.context, person)
    await page.goto(link if link.startswith("http") else f"/invite/{link}")
    await page.locator("form[data-passkey=create] button").click()
    await page.wait_for_url(visitors.origin + "/")
    return page


async def pin(hub: RunningHub, person: Person, *, strong_hub: bool = False, up_to: str = "critical_red") -> None:
    """Publish a policy that pins the person's passkeys, and the hub's own key up to red."""
    async with hub.context.database.read() as connection:
        own = await passkeys.of_person(connection, person.id)
    hub_key = bytes(hub.context.keys.approvals.verify_key)
    entries: list[dict[str, Any]] = [
        {"id": key_id(KeyKind.HUB, hub_key), "kind": "hub", "public": hub_key.hex(), "up_to": "red"}
        | {"outward_days": 7}
    ]
    if strong_hub:
        entries[0] |= {"up_to": "critical_red", "strong": True}
    for passkey in own:
        public = base64.b64encode(passkey.spki).decode()
        entries.append(
            {"id": key_id(KeyKind.PASSKEY, passkey.spki), "kind": "passkey", "public": public, "up_to": up_to}
            | {"site": hub.context.settings.origin, "names": [person.name], "outward_days": 7}
        )
    sources = {**SOURCES, "approvers.yaml": json.dumps({"approvers": entries}).encode()}
    hub.context.repositories.put(TenantId(TENANT), Repository().publish(release_from(sources, "calm")).files)


async def ask(hub: RunningHub, **given: Any) -> ApprovalRequest:
    """Have an edge ask something, as `question` makes it."""
    asked = question(TENANT, now=hub.clock(), **given)
    await questions.take(hub.context, asked)
    hub.context.bus.ring(asked.tenant, Topic.INBOX)
    return asked


async def end_of(hub: RunningHub, asked: ApprovalRequest) -> Question:
    """Return where a question stands."""
    return await questions.find(hub.context, asked.tenant, asked.id)
