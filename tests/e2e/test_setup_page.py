"""docs/setup.md works as it is written: every block is typed into one shell, in order."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from safety_core.edge.shipped import shipped_folder
from tests.simulators.serving import held_port

PAGE = Path(__file__).parents[2] / "docs/setup.md"

BEFORE = """\
set -eu
LIST='safety approvals list --hub http://127.0.0.1:8200 --token-file olga.token'
trap 'kill $(jobs -p); wait' EXIT
until_it_says() { for _ in $(seq 600); do ! "$@" > seen 2>&1 || return 0; sleep 0.1; done; cat seen; return 1; }
"""
READY = {
    "serve --port": "until_it_says curl -s http://127.0.0.1:8200/v1/approvals\n",
    "edge.toml &": "until_it_says safety status\n",
    'run --json "$call"': 'until_it_says sh -c "$LIST | grep DROP"\n',
}
AGAIN = """\
again() { curl -sS --unix-socket edge/edge.sock http://edge/v1/run --json "$call" > again; grep executed again; }
until_it_says again
"""


@pytest.mark.skipif(shutil.which("curl") is None, reason="the page uses curl")
def test_the_page_works_as_it_is_written(tmp_path: Path) -> None:
    script = BEFORE
    for block in re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL):
        script += block + "".join(wait for sign, wait in READY.items() if sign in block)
        script += AGAIN if "approvals approve" in block else ""
    script = script.replace("port = 8100", "port = 0")
    program = tmp_path / "bin/safety"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m safety_core.cli "$@"\n')
    program.chmod(0o755)
    environ = {
        "PATH": f"{program.parent}:/usr/bin:/bin",
        "POLICIES": str(shipped_folder()),
        "HOME": str(tmp_path),
        "PYTHONPATH": str(PAGE.parents[1]),
    }
    with (
        held_port() as port,
        subprocess.Popen(
            ["bash", "-c", script.replace("8200", str(port))],
            cwd=tmp_path,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as shell,
    ):
        late = threading.Timer(280, os.killpg, (shell.pid, signal.SIGKILL))
        late.start()
        printed, _ = shell.communicate()
        late.cancel()
    assert shell.returncode == 0, printed
    assert not (tmp_path / "hub").stat().st_mode & 0o77
    assert '"status": "pending"' in printed
    assert " granted\n" in printed
    assert ": the log holds\n" in printed
    assert '"status": "executed"' in (tmp_path / "again").read_text()
