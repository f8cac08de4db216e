"""A repository, and the command as a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from safety_core.bundle.samples import invented

RANDOM = invented("{20 alnum}")
ROOT = Path(__file__).parents[4]

Baseline = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A folder that git keeps, with one credential in it."""
    here = tmp_path / "shop"
    here.mkdir()
    subprocess.run(["git", "init", "-q", str(here)], check=True)
    (here / "compose.yml").write_text(f"services:\n  db:\n    environment:\n      POSTGRES_PASSWORD: {RANDOM}\n")
    (here / "README.md").write_text("the shop\n")
    return here


@pytest.fixture
def safety_baseline(repository: Path, safety_home: Path) -> Baseline:
    """`safety baseline` as a process in the repository; no value may ever be in what it prints."""

    def run(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "safety_core.cli", "baseline", *arguments],
            cwd=cwd or repository,
            env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "COLUMNS": "80", "SAFETY_HOME": str(safety_home)},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert RANDOM not in done.stdout + done.stderr
        return done

    return run
