"""TLS contexts for the hosts that are intercepted: made on demand from the local CA, kept in memory, renewed before
they end."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from safety_core.edge.local_ca import LocalCa

MOST: Final = 256
"""Contexts in memory, some 30 KiB each."""


@dataclass(frozen=True, slots=True)
class _Kept:
    context: ssl.SSLContext
    serial: int
    until: float


class Leaves:
    """Args:
    opened: returns the local CA as it lies on the disk now, or raises a SafetyError.
    now: seconds since the epoch.
    """

    def __init__(self, opened: Callable[[], LocalCa], now: Callable[[], float]) -> None:
        self._opened = opened
        self._now = now
        self._kept: dict[str, _Kept] = {}

    def context(self, host: str) -> ssl.SSLContext:
        """Return the context that ends TLS for `host`, and refuses a client that asks for another one.

        Raises:
            SafetyError: there is no CA, it has expired, or it is not made for this host.
        """
        authority, now = self._opened(), self._now()
        kept = self._kept.pop(host, None)
        if kept is None or kept.serial != authority.serial or now >= kept.until:
            leaf = authority.leaf(host, now)
            kept = _Kept(_context(host, leaf.pem), authority.serial, leaf.renew)
        self._kept[host] = kept
        while len(self._kept) > MOST:
            del self._kept[next(iter(self._kept))]
        return kept.context


def _context(host: str, pem: bytes) -> ssl.SSLContext:
    from safety_core.edge.local_ca import load_chain

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    load_chain(context, pem)

    def same(_: ssl.SSLObject, name: str | None, __: ssl.SSLContext) -> int | None:
        """Hold the client to the host that it asked CONNECT for."""
        return None if name is not None and name.lower() == host else ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME

    context.sni_callback = same
    return context
