"""A real Chromium before a real hub: one browser for all tests, a fresh profile for each visitor."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.simulators.browser import Visitors
from tests.simulators.hub import RunningHub, running_hub


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All browser tests share one event loop, since they share one browser."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.fixture(scope="session")
def chromium() -> str:
    found = shutil.which("chromium") or shutil.which("google-chrome")
    assert found, "no Chromium here: sh tools/chromium.sh"
    return found


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        # No sandbox: the suite runs as root in containers, and the pages are our own.
        running = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield running
        await running.close()


@pytest_asyncio.fixture(loop_scope="session")
async def site(tmp_path: Path) -> AsyncIterator[RunningHub]:
    """A hub on SQLite, with the console at its `context.settings.origin`."""
    async with running_hub(tmp_path / "hub", max_pending=200) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def visitors(browser: Browser, site: RunningHub) -> AsyncIterator[Visitors]:
    """People who use the console: `page = await visitors.sign_in("Olga", Role.OWNER)`."""
    async with Visitors(browser, site) as made:
        yield made
