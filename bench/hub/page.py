"""The console's first page in a real Chromium: how much goes over the wire, and how long it takes.

`python -m bench.hub.page` for these alone. Each load is a phone's first: a fresh profile, nothing kept from before. The
slow one is as browsers' developer tools play it: 1.6 Mbit/s, 150 ms to the server and back, a processor at a quarter.
"""

from __future__ import annotations

import asyncio
import shutil
import statistics
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from playwright.async_api import CDPSession, async_playwright
from rich.console import Console

from bench.figure import Figure
from bench.report import table
from hub.roles import Role
from tests.simulators.browser import Visitors, ask
from tests.simulators.hub import running_hub
from tests.simulators.repository import TENANT

SECTION: Final = "The hub"
LOADS: Final = 9
WAITING: Final = 12
"""Questions in the inbox: more than a person likes to find there."""

SLOW: Final = {"offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 93_750}
"""Bytes a second."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """One load. `bytes` over the wire, headers included; `seconds` from the click until everything is there."""

    bytes: int
    seconds: float


def figures() -> Iterator[Figure]:
    """Yield weight and time of the inbox with a dozen questions."""
    if shutil.which("chromium") is None:
        yield Figure(SECTION, "hub_page_weight", "the console's first page", None, "KiB", 100, note="no Chromium here")
        return
    fast, slow = asyncio.run(_measured(LOADS))
    note = f"the inbox with {WAITING} questions, a fresh profile, median of {len(fast)}"
    weight = max(load.bytes for load in fast) / 1024
    yield Figure(SECTION, "hub_page_weight", "the console's first page over the wire", weight, "KiB", 100, note=note)
    for name, title, loads in (
        ("hub_page", "the console's first page, until all is there", fast),
        ("hub_page_slow", "the same on a slow phone and network", slow),
    ):
        seconds = statistics.median(load.seconds for load in loads)
        worst = max(load.seconds for load in loads)
        yield Figure(SECTION, name, title, seconds, "s", 1, note=f"{note}; the slowest {worst:.2f} s")


async def _measured(times: int) -> tuple[list[Loaded], list[Loaded]]:
    with tempfile.TemporaryDirectory(prefix="hub") as folder:
        async with running_hub(Path(folder) / "hub", max_pending=100) as hub, async_playwright() as playwright:
            # No sandbox: the bench may run as root, and the pages are our own.
            browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            async with Visitors(browser, hub) as visitors:
                await visitors.person("Olga", Role.OWNER, TENANT)
                for number in range(WAITING):
                    await ask(hub, tool=f"tool-{number}", params={"command": f"rm -r ./old-{number}\n" * 20})
                found = [[await _load(visitors, slow=slow) for _ in range(times)] for slow in (False, True)]
            await browser.close()
    return found[0], found[1]


async def _load(visitors: Visitors, *, slow: bool) -> Loaded:
    page = await visitors.of(await visitors.person("Olga", Role.OWNER, TENANT), workers="allow")
    session = await page.context.new_cdp_session(page)
    sizes: list[int] = []

    def finished(told: dict[str, Any]) -> None:
        sizes.append(int(told["encodedDataLength"]))

    session.on("Network.loadingFinished", finished)
    await session.send("Network.enable")
    if slow:
        await _slow(session)
    await page.goto("/", wait_until="load")
    timing = await page.evaluate("performance.getEntriesByType('navigation')[0].loadEventStart")
    await page.wait_for_timeout(200)  # what is still on its way counts towards the weight
    total = sum(sizes)
    await page.context.close()
    visitors.profiles.clear()
    return Loaded(total, timing / 1000)


async def _slow(session: CDPSession) -> None:
    await session.send("Network.emulateNetworkConditions", SLOW)
    await session.send("Emulation.setCPUThrottlingRate", {"rate": 4})


if __name__ == "__main__":
    table.show(Console(width=160), [*figures()])
