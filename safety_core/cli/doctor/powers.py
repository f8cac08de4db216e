"""What makes a user as good as root: then no rule and no permission holds."""

from __future__ import annotations

import grp
import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

from safety_core.cli.doctor.aim import Aim
from safety_core.cli.doctor.trial import Seen, Trial

GROUPS: Final = frozenset(
    {"root", "docker", "lxd", "incus", "incus-admin", "libvirt", "disk", "shadow", "sudo", "wheel"}
)
"""Who is in one of these starts containers or machines as root, reads the disk, or may become root."""

_SECONDS: Final = 5.0


def root(aim: Aim) -> Trial:
    """Look for what this process may do that only root should."""
    if os.geteuid() == 0:
        return Trial(Seen.ANSWERED, "is root")
    names = {_group(gid) for gid in {*os.getgroups(), os.getegid()}} & GROUPS
    found = [f"group {name}" for name in sorted(names)] + (["capabilities"] if _capable() else [])
    found += [aim.sudo] if aim.sudo else []
    return Trial(Seen.ANSWERED, ", ".join(found)) if found else Trial(Seen.REFUSED, f"uid {os.geteuid()}")


def _group(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return ""


def _capable() -> bool:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("CapEff:"):
            return int(line.split()[1], 16) != 0
    return False


def sudo(user: str | None) -> str:
    """Return what sudo lets a user do without a password, as far as it says so; "" for nothing. None: who asks."""
    if shutil.which("sudo") is None:
        return ""
    command = ["sudo", "-n", "-l", *(["-U", user] if user else [])]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return "sudo" if done.returncode == 0 and "may run the following" in done.stdout else ""
