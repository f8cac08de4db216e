"""A process that speaks to chat services through `apprise`, and does nothing else.

Run as a file, with one JSON line of {"url", "title", "body", "private", "check"} in for each line of {"ok", "reason"}
out. apprise has plug-ins for everything, among them some for this machine, and the URLs are written by people at a web
page; some of them send a file of this machine along that the URL names. So once it is loaded, an audit hook refuses,
for the rest of this process's life, connections to addresses that are not public, other programs, writing files, and
reading any that is no part of Python. A child also gives its 58 MB back when it ends.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from pathlib import Path
from typing import Any, Final

from safety_core.edge.addresses import is_public

REFUSED: Final = (
    "ctypes.",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "os.remove",
    "os.rename",
    "os.spawn",
    "os.symlink",
    "os.system",
    "pty.",
    "shutil.",
    "socket.bind",
    "subprocess.",
    "syslog.",
    "webbrowser.",
)
"""Beginnings of audit events (PEP 578) of what sending a message does not need."""

_READABLE: Final = frozenset(Path(place).resolve() for place in (str(Path(os.__file__).parent), *sys.path) if place)
"""The standard library, and where packages lie."""

_WRITING: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC


class _RefusedError(PermissionError):
    """The hook said no."""


def guard(private: bool) -> None:
    """Shut this process in; there is no way back. `private`: the settings allow addresses inside."""

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event.startswith(REFUSED):
            raise _RefusedError(event)
        if event in {"socket.connect", "socket.sendto", "socket.sendmsg"} and not _may_reach(arguments[1], private):
            raise _RefusedError("an address that is not public")
        if event == "open" and (_writes(arguments) or not _ours(arguments[0])):
            raise _RefusedError("a file")

    sys.addaudithook(hook)


def _may_reach(address: Any, private: bool) -> bool:
    if address is None:
        return True  # on a connection that was checked
    if not isinstance(address, tuple):
        return False  # a UNIX socket
    return private or is_public(str(address[0]))


def _ours(path: Any) -> bool:
    """Tell whether a file is part of Python or its packages (certificates among them); a number is open already."""
    return isinstance(path, int) or not _READABLE.isdisjoint(Path(os.fsdecode(path)).resolve().parents)


def _writes(arguments: tuple[Any, ...]) -> bool:
    _path, mode, flags = arguments
    return bool(mode and set(mode) & set("wax+")) or bool(isinstance(flags, int) and flags & _WRITING)


def told(apprise: Any, asked: dict[str, Any]) -> dict[str, Any]:
    """Carry out one line."""
    service = apprise.Apprise.instantiate(asked["url"], suppress_exceptions=True)
    if service is None:
        return {"ok": False, "reason": "is not an apprise URL"}
    if asked.get("check"):
        return {"ok": True, "reason": str(service.service_name)}
    sender = apprise.Apprise()
    sender.add(service)
    sent = sender.notify(body=asked["body"], title=asked["title"], body_format=apprise.NotifyFormat.TEXT)
    return {"ok": bool(sent), "reason": "" if sent else "the service did not take the message"}


def main() -> None:
    """Answer lines until there are no more."""
    import apprise

    logging.disable(logging.CRITICAL)  # apprise logs URLs, which hold people's keys
    apprise.Apprise.instantiate("json://localhost")  # loads all plug-ins, while files may still be opened
    first = True
    for line in sys.stdin:
        asked = json.loads(line)
        if first:
            guard(bool(asked["private"]))
            first = False
        sys.stdout.write(json.dumps(told(apprise, asked)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
