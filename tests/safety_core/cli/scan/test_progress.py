"""A bar stands on a terminal, and only there."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

from safety_core.cli.scan.progress import bar
from tests.safety_core.cli.scan.conftest import ROOT, Scan


def test_no_terminal_no_bar(folder: Path, safety_scan: Scan) -> None:
    (folder / "a.txt").write_text("hello\n")
    assert safety_scan("a.txt").stderr == ""
    with bar(10) as advance:
        advance(10)


def on_a_terminal(home: Path, *arguments: str) -> str:
    """Run `safety scan` with standard error on a terminal of its own; return what was written there."""
    ours, theirs = pty.openpty()
    environ = {"PYTHONPATH": str(ROOT), "TERM": "xterm", "PATH": "/usr/bin:/bin", "SAFETY_HOME": str(home)}
    command = [sys.executable, "-m", "safety_core.cli", "scan", *arguments]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=theirs, env=environ):
        os.close(theirs)
        shown = b""
        try:
            while chunk := os.read(ours, 4096):
                shown += chunk
        except OSError:  # the other end is closed
            pass
    os.close(ours)
    return shown.decode()


def test_a_bar_on_a_terminal(folder: Path, safety_home: Path) -> None:
    (folder / "a.txt").write_text("hello\n")
    assert "scanning" in on_a_terminal(safety_home, "a.txt")
    assert on_a_terminal(safety_home, "--quiet", "a.txt") == ""
