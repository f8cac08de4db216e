"""Makes the environments of the peers, apart from the project's, each peer by its own list of pinned versions.

Most share one. Whoever needs other versions of the same packages gets one of its own.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import venv
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from bench.worker import ROOT

HOME: Final = ROOT / ".cache" / "bench-peers"
PYTHON: Final = HOME / "bin" / "python"
LOCKS: Final = Path(__file__).parent / "locks"


ONLY: Final = ("--no-deps", "--only-binary", ":all:", "--retries", "2", "--timeout", "15")
PATIENCE: Final = 240.0
"""Seconds for the installation of one peer."""

SHARED: Final = ("corpus", "plots", "kingfisher", "betterleaks", "detect-secrets", "content-filter", "presidio")
APART: Final = ("litellm-proxy", "mitmproxy", "hol-guard", "agent-governance-toolkit", "ctrlrun")
"""Locks of those that have an environment for themselves."""


def install_all() -> dict[str, str]:
    """Install every peer before anything is measured, several at the same time; return who cannot be, and why."""
    lanes = [[(name, PYTHON) for name in SHARED], *([(name, apart(name))] for name in APART)]
    with ThreadPoolExecutor(3) as pool:
        done = pool.map(lambda lane: [(name, install(name, python)) for name, python in lane], lanes)
        return {name: reason for lane in done for name, reason in lane if reason}


def apart(name: str) -> Path:
    """Return the Python of an environment that a peer has for itself."""
    return HOME / f"for-{name}" / "bin" / "python"


def install(name: str, python: Path | None = None) -> str:
    """Install what `locks/NAME.txt` pins; return why it could not be, or nothing.

    Only wheels, and nothing that a wheel asks for beyond the list: what is not pinned does not come.

    Args:
        python: of the environment to install into; None is the one that peers share.
    """
    python = python or PYTHON
    lock = LOCKS / f"{name}.txt"
    mark = HOME / f"{name}.ready"
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    if python.exists() and mark.is_file() and mark.read_text() == digest:
        return ""
    pip = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", *ONLY, "-r", str(lock)]
    try:
        if not python.exists():
            venv.create(python.parents[1], with_pip=True)
        done = subprocess.run(pip, capture_output=True, text=True, check=False, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        return f"not installed within {PATIENCE:.0f} s"
    except (OSError, subprocess.CalledProcessError) as error:
        return f"no environment for it: {error}"[:200]
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if "ERROR" in line]
        return str((errors or done.stderr.splitlines() or ["pip failed"])[-1]).removeprefix("ERROR: ")[:200]
    mark.write_text(digest)
    return ""


def package(name: str) -> str:
    """Return the package and version that a lock is for: its first line."""
    return (LOCKS / f"{name}.txt").read_text("utf-8").splitlines()[0].removeprefix("# ")


def folder() -> Path:
    """Return where the environment's packages lie."""
    return HOME / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
