"""The site builds without a complaint, asks no other machine for anything, draws its diagrams and finds words."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from playwright.sync_api import Browser, sync_playwright

from tests.docs.pages import ROOT, of
from tools.docs.hooks import MADE, OUTSIDE


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "-q", "build", "--strict", "-d", str(folder)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield opened
        opened.close()


def test_every_page_has_a_place_in_the_list(site: Path) -> None:
    named = (ROOT / "mkdocs.yml").read_text()
    for page in ROOT.glob("docs/*.md"):
        built = (site / page.name).with_suffix(".html")
        assert built.exists()
        assert f"- {page.name}\n" in named, f"{page.name} stands under More: give it a place in mkdocs.yml"
    for page in (*OUTSIDE, *MADE):
        assert f"- {page}\n" in named


def test_nothing_is_fetched_from_elsewhere(site: Path) -> None:
    fetched = re.compile(r"<(?:script|link|img|iframe)[^>]* (?:src|href)=\"?(?:https?:)?//[^\">]+")
    for page in site.rglob("*.html"):
        found = [tag for tag in fetched.findall(page.read_text()) if 'rel="canonical"' not in tag]
        assert not found, page
    for sheet in site.rglob("*.css"):
        assert not re.search(r"url\([\"']?(?:https?:)?//", sheet.read_text())


def test_it_works_from_a_folder_without_asking_anybody(site: Path, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 800})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for name in sorted({block.page.stem for block in of("mermaid")}):
        page.goto((site / f"{name}.html").as_uri())
        page.wait_for_function("document.querySelectorAll('div.mermaid').length > 0", timeout=120_000)
        shown = sum(block.page.stem == name for block in of("mermaid"))
        page.wait_for_function(f"document.querySelectorAll('div.mermaid').length == {shown}", timeout=120_000)
    page.goto(f"{(site / 'index.html').as_uri()}?q=canary")
    page.wait_for_selector(".md-search-result__item", state="attached", timeout=120_000)
    elsewhere = [url for url in asked if not url.startswith(("file:", "data:", "blob:"))]
    assert not elsewhere
    page.close()


@pytest.mark.parametrize("name", ["index", "how-it-works", "reference/edge-settings", "hub"])
def test_a_phone_shows_it_without_scrolling_sideways(site: Path, browser: Browser, name: str) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 800})
    page.goto((site / f"{name}.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.close()


def test_it_is_dark_where_the_reader_wants_it_dark(site: Path, browser: Browser) -> None:
    page = browser.new_page(color_scheme="dark")
    page.goto((site / "index.html").as_uri())
    assert page.evaluate("document.body.dataset.mdColorScheme") == "slate"
    page.close()


def test_the_colours_are_those_of_the_theme() -> None:
    settings = (ROOT / "mkdocs.yml").read_text()
    told = yaml.safe_load(re.sub(r"!!python/name:\S+", "name", settings))
    assert told["theme"]["font"] is False
    assert (ROOT / "docs" / told["theme"]["logo"]).exists()
