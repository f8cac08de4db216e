"""People who are signed in at the console, without its ceremony: a person, their roles, a session, a browser."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx2

from hub.console.cookies import cookie_name
from hub.people import directory, sessions
from hub.people.sessions import Opened
from hub.roles import EVERYWHERE, Person, Role
from hub.store import people, tenants
from safety_core.model.tool_call import TenantId
from tests.simulators.hub import RunningHub

Held = tuple[str, str]
"""A role and a tenant ("" for all)."""


@dataclass
class Visitor:
    """Somebody signed in. `cookie` is (name, value), as a browser would hold it."""

    hub: RunningHub
    person: Person
    opened: Opened
    http: httpx2.AsyncClient

    @property
    def csrf(self) -> str:
        return self.opened.session.csrf

    @property
    def cookie(self) -> tuple[str, str]:
        return cookie_name(self.hub.context), self.opened.cookie

    async def get(self, path: str, **headers: str) -> httpx2.Response:
        return await self.http.get(path, headers=headers)

    async def post(self, path: str, **fields: str) -> httpx2.Response:
        """Send a form of this session, as the console's own pages do; nothing is followed."""
        return await self.http.post(path, data={"csrf": self.csrf, **fields})

    async def fetch(self, path: str, body: object) -> httpx2.Response:
        """Send JSON, as the console's own JavaScript does."""
        headers = {"Safety-CSRF": self.csrf, "Accept": "application/json"}
        return await self.http.post(path, json=body, headers=headers)


async def person_with(hub: RunningHub, name: str, *held: Held) -> Person:
    """Return the person of this name, made if need be, with these roles; their tenants are made, too."""
    context = hub.context
    async with context.database.write() as connection:
        for _, tenant in held:
            if tenant != EVERYWHERE:
                await tenants.add(connection, TenantId(tenant), context.clock())
        known = await people.named(connection, name)
    person = known or await directory.add(context, name)
    for role, tenant in held:
        await directory.give(context, person, Role(role), TenantId(tenant))
    return person


async def visitor(hub: RunningHub, name: str = "Olga", *held: Held, fresh: bool = True) -> Visitor:
    """Return somebody who has just signed in (`fresh`: by passkey, within minutes).

    Without `held`, an owner of the tenant "acme".
    """
    person = await person_with(hub, name, *(held or (("owner", "acme"),)))
    opened = await sessions.begin(hub.context, person, "passkey", confirmed=fresh)
    http = browser(hub)
    http.headers["Cookie"] = f"{cookie_name(hub.context)}={opened.cookie}"
    return Visitor(hub, person, opened, http)


def browser(hub: RunningHub) -> httpx2.AsyncClient:
    """Return a client that speaks to the console at its own address, as a browser does; it is signed in nowhere."""
    origin = hub.context.settings.origin
    return hub.http({"Host": urlsplit(origin).netloc, "Origin": origin, "Accept": "text/html"})


def csrf_in(page: httpx2.Response) -> str:
    """Return the token that a page's forms carry."""
    found = re.search(r'name="csrf" (?:value|content)="([^"]+)"', page.text)
    assert found is not None, page.text
    return found[1]
