"""Makes the environments of the peers, apart from the project's, each peer by its own list of pinned versions.

Most share one. Whoever needs other versions of the same packages gets one of its own.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import venv
from pathlib import Path
from typing import Final

from bench.worker import ROOT

HOME: Final = ROOT / ".cache" / "bench-peers"
PYTHON: Final = HOME / "bin" / "python"
LOCKS: Final = Path(__file__).parent / "locks"


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
    if not python.exists():
        venv.create(python.parents[1], with_pip=True)
    pip = [
        str(python),
        "-m",
        "pip",
        "install",
        "-q",
        "--disable-pip-version-check",
        "--no-deps",
        "--only-binary",
        ":all:",
    ]
    done = subprocess.run([*pip, "-r", str(lock)], capture_output=True, text=True, check=False)
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
