"""The file with the rules and the systemd unit that loads it, so that they are there after a reboot.

The unit loads before the network is up: there is no moment in which the agent could leave. It is no part of
/etc/nftables.conf: that one begins with `flush ruleset` on most machines, and whoever edits it would lift the
containment without noticing. It is loaded after nftables.service, and again whenever that one is restarted.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from safety_core.edge.files import read_input, replace_file
from safety_core.errors import UnavailableError

UNIT: Final = "safety-contain.service"
SECONDS: Final = 60.0

_UNIT: Final = """\
[Unit]
Description=Safety Gateway containment: only the edge's user leaves this machine
Documentation=man:nft(8)
DefaultDependencies=no
Before=network-pre.target shutdown.target
Wants=network-pre.target
After=nftables.service
PartOf=nftables.service
ReloadPropagatedFrom=nftables.service
Conflicts=shutdown.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart={nft} -f {rules}
ExecReload={nft} -f {rules}

[Install]
WantedBy=sysinit.target nftables.service
"""


@dataclass(frozen=True, slots=True)
class Boot:
    """Where the rules and the unit lie. `root`: the folder that stands for /; systemd is told of the real one only."""

    root: Path

    @property
    def rules(self) -> Path:
        """The ruleset."""
        return self.root / "etc/safety/contain.nft"

    @property
    def unit(self) -> Path:
        """The unit."""
        return self.root / "etc/systemd/system" / UNIT

    @property
    def real(self) -> bool:
        """True where this is the machine's own folder, and systemd runs it."""
        return self.root == Path("/") and Path("/run/systemd/system").is_dir()

    def write(self, text: str) -> None:
        """Write both files; only root may change them. Raises UnavailableError."""
        unit = _UNIT.format(nft=shutil.which("nft") or "/usr/sbin/nft", rules=self.rules)
        for path, content in ((self.rules, text), (self.unit, unit)):
            path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            replace_file(path, content.encode(), lambda descriptor: os.fchmod(descriptor, 0o644))

    def enable(self) -> bool:
        """Have systemd load the rules at every boot; return False where there is none. Raises UnavailableError."""
        if not self.real:
            return False
        _systemctl("daemon-reload")
        _systemctl("enable", "--now", UNIT)
        return True

    def remove(self) -> None:
        """Take both files away. Raises UnavailableError."""
        if self.real and self.unit.exists():
            _systemctl("disable", "--now", UNIT)
        self.unit.unlink(missing_ok=True)
        self.rules.unlink(missing_ok=True)
        if self.real:
            _systemctl("daemon-reload")

    def text(self) -> str | None:
        """Return the rules that will be loaded at the next boot, or None."""
        return read_input(self.rules).decode("utf-8", "replace") if self.rules.is_file() else None


def _systemctl(*arguments: str) -> None:
    try:
        done = subprocess.run(["systemctl", *arguments], capture_output=True, text=True, timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UnavailableError("systemctl", f"could not be run ({type(error).__name__})") from error
    if done.returncode:
        said = (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[0]
        raise UnavailableError(f"systemctl {arguments[0]}", said, f"see systemctl status {UNIT}")
