"""What `safety doctor` found when it tried to get out, as words of closed lists (doctor -> edge -> hub).

POST /v1/posture   {"at", "uid", "results": {CHECK: "blocked" | "open" | "unknown"}}

No text of anybody's can stand in it: a check and a result are words of this module, the rest are numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from safety_core.canonical import Json, JsonObject
from safety_core.errors import InputError
from safety_core.wire.reader import Reader

FRESH_SECONDS: Final = 24 * 3600
"""How long a posture is told as it is; an older one is stale: whatever it says, nobody has looked since."""

UIDS: Final = 2**32 - 1


class Check(StrEnum):
    """What is tried, as the agent's user."""

    DNS_UDP = "dns_udp"
    DNS_TCP = "dns_tcp"
    DNS_TLS = "dns_tls"
    DNS_LOCAL = "dns_local"
    DNS_TUNNEL = "dns_tunnel"
    DNS_SOCKET = "dns_socket"
    UDP_443 = "udp_443"
    TCP_443 = "tcp_443"
    TCP_80 = "tcp_80"
    TCP_22 = "tcp_22"
    TCP_25 = "tcp_25"
    HTTP = "http"
    WEBSOCKET = "websocket"
    IPV6_TCP = "ipv6_tcp"
    IPV6_UDP = "ipv6_udp"
    ICMP = "icmp"
    RAW_SOCKET = "raw_socket"
    METADATA = "metadata"
    LOOPBACK = "loopback"
    CONTAINER_SOCKET = "container_socket"
    PROC_ENVIRON = "proc_environ"
    PROC_MEMORY = "proc_memory"
    PTRACE = "ptrace"
    VAULT_FILES = "vault_files"
    CONTROL_SOCKET = "control_socket"
    EDGE_TOKEN = "edge_token"  # noqa: S105 - a name
    KEYS_ENVIRON = "keys_environ"
    KEYS_CONFIG = "keys_config"
    ROOT = "root"


class Result(StrEnum):
    """What came of a check. `UNKNOWN`: it proves nothing either way."""

    BLOCKED = "blocked"
    OPEN = "open"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Posture:
    """One run of the doctor.

    Attributes:
        at: seconds since the epoch, whole.
        uid: the user as whom it was tried.
    """

    at: int
    uid: int
    results: Mapping[Check, Result]

    def named(self, result: Result) -> tuple[Check, ...]:
        """Return the checks with this result, in the order of `Check`."""
        return tuple(check for check in Check if self.results.get(check) is result)

    def stale(self, now: float) -> bool:
        """Tell whether nobody has looked for too long."""
        return now - self.at > FRESH_SECONDS

    def to_json(self) -> JsonObject:
        """Return the form on the wire."""
        results: dict[str, Json] = {check.value: result.value for check, result in self.results.items()}
        return {"at": self.at, "uid": self.uid, "results": results}


def posture_from_json(body: Reader) -> Posture:
    """Return the posture that `body` holds, or raise InputError naming the field, never what stood in it."""
    results = body.object("results")
    found = {check: _result(results, check) for check in Check if results.has(check.value)}
    posture = Posture(body.integer("at"), body.integer("uid", maximum=UIDS), found)
    results.done()
    body.done()
    return posture


def newer_posture(body: Reader) -> tuple[Posture, int]:
    """Return what is understood of the posture that a newer edge may have sent, and how many checks, results and fields
    were passed over. Raises InputError naming the field."""
    results = body.object("results")
    words = {check: _word(results, check) for check in Check if results.has(check.value)}
    found = {check: result for check, result in words.items() if result is not None}
    posture = Posture(body.integer("at"), body.integer("uid", maximum=UIDS), found)
    return posture, len(words) - len(found) + results.unread() + body.unread()


def _result(results: Reader, check: Check) -> Result:
    result = _word(results, check)
    if result is None:
        words = ", ".join(result.value for result in Result)
        raise InputError(f"{results.path}.{check.value}", f"must be one of {words}")
    return result


def _word(results: Reader, check: Check) -> Result | None:
    text = results.text(check.value, limit=16)
    return next((result for result in Result if result.value == text), None)


def posture_from(raw: bytes) -> Posture:
    """Return the posture in the body of POST /v1/posture, or raise InputError naming the field."""
    return posture_from_json(Reader.parse(raw, "posture"))


def told(posture: Posture, now: float) -> str:
    """Return a posture as one line: "contained (28 blocked), tried as uid 1001 5 min ago"."""
    blocked, opened, unknown = (posture.named(result) for result in Result)
    counted = f"{len(blocked)} blocked" + (f", {len(unknown)} unknown" if unknown else "")
    state = f"open: {', '.join(opened)}" if opened else "contained" if blocked else "nothing proved"
    state += f" ({counted})"
    age = max(0.0, now - posture.at)
    ago = f"{age / 60:.0f} min" if age < 7200 else f"{age / 3600:.0f} h"
    stale = "stale, run safety doctor again: " if posture.stale(now) else ""
    return f"{stale}{state}, tried as uid {posture.uid} {ago} ago"
