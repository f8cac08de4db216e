"""A machine of its own, in namespaces of the kernel: nothing of a run leaves it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final, NoReturn

from bench.agent_egress.names import INSIDE, WORLD

INSIDE_NAME: Final = "SAFETY_BENCH_EGRESS_INSIDE"
"""Set for the process that runs inside."""


class MachineError(Exception):
    """It cannot be made; its text says why and what to do."""


def inside() -> bool:
    """Tell whether this process is in the machine."""
    return INSIDE_NAME in os.environ


def enter(arguments: list[str]) -> NoReturn:
    """Start again in the machine. Raises MachineError."""
    program = shutil.which("unshare")
    if program is None or shutil.which("ip") is None:
        raise MachineError("unshare and ip are needed: apt-get install util-linux iproute2")
    way = ["-n", "-m"] if os.geteuid() == 0 else ["-U", "-r", "-n", "-m"]
    os.environ[INSIDE_NAME] = "1"
    os.execv(program, [program, *way, sys.executable, "-m", "bench.agent_egress", *arguments])


def set_up(folder: Path) -> None:
    """Give the machine its addresses and its resolver. Raises MachineError."""
    (folder / "resolv.conf").write_text(f"nameserver {INSIDE}\noptions timeout:5\n")
    (folder / "hosts").write_text(f"{INSIDE} localhost\n")
    _done("ip", "link", "set", "lo", "up")
    _done("ip", "address", "add", f"{WORLD}/32", "dev", "lo")
    for name in ("resolv.conf", "hosts"):
        _done("mount", "--bind", str(folder / name), os.path.realpath(f"/etc/{name}"))


def _done(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise MachineError(f"{' '.join(command)}: {done.stderr.strip()}: run it as root, or allow user namespaces")
