"""What a run ran on and with: no names of hosts, people or folders."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

FLAGS: Final = ("sse4_2", "avx2", "avx512f", "avx512bw", "avx512vbmi", "avx512_vbmi2", "gfni", "asimd", "sve")
"""Instructions that scanning depends on."""

OURS: Final = ("safety-gateway", "hyperscan", "regex", "orjson")


def machine() -> dict[str, Any]:
    """Return processor, memory, system, Python and the versions of what scanning is built on."""
    info = _fields(Path("/proc/cpuinfo"))
    flags = (info.get("flags") or info.get("Features") or "").split()
    return {
        "processor": info.get("model name") or platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "instructions": [flag for flag in FLAGS if flag in flags],
        "memory": _fields(Path("/proc/meminfo")).get("MemTotal", ""),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {name: version(name) for name in OURS},
        "commit": _commit(),
    }


def _fields(path: Path) -> dict[str, str]:
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError:
        return {}
    return {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}


def _commit() -> str:
    order = ["git", "describe", "--always", "--dirty"]
    done = subprocess.run(order, capture_output=True, text=True, check=False, cwd=Path(__file__).parent)
    return done.stdout.strip()
