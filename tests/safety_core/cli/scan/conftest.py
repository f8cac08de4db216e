"""A folder to scan, and the command as a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from safety_core.bundle.samples import invented

TOKEN = invented("ghp_{github}")
RANDOM = invented("{20 alnum}")
ROOT = Path(__file__).parents[4]

Scan = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory."""
    here = tmp_path / "shop"
    here.mkdir()
    monkeypatch.chdir(here)
    return here


@pytest.fixture
def safety_scan(folder: Path, safety_home: Path) -> Scan:
    """`safety scan` as a process in the working directory; no value may ever be in what it prints."""

    def scan(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "safety_core.cli", "scan", *arguments],
            cwd=folder,
            env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "COLUMNS": "80", "SAFETY_HOME": str(safety_home)},
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        for value in (TOKEN, RANDOM):
            assert value not in done.stdout + done.stderr
        return done

    return scan
