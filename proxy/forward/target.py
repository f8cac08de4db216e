"""Where a request wants to go: "host:port" of CONNECT, or an http:// URL. Names only, in one spelling."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final

from safety_core.edge.http.head import TARGET_BYTES, BadRequestError

_AUTHORITY: Final = re.compile(rb"([A-Za-z0-9._:\[\]-]{1,255}?):([0-9]{1,5})")
_ABSOLUTE: Final = re.compile(rb"(?i:http)://([^/?#@\\]{1,262})([/?][!\"$-~]*+)?")
_NAME: Final = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*")
"""No empty label: with a dot at its end, a name is the same to DNS and another one to whoever compares."""
_FIX: Final = "write host:port"


@dataclass(frozen=True, slots=True)
class Target:
    """A host in lower case, without brackets, and a TCP port. `spelled`: the host as the client wrote it."""

    host: str
    port: int
    spelled: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def literal(self) -> bool:
        """True for an address, in whichever way `inet_aton` reads one, rather than a name."""
        return _is_address(self.host) or bool(re.fullmatch(r"(0x[0-9a-f]*|[0-9]+)", self.host.rpartition(".")[2]))


def connect_target(raw: bytes) -> Target:
    """Return what CONNECT names. Raises BadRequestError."""
    found = _AUTHORITY.fullmatch(raw)
    if found is None:
        raise BadRequestError("the target of CONNECT", "is not host:port", _FIX)
    return _target(found[1], found[2])


def http_target(raw: bytes) -> tuple[Target, bytes]:
    """Return host and port of an http:// URL, and the path and query that follow. Raises BadRequestError."""
    found = _ABSOLUTE.fullmatch(raw) if len(raw) <= TARGET_BYTES else None
    if found is None:
        reason = "is no http:// URL that can be forwarded"
        raise BadRequestError("the request target", reason, "send http://host/path, and CONNECT for https://")
    host, colon, port = found[1].rpartition(b":")
    if not colon or found[1].endswith(b"]"):
        host, port = found[1], b"80"
    if not re.fullmatch(rb"[0-9]{1,5}", port):
        raise BadRequestError("the request target", "has no port that is a number", _FIX)
    path = found[2] or b"/"
    return _target(host, port), path if path.startswith(b"/") else b"/" + path


def _target(host: bytes, port: bytes) -> Target:
    name = host.decode("ascii", "replace").lower()
    if name.startswith("[") and name.endswith("]") and _is_address(name[1:-1]) and ":" in name:
        name = name[1:-1]
    elif len(name) > 253 or not _NAME.fullmatch(name):
        raise BadRequestError("the host", "is no name", _FIX)
    number = int(port)
    if not 0 < number < 65536:
        raise BadRequestError("the port", "does not lie in 1 to 65535", _FIX)
    return Target(name, number, host.decode("ascii", "replace"))


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def host_matches(header: bytes, target: Target, default: int) -> bool:
    """Tell whether a Host header names `target`; it may leave out the default port."""
    spelled = header.decode("ascii", "replace").strip().lower()
    return spelled == str(target) or (target.port == default and f"{spelled}:{default}" == str(target))
