"""policies/README.md works as it is written: every block is typed into one shell, in order, and says what it shows."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from safety_core.edge.shipped import shipped_folder

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "policies/README.md"
BLOCK = re.compile(r"```sh\n(.*?)```(?:\n\n```text\n(.*?)```)?", re.DOTALL)
MARK = "-- the next block --"


def test_the_guide_works_as_it_is_written(tmp_path: Path) -> None:
    blocks = BLOCK.findall(PAGE.read_text())
    assert len(blocks) == 7
    script = "set -eu\n" + "".join(f"{typed}echo '{MARK}'\n" for typed, _ in blocks)
    program = tmp_path / "bin/safety"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m safety_core.cli "$@"\n')
    program.chmod(0o755)
    base = tmp_path / "base"  # without the patterns of secrets, which this page does not need and which cost seconds
    shutil.copytree(shipped_folder(), base, ignore=shutil.ignore_patterns("patterns"))
    environ = {
        "PATH": f"{program.parent}:/usr/bin:/bin",
        "POLICIES": str(base),
        "HOME": str(tmp_path),
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr
    for (_, shown), printed in zip(blocks, done.stdout.split(MARK), strict=False):
        for line in shown.splitlines():
            assert line in printed, f"{line!r} is not in:\n{printed}"
