"""Listening sockets, made so that nobody else can use them or be robbed of theirs."""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import socket
import stat
from collections.abc import Generator
from pathlib import Path
from typing import Final

from safety_core.errors import InputError

FILES: Final = 8192
"""Descriptors that the edge wants: every listener may be full, each connection have one to a provider, and there must
be some left for its stores. A process begins with 1024 where nobody says otherwise."""


def allow_files() -> None:
    """Have as many descriptors as the system grants, up to `FILES`."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


@contextlib.contextmanager
def unix_listener(path: Path) -> Generator[socket.socket, None, None]:
    """Yield what `listen_unix` returns; afterwards the file is gone, unless it is somebody else's by then."""
    listener = listen_unix(path)
    mine = path.lstat().st_ino
    try:
        yield listener
    finally:
        listener.close()
        with contextlib.suppress(OSError):
            if path.lstat().st_ino == mine:
                path.unlink()


def listen_unix(path: Path) -> socket.socket:
    """Return a socket listening at `path`, readable and writable by this user alone from its first moment.

    A socket file that nobody answers is a leftover and is replaced. Anything else at `path` is left alone.

    Raises:
        InputError: another edge answers there, or what lies there is no socket, or the folder is missing.
    """
    _clear(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listener.bind(str(path))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise InputError(
            f"control socket {path}", f"cannot be made ({error.strerror})", "choose a folder this user can write to"
        ) from error
    finally:
        os.umask(before)
    listener.setblocking(False)
    return listener


def _clear(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    except OSError as error:
        raise InputError(f"control socket {path}", f"cannot be looked at ({error.strerror})") from error
    if not stat.S_ISSOCK(mode):
        raise InputError(
            f"control socket {path}", "something that is not a socket lies there", "move it away or choose another path"
        )
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(2.0)
        try:
            probe.connect(str(path))
        except OSError as error:
            if error.errno != errno.ECONNREFUSED:
                raise InputError(f"control socket {path}", f"its owner cannot be asked ({error})") from error
        else:
            raise InputError(f"control socket {path}", "another edge answers there", "stop it, or choose another path")
    path.unlink()


def listen_tcp(host: str, port: int) -> socket.socket:
    """Return a socket listening at `host`:`port`; port 0 chooses a free one.

    Raises:
        InputError: the address is taken or is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(512)
    except OSError as error:
        listener.close()
        raise InputError(
            f"address {host}:{port}", f"cannot be listened on ({error.strerror})", "choose another port, or 0"
        ) from error
    listener.setblocking(False)
    return listener
