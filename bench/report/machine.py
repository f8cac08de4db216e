"""What a run ran on and with: no names of hosts, people or folders."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

FLAGS: Final = ("sse4_2", "avx2", "avx512f", "avx512bw", "avx512vbmi", "avx512_vbmi2", "gfni", "asimd", "sve")
"""Instructions that scanning depends on."""

PROGRAMS: Final = {
    "wrk": ("wrk", "-v"),
    "nginx": ("nginx", "-v"),
    "PostgreSQL": ("postgres", "--version"),
    "Chromium": ("chromium", "--version"),
}
"""Programs that ask, are compared with or store, and how each tells its version."""

OURS: Final = ("safety-gateway", "hyperscan", "regex", "orjson")


def machine() -> dict[str, Any]:
    """Return processor, memory, system, Python and the versions of what scanning is built on."""
    info = _fields(Path("/proc/cpuinfo"))
    flags = (info.get("flags") or info.get("Features") or "").split()
    return {
        "processor": info.get("model name") or platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "instructions": [flag for flag in FLAGS if flag in flags],
        "memory": _memory(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {name: version(name) for name in OURS},
        "programs": {name: found for name, order in PROGRAMS.items() if (found := _said(order))},
    }


def _said(order: tuple[str, ...]) -> str:
    """Return the first number with a dot that a program says of itself, nothing where it is not here."""
    program = shutil.which(order[0], path=f"{os.environ.get('PATH', '')}:/usr/sbin:{_postgres()}")
    if program is None:
        return ""
    try:
        done = subprocess.run([program, *order[1:]], capture_output=True, text=True, check=False, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    found = re.search(r"\d+\.\d[\w.]*", done.stdout + done.stderr)
    return found[0] if found else ""


def _postgres() -> str:
    return ":".join(str(path) for path in Path("/usr/lib/postgresql").glob("*/bin"))


def _fields(path: Path) -> dict[str, str]:
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError:
        return {}
    return {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}


def _memory() -> str:
    kilobytes = _fields(Path("/proc/meminfo")).get("MemTotal", "").removesuffix(" kB")
    return f"{int(kilobytes) / 1024**2:.0f} GiB of memory" if kilobytes else "memory unknown"
