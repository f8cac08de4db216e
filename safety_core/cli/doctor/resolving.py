"""Tries at this machine's own resolver that send no packet of ours, so that no firewall sees them.

systemd-resolved answers over a Unix socket that everybody may write to, and over D-Bus; nscd over another socket. Who
asks there has a tunnel through DNS, like one who asks port 53.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
from functools import partial
from pathlib import Path
from typing import Final

from safety_core.canonical import Json
from safety_core.cli.doctor.aim import Aim
from safety_core.cli.doctor.inward import unix_socket
from safety_core.cli.doctor.trial import Seen, Trial, failed, together

NSCD: Final = Path("/run/nscd/socket")

_ASKED: Final = frozenset({"io.systemd.Resolve.DNSError", "io.systemd.Resolve.NoSuchResourceRecord"})
"""Errors that a name server outside has given."""

_BUS: Final = ("busctl", "--system", "call")
_RESOLVE1: Final = ("org.freedesktop.resolve1", "/org/freedesktop/resolve1", "org.freedesktop.resolve1.Manager")


def by_socket(aim: Aim) -> Trial:
    """Ask systemd-resolved and nscd by their sockets, and systemd-resolved by D-Bus."""
    by_socket = partial(_resolved, aim.resolved, aim.domain)
    return together((by_socket, partial(unix_socket, NSCD), partial(_bus, aim)))


def _resolved(path: Path, name: str) -> Trial:
    asked = {"method": "io.systemd.Resolve.ResolveHostname", "parameters": {"name": name, "family": 2}}
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.connect(str(path))
            connection.sendall(json.dumps(asked).encode() + b"\0")
            said: Json = json.loads(connection.recv(65536).partition(b"\0")[0] or b"{}")
    except FileNotFoundError:
        return Trial(Seen.REFUSED, f"{path.name}: is not there")
    except OSError as error:
        trial = failed(error, str(path))
        return Trial(Seen.REFUSED, trial.detail) if trial.seen is Seen.RESET else trial
    except ValueError:
        return Trial(Seen.SILENT, str(path))
    trouble = said.get("error") if isinstance(said, dict) else None
    return Trial(Seen.ANSWERED if trouble is None or trouble in _ASKED else Seen.SILENT, str(path))


def _bus(aim: Aim) -> Trial:
    program = shutil.which(_BUS[0])
    if program is None:
        return Trial(Seen.REFUSED)
    command = (program, *_BUS[1:], *_RESOLVE1, "ResolveHostname", "isit", "0", aim.domain, "2", "0")
    try:
        done = subprocess.run(
            command, env={}, stdin=subprocess.DEVNULL, capture_output=True, timeout=aim.seconds, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return Trial(Seen.SILENT, "resolve1 on D-Bus")
    return Trial(Seen.REFUSED) if done.returncode else Trial(Seen.ANSWERED, "resolve1 on D-Bus")
