"""Pages work as they are written: every `sh` block is typed into one shell, in order, and prints what is shown."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from safety_core.edge.shipped import shipped_folder
from tests.docs.pages import PAGES, ROOT, Block, blocks

MARK = "-- the next block --"
WITH_SH = [page for page in PAGES if any(block.tag == "sh" for block in blocks(page))]


def runs_it(page: Path) -> list[Path]:
    """Return the tests of its own that a page has: they read its `sh` blocks, for it needs more than a shell."""
    tests = (path for path in ROOT.glob("tests/**/test_*.py") if path.parent.name != "docs")
    return [path for path in tests if "```sh" in (text := path.read_text()) and f'{page.name}"' in text]


OURS = [page for page in WITH_SH if not runs_it(page)]


def test_each_page_is_run_once() -> None:
    assert {page.name for page in WITH_SH} >= {
        "start.md",
        "policy.md",
        "vault.md",
        "setup.md",
        "scan.md",
        "baseline.md",
    }
    assert {page.name for page in OURS} >= {"start.md", "policy.md", "vault.md"}


@pytest.mark.parametrize("page", OURS, ids=lambda page: page.name)
def test_the_page_works_as_it_is_written(page: Path, tmp_path: Path) -> None:
    told = [*blocks(page)]
    typed = [block for block in told if block.tag == "sh"]
    program = tmp_path / "bin/safety"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m safety_core.cli "$@"\n')
    program.chmod(0o755)
    done = subprocess.run(
        ["bash", "-c", "set -eu\n" + "".join(f"{block.text}echo '{MARK}'\n" for block in typed)],
        cwd=tmp_path,
        env={
            "PATH": f"{program.parent}:/usr/bin:/bin",
            "POLICIES": str(shipped_folder()),
            "HOME": str(tmp_path),
            "PYTHONPATH": str(ROOT),
            "COLUMNS": "80",
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr
    printed = dict(zip((block.line for block in typed), done.stdout.split(MARK), strict=False))
    for block in shown(told):
        for line in block.text.splitlines():
            assert flat(line) in flat(printed[before(block, typed).line]), f"{block}: {line}"


def shown(told: list[Block]) -> list[Block]:
    """Return the blocks that say what an `sh` block prints."""
    return [block for block in told if block.tag == "text" and block.after == "sh" and not block.words]


def before(block: Block, typed: list[Block]) -> Block:
    return max((each for each in typed if each.line < block.line), key=lambda each: each.line)


def flat(text: str) -> str:
    return " ".join(text.split())
