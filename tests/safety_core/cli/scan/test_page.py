"""docs/scan.md works as it is written: every block is typed into one shell, in order."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
import yaml

from safety_core.cli.scan.command import scan
from tests.safety_core.cli.scan.conftest import ROOT, TOKEN

PAGE = (ROOT / "docs/scan.md").read_text()

AFTER = """
echo 'nothing' > src/clean.txt
git add . && git -c user.name=me -c user.email=me@shop.example commit -q -m one
printf 'TOKEN=%s\\n' "$LEAK" > src/leak.txt
git add . && git -c user.name=me -c user.email=me@shop.example commit -q -m two && exit 9
git log --oneline
"""


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory, safety_home: Path) -> tuple[str, Path]:
    here = tmp_path_factory.mktemp("page")
    program = here / "bin/safety"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m safety_core.cli "$@"\n')
    program.chmod(0o755)
    done = subprocess.run(
        ["bash", "-c", "set -eu\n" + "".join(re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)) + AFTER],
        cwd=here,
        env={
            "PATH": f"{program.parent}:/usr/bin:/bin",
            "HOME": str(here),
            "SAFETY_HOME": str(safety_home),
            "PYTHONPATH": str(ROOT),
            "COLUMNS": "80",
            "LEAK": TOKEN,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=200,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout, here / "shop"


def test_it_prints_what_the_page_shows(printed: tuple[str, Path]) -> None:
    (shown,) = re.findall(r"prints\n\n```text\n(.*?)```", PAGE, re.DOTALL)
    assert printed[0].startswith(shown)


def test_the_hook_lets_clean_commits_pass_and_stops_others(printed: tuple[str, Path]) -> None:
    out = printed[0]
    assert "src/leak.txt\n  1:7 " in out
    assert re.search(r"^[0-9a-f]{7,} one$", out, re.MULTILINE)
    assert not re.search(r"^[0-9a-f]{7,} two$", out, re.MULTILINE)
    assert TOKEN not in out


def test_the_report_has_the_fields_that_the_page_names(printed: tuple[str, Path]) -> None:
    report = json.loads((printed[1] / "report.json").read_text())
    assert [*report] == ["version", "findings", "summary"]
    assert report["summary"]["allowed"][0]["reason"].startswith("the password of the oven")


def test_commands_in_settings_of_others_are_ours() -> None:
    hook, ci = (yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL))
    for line in (hook["repos"][0]["hooks"][0]["entry"], ci[0]["run"]):
        program, command, *words = line.split()
        assert (program, command) == ("safety", "scan")
        assert isinstance(scan.make_context("scan", words), click.Context)
    assert ci[1]["with"]["sarif_file"] in ci[0]["run"]
