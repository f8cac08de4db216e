"""A short soak with real processes: each kind of fault once, and the reader finds nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from soak.faults import FAULTS

ROOT = Path(__file__).parents[2]
SEED = "7"


@pytest.mark.timeout(900)
def test_each_fault_once_and_the_reader_finds_nothing() -> None:
    order = [sys.executable, "-m", "soak", "--minutes", "0", "--seed", SEED, "--json"]
    done = subprocess.run(order, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr[-4000:]
    found: dict[str, Any] = json.loads(done.stdout)
    told = json.dumps({"load": found["load"], "findings": found["findings"]}, indent=1) + done.stderr[-2000:]
    assert done.returncode == 0, told
    assert found["findings"] == []
    assert set(found["faults"]) == set(FAULTS)
    assert found["read"]["acts in the world"] > 20
    assert found["read"]["grants that were used"] > 2
    assert found["read"]["of these in the books as stated"] > 20
    assert found["read"]["starts on a broken file"] == 2
