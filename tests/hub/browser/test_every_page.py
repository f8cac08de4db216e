"""Every page, for everybody: nothing serious by axe, nothing wider than the screen, not a word on the console."""

from __future__ import annotations

import pytest

from hub.console import routes
from hub.roles import Role
from tests.simulators.browser import Visitors, ask, findings, fits, pin
from tests.simulators.hub import RunningHub
from tests.simulators.repository import TENANT
from tests.simulators.visitors import person_with

NO_PAGES = frozenset({"/console/events", "/settings/app/picture"})
"""A stream, and a picture within a page."""

PAGES = (
    *(
        path
        for method, path, _ in routes.PAGES
        if method == "GET" and "{" not in path and path not in NO_PAGES and not path.endswith(".csv")
    ),
    f"/policies/{TENANT}",
    f"/tenants/{TENANT}",
)


@pytest.mark.parametrize(("desk", "scheme"), [(False, "light"), (True, "dark")], ids=["phone-light", "desk-dark"])
async def test_every_page(visitors: Visitors, site: RunningHub, desk: bool, scheme: str) -> None:
    person = await person_with(site, "Olga", (Role.OWNER, TENANT), (Role.ADMIN, ""), (Role.AUTHOR, ""))
    await pin(site, person)
    asked = await ask(site, quorum=2, recipients=("jo@customer.example",))
    page = await visitors.of(person, desk=desk, scheme=scheme)
    own = f"/questions/{TENANT}/{asked.id}"
    for path in (*PAGES, own, f"{own}/approve", f"{own}/deny", f"{own}/edit", f"{own}/outward"):
        answer = await page.goto(path)
        assert answer is not None
        assert answer.status == 200, path
        assert await page.locator("h1").count() == 1, path
        assert await findings(page) == [], path
        assert await fits(page), path
        assert visitors.loud == [], path


async def test_pages_before_signing_in(visitors: Visitors) -> None:
    page = await visitors.stranger()
    for path in ("/sign-in", "/invite/none", "/"):
        await page.goto(path)
        assert await findings(page) == [], path
        assert await fits(page), path
