"""What is a finding, and that the fuzzer comes upon it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fuzz.corpora import ROOT
from fuzz.trial import Finding, Kind, Limits, loaded, trial

PLANTED = loaded("tests.fuzz.planted")
LIMITS = Limits(cpu=0.2, memory=32)


@pytest.mark.parametrize(
    ("raw", "kind"),
    [(b"crash", Kind.CRASH), (b"hang", Kind.HANG), (b"memory", Kind.MEMORY), (b"wrong", Kind.WRONG)],
)
def test_each_fault_is_found_and_named(raw: bytes, kind: Kind) -> None:
    with pytest.raises(Finding) as caught:
        trial(PLANTED.read, raw, LIMITS)
    assert caught.value.kind is kind


@pytest.mark.parametrize("raw", [b"{}", b"{", b"\xff", b"[" * 100])
def test_our_own_refusals_are_no_finding(raw: bytes) -> None:
    assert trial(PLANTED.read, raw, Limits(cpu=60)).peak_mib > 0


@pytest.mark.parametrize("kind", [Kind.CRASH, Kind.HANG, Kind.MEMORY])
def test_coverage_leads_to_a_planted_fault_which_can_be_replayed(tmp_path: Path, kind: Kind) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept/one").write_bytes(b"{}")
    environ = {**os.environ, "PLANTED": kind.value}
    command = [sys.executable, "-m", "fuzz.worker", "tests.fuzz.planted", "--work", str(tmp_path), "--seed", "1"]
    command += ["--kept", str(tmp_path / "kept"), "--seconds", "200", "--runs", "500000"]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    told = json.loads((tmp_path / "told.json").read_text())
    assert done.returncode == 1, done.stderr[-2000:]
    assert told["finding"].startswith(f"{kind}: ")
    command = [sys.executable, "-m", "fuzz", "--replay", "tests.fuzz.planted", told["reproducer"]]
    again = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert again.returncode == 1
    assert again.stdout.startswith(f"{kind}: ")
