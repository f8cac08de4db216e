"""What stands between backticks in a sentence is true as well: commands, variables, settings, targets of make."""

from __future__ import annotations

import re
from dataclasses import fields
from functools import cache
from pathlib import Path

import pytest

from hub.settings import Settings as HubSettings
from proxy.settings_source import VARIABLES
from tests.docs.pages import PAGES, ROOT, blocks
from tests.docs.typed import complaint, invocations

CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@cache
def inline(page: Path) -> tuple[str, ...]:
    """Return what stands between backticks, outside of blocks."""
    text = page.read_text()
    for block in blocks(page):
        text = text.replace(block.text, "")
    return tuple(CODE.findall(text))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_commands_in_sentences_are_taken(page: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in ("SAFETY_HOME", "SAFETY_HUB", "SAFETY_APPROVER_TOKEN"):
        monkeypatch.setenv(variable, str(tmp_path))
    for code in inline(page):
        if code.startswith("safety ") and "..." not in code.partition("--")[0]:
            for words in invocations(code):
                told = complaint([word for word in words if word != "COMMAND"])
                assert not told or told.endswith(("is missing", "requires an argument.")), f"{code}: {told}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_targets_of_make_in_sentences_exist(page: Path) -> None:
    targets = {*re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)}
    named = {found[1] for code in inline(page) if (found := re.match(r"make ([a-z-]+)", code))}
    assert named <= targets


@cache
def variables() -> frozenset[str]:
    """Return every variable that something of ours reads."""
    hub = {f"SAFETY_HUB_{entry.name.upper()}" for entry in fields(HubSettings)}
    files = [path for part in ("safety_core", "proxy", "hub", "demo_pool") for path in ROOT.glob(f"{part}/**/*.py")]
    read = {found for path in files for found in re.findall(r"[\"'](SAFETY_[A-Z_]+)[\"']", path.read_text())}
    tokens = {f"{variable}_FILE" for variable in read if variable.endswith("_TOKEN")}
    return frozenset({*VARIABLES, *hub, *read, *tokens, "SAFETY_HUB_CONFIG"})


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_variables_are_read_by_somebody(page: Path) -> None:
    named = {found for found in re.findall(r"\bSAFETY_[A-Z_]+[A-Z]\b", page.read_text()) if found != "SAFETY_EDGE"}
    assert named <= variables()
