"""The documents are true: links lead somewhere, commands exist, pictures show what the code says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from hub.openapi.table import OPERATIONS
from proxy.control import routes
from safety_core.approve import TRANSITIONS
from tests.docs.typed import complaint, invocations

ROOT = Path(__file__).parent.parent
MAKEFILE = (ROOT / "Makefile").read_text()
PAGES = sorted(
    path
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("p*/**/*.md")]
    if ".cache" not in path.parts
)


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", page.read_text())
    assert not [link for link in links if not (page.parent / link).exists()]


def test_every_command_of_the_makefile_takes_these_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SAFETY_HOME", str(tmp_path))
    shown = [*invocations(MAKEFILE.replace("$(BIN)/", ""))]
    assert ["policy", "check", "--policies", "policies"] in shown
    assert not [words for words in shown if complaint(words)]


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_file_named_exists(page: Path) -> None:
    named = re.findall(r"`((?:safety_core|proxy|hub|tests|docs|policies|plugins|bench)/[\w./-]*)`", page.read_text())
    assert not [path for path in named if not (ROOT / path).exists()]


def test_the_library_does_what_its_page_shows() -> None:
    shown = re.findall(
        r"```python\n(.*?)```\n\nprints\n\n```text\n(.*?)```", (ROOT / "docs/library.md").read_text(), re.S
    )
    assert len(shown) == 3
    for code, printed in shown:
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=280)
        assert done.stdout == printed


def test_the_picture_of_an_approval_is_drawn_from_its_table() -> None:
    drawn = set(re.findall(r"^  (\w+) --> (\w+)$", (ROOT / "docs/architecture.md").read_text(), re.MULTILINE))
    assert drawn == {(state.value, after.value) for state, targets in TRANSITIONS.items() for after in targets}


def test_the_readmes_two_commands_are_targets_of_make() -> None:
    commands = re.findall(r"^    make (\w+)$", (ROOT / "README.md").read_text(), re.MULTILINE)
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert commands == ["demo", "test"]
    assert set(commands) <= set(targets)
    assert "make test" in (ROOT / ".ci/run").read_text()


def test_the_wire_document_has_every_route() -> None:
    page = (ROOT / "docs/wire.md").read_text()
    shown = {route.partition("?")[0] for route in re.findall(r"`((?:GET|POST|PUT) /(?:v1/|metrics)[^`]*)`", page)}
    edge = {f"{method} {path}" for method, path, _ in routes.ROUTES}
    hub = {f"{method} {path.translate(ANGLES)}" for method, path in OPERATIONS}
    assert shown == edge | hub


ANGLES = str.maketrans("{}", "<>")
