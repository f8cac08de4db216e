"""Signing in with the team's OpenID provider, in a real browser: its policies let it there and back."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Browser

from hub.people import directory
from hub.roles import Role
from safety_core.model.tool_call import TenantId
from tests.simulators.browser import Visitors
from tests.simulators.hub import START, running_hub
from tests.simulators.openid import CLIENT, openid_provider


async def test_there_and_back(browser: Browser, tmp_path: Path) -> None:
    async with openid_provider(lambda: START) as provider:
        secret = tmp_path / "oidc.secret"
        secret.write_text(provider.secret)
        secret.chmod(0o600)
        given = {"oidc_client": CLIENT, "oidc_secret_file": str(secret), "oidc_name": "Example"}
        async with (
            running_hub(tmp_path / "hub", oidc_issuer=provider.url, **given) as hub,
            Visitors(browser, hub) as visitors,
        ):
            person = await directory.add(hub.context, "Olga", provider.email)
            await directory.give(hub.context, person, Role.VIEWER, TenantId(""))
            page = await visitors.stranger()
            await page.goto("/settings")
            await page.get_by_role("link", name="Sign in with Example").tap()
            await page.get_by_role("heading", name="Settings").wait_for()
            assert "oidc" in await page.get_by_role("table").inner_text()
            assert visitors.loud == []
