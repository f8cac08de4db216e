"""No picture shows what is not so any more: `make pictures` takes those anew that differ."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright

from bench.hub.pictures import FOLDER, WORDS, pictured, words
from tests.docs.pages import PAGES
from tests.simulators.browser import Visitors
from tests.simulators.hub import running_hub
from tools.docs.pictures import SHOTS, drawn, printed, text_of

ELSEWHERE = {"demo-pool-desk", "demo-pool-phone"}
"""Taken by hand in a demo tenant."""


async def test_the_consoles_pages_look_as_on_their_pictures(tmp_path: Path) -> None:
    seen: dict[str, list[str]] = {}

    async def look(page: Page, path: str, name: str) -> None:
        await page.goto(path)
        seen[name] = await words(page)

    async with running_hub(tmp_path / "hub", max_pending=100) as hub, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        async with Visitors(browser, hub) as visitors:
            await pictured(visitors, hub, look)
        await browser.close()
    assert seen == json.loads(WORDS.read_text()), "run: make pictures"


@pytest.mark.parametrize("name", SHOTS)
def test_a_command_prints_what_its_picture_shows(name: str) -> None:
    shown = (FOLDER / f"{name}.svg").read_text()
    assert text_of(drawn(SHOTS[name], printed(SHOTS[name]))) == text_of(shown), "run: make pictures"


def test_pictures_name_no_other_machine() -> None:
    for picture in FOLDER.glob("*.svg"):
        told = re.findall(r"(?:url\(|href=|src=)[\"']?(https?:[^\"')]+)", picture.read_text())
        assert not told, picture


def test_every_picture_can_be_taken_anew_and_is_shown() -> None:
    there = {path.stem for path in FOLDER.iterdir() if path.suffix in {".png", ".svg"}}
    assert there == {*json.loads(WORDS.read_text()), *SHOTS, *ELSEWHERE}
    shown = " ".join(page.read_text() for page in PAGES)
    assert not {name for name in there if f"pictures/{name}." not in shown}
