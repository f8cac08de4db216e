"""A machine that lets no tenant live is told so at the start, with what helps."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def started(data: Path, *before: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "safety_core.cli", "demo-pool", "serve", "--data", str(data), "--port", "0"]
    return subprocess.run([*before, *command], capture_output=True, text=True, check=False, timeout=120)


def test_without_the_right_to_namespaces_nothing_is_started(tmp_path: Path) -> None:
    done = started(tmp_path / "pool", "setpriv", "--bounding-set", "-sys_admin")
    assert done.returncode == 1
    assert (
        "demo-pool: cannot work here: demo tenant: does not get namespaces of its own from this machine" in done.stderr
    )
    assert "Fix: run the pool as root" in done.stderr
    assert "Traceback" not in done.stderr
    assert [*(tmp_path / "pool/tenants").iterdir()] == []
