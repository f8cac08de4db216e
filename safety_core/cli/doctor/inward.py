"""Tries at this machine: the edge's process, files and sockets, and other services that may pass things on.

Nothing is read beyond whether it can be: a file is opened and closed, a process is attached to and let go at once.
"""

from __future__ import annotations

import ctypes
import os
import socket
from functools import partial
from pathlib import Path
from typing import Final

from safety_core.cli.doctor import outward
from safety_core.cli.doctor.aim import Aim
from safety_core.cli.doctor.ports import listening
from safety_core.cli.doctor.trial import Seen, Trial, failed, together, worst

_SEIZE: Final = 0x4206
"""PTRACE_SEIZE: attaches without stopping the process (linux/ptrace.h). It ends with the thread that did it."""

_NAMES: Final = frozenset({53, 853, 5353, 5355})
"""Resolvers have checks of their own."""

NOT_THERE: Final = Trial(Seen.UNTRIED, "the edge's process was not found: is it running?")


def _opens(path: Path) -> Trial:
    try:
        with path.open("rb", buffering=0):
            return Trial(Seen.ANSWERED, str(path))
    except FileNotFoundError:
        return Trial(Seen.UNTRIED, f"{path}: is not there")
    except OSError as error:
        return failed(error, str(path))


def environ(aim: Aim) -> Trial:
    """Try to open the environments of the edge's processes."""
    return _processes(aim, "environ")


def memory(aim: Aim) -> Trial:
    """Try to open the memory of the edge's processes."""
    return _processes(aim, "mem")


def _processes(aim: Aim, name: str) -> Trial:
    tried = [_opens(Path(f"/proc/{pid}/{name}")) for pid in aim.pids]
    return worst(tried) if any(trial.seen is not Seen.UNTRIED for trial in tried) else NOT_THERE


def ptrace(aim: Aim) -> Trial:
    """Try to attach to the edge's process as a debugger does."""
    if not aim.pids:
        return NOT_THERE
    library = ctypes.CDLL(None, use_errno=True)
    library.ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)
    library.ptrace.restype = ctypes.c_long
    if library.ptrace(_SEIZE, aim.pids[0], None, None) == 0:
        return Trial(Seen.ANSWERED, f"process {aim.pids[0]}")
    number = ctypes.get_errno()
    return failed(OSError(number, os.strerror(number)), f"process {aim.pids[0]}")


def files(aim: Aim) -> Trial:
    """Try to open what only the edge may read."""
    tried = worst(_opens(path) for path in aim.files)
    return tried if tried.seen is not Seen.UNTRIED else Trial(Seen.UNTRIED, "no file of an edge was found there")


def control_socket(aim: Aim) -> Trial:
    """Try to speak on the edge's control socket: who can may halt agents and announce turns."""
    return unix_socket(aim.socket)


def containers(aim: Aim) -> Trial:
    """Try the sockets of programs that run containers as root."""
    there = [path for path in map(Path, aim.containers) if _seen(path)]
    return worst(map(unix_socket, there)) if there else Trial(Seen.REFUSED, "none is there")


def _seen(path: Path) -> bool:
    """Tell whether a file is there, for whoever may look: who may not enter its folder cannot connect to it either."""
    try:
        return path.exists()
    except PermissionError:
        return False


def unix_socket(path: Path) -> Trial:
    """Try to connect to a Unix socket."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.connect(str(path))
            return Trial(Seen.ANSWERED, str(path))
    except FileNotFoundError:
        return Trial(Seen.REFUSED, f"{path}: is not there")
    except ConnectionRefusedError:
        return Trial(Seen.REFUSED, f"{path}: nobody listens")
    except OSError as error:
        return failed(error, str(path))


def loopback(aim: Aim) -> Trial:
    """Try every port of this machine on which somebody listens, but for the edge's and those that are expected."""
    ports = listening("tcp", aim.expected | _NAMES | {aim.egress[1]})
    if not ports:
        return Trial(Seen.REFUSED, "there is no other service")
    return together(partial(_service, host, port) for host, port in ports)


def _service(host: str, port: int) -> Trial:
    trial = outward.connects(host, port)
    return Trial(Seen.REFUSED, f"{trial.detail}: is gone") if trial.seen is Seen.RESET else trial


def edge_token(aim: Aim) -> Trial:
    """Ask the edge for a model without a token: it must be there, and refuse."""
    host, port = aim.egress
    heads = ("POST /v1/chat/completions HTTP/1.1", f"Host: {host}", "Content-Length: 2", "Connection: close", "", "{}")
    try:
        with outward.reach(host, port) as connection:
            connection.sendall("\r\n".join(heads).encode())
            said = connection.recv(4096)
    except OSError as error:
        return Trial(Seen.UNTRIED, f"the edge is not reached at {host} port {port}: {error.strerror or 'no answer'}")
    status = said[9:12].decode("latin-1")
    refused = said.startswith(b"HTTP/1.") and status in {"401", "404"}
    return Trial(Seen.REFUSED if refused else Seen.ANSWERED, f"{host} port {port} answers {status}")


def raw_socket(aim: Aim) -> Trial:
    """Try to make sockets that send any packet, past the rules for a user's own."""
    return worst((_makes(socket.AF_INET, "a raw socket"), _makes(socket.AF_PACKET, "a packet socket")))


def _makes(family: int, what: str) -> Trial:
    try:
        with socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW if family == socket.AF_INET else 0):
            return Trial(Seen.ANSWERED, what)
    except OSError as error:
        return failed(error, what)
