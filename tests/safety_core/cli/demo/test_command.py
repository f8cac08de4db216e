"""The demo comes out as it says; whoever ends it early finds nothing left of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGHUP], ids=["terminated", "terminal closed"])
def test_an_early_end_leaves_no_process_and_no_file(tmp_path: Path, sent: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "safety_core.cli", "demo"],
        env={**os.environ, "TMPDIR": str(tmp_path), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as demo:
        assert demo.stdout
        assert any(b"published to the hub" in line for line in demo.stdout)
        assert any(tmp_path.glob("safety-demo-*"))
        demo.send_signal(sent)
        assert demo.stdout.read().endswith(b"stopped\n")  # at its end only once every process of it has gone
        assert demo.wait() == 130
    assert not [*tmp_path.iterdir()]


def test_the_whole_story_comes_out_as_it_must() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "safety_core.cli", "demo"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert "Everything came out as it must" in done.stdout
