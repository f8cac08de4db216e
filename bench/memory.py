"""What a registry costs to build and to hold, in a process that does nothing else: `python -m bench.memory NUMBER`."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from bench.invented import registered
from bench.scanners.ours import Scanner, entries
from bench.worker import ROOT
from safety_core.match.matcher import Matcher
from safety_core.match.registry import Registry


def resident(pid: int | str = "self") -> float:
    """Return the MiB that a process and its children hold (VmRSS)."""
    status = Path(f"/proc/{pid}/status").read_text("utf-8")
    own = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:")) / 1024
    if pid == "self":
        return own
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text("utf-8").split()
    return own + sum(resident(int(child)) for child in children)


def built(number: int) -> dict[str, Any]:
    """Return seconds to build a registry of so many secrets, and by how much memory grew; patterns are there before."""
    text = json.dumps({"text": "plain words and nothing else " * 2000})
    empty = Scanner({})
    empty.scan(text.encode())
    known = entries(registered(number))
    gc.collect()
    before, started = resident(), time.process_time()
    registry = Registry(known)
    taken = time.process_time() - started
    empty.redactor = empty.redactor.with_matcher(Matcher(registry, empty.patterns))
    empty.scan(text.encode())
    gc.collect()
    return {"seconds": taken, "mib": resident() - before}


def asked(number: int, patience: float) -> dict[str, Any]:
    """Return the same from a fresh process, or why there is nothing."""
    order = [sys.executable, "-m", "bench.memory", str(number)]
    try:
        done = subprocess.run(order, cwd=ROOT, capture_output=True, text=True, timeout=patience, check=True)
    except subprocess.TimeoutExpired:
        return {"error": f"not built within {patience:.0f} s"}
    except subprocess.CalledProcessError as error:
        return {"error": (error.stderr.splitlines() or ["failed"])[-1][:200]}
    return dict(json.loads(done.stdout))


if __name__ == "__main__":
    sys.stdout.write(json.dumps(built(int(sys.argv[1]))))
