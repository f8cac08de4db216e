"""What a pool is told: one frozen object, checked at start."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from safety_core.errors import InputError

ORIGIN: Final = re.compile(r"https://[a-z0-9.-]+(:[0-9]{1,5})?|http://localhost(:[0-9]{1,5})?")
"""Passkeys work on https, and on http at localhost and the names below it (Secure Contexts, 3.1)."""

HOURS: Final = 24
TENANTS: Final = 256


@dataclass(frozen=True, slots=True)
class Settings:
    """The pool's settings.

    Attributes:
        data: folder of its records and the snapshot.
        host, port: where it listens; port 0 means any free one. TLS is the business of a proxy in front.
        public_url: where browsers find it; each tenant has a name below it. Empty: http://localhost and the port.
        tenants: how many there may be, those that wait included.
        warm: how many wait for a visitor.
        seconds: how long a visitor has theirs.
        per_address: tenants of one network address at a time, and three times as many in an hour.
        megabytes: memory of a tenant, its files included.
        processes: of a tenant.
    """

    data: Path
    host: str = "127.0.0.1"
    port: int = 8300
    public_url: str = ""
    tenants: int = 4
    warm: int = 1
    seconds: float = 2 * 3600
    per_address: int = 2
    megabytes: int = 1024
    processes: int = 256

    def __post_init__(self) -> None:
        _require(0 <= self.port < 65536, "port", "must lie in 0 to 65535")
        _require(
            not self.public_url or bool(ORIGIN.fullmatch(self.public_url)),
            "public-url",
            "must be https://host, or http://localhost:port",
        )
        _require(0 < self.tenants <= TENANTS, "tenants", f"must lie in 1 to {TENANTS}")
        _require(0 <= self.warm <= self.tenants, "warm", "must lie in 0 to the number of tenants")
        _require(0 < self.seconds <= HOURS * 3600, "hours", f"must be more than 0, and {HOURS} at most")
        _require(self.per_address > 0, "per-address", "must be positive")
        _require(self.megabytes >= 768, "memory", "must be 768 at least: a hub and an edge take half of it")
        _require(self.processes >= 64, "processes", "must be 64 at least")


@dataclass(frozen=True, slots=True)
class Address:
    """Where browsers find the pool and its tenants."""

    origin: str

    @property
    def host(self) -> str:
        """The pool's host, with its port where browsers say it."""
        return urlsplit(self.origin).netloc

    @property
    def secure(self) -> bool:
        """Tell whether it is reached by https."""
        return self.origin.startswith("https:")

    def of(self, name: str) -> str:
        """Return the origin of a tenant's own pages."""
        scheme, _, host = self.origin.partition("://")
        return f"{scheme}://{name}.{host}"

    def tenant_at(self, host: str) -> str:
        """Return the name of the tenant that a Host header means; empty for the pool's own pages and any other host."""
        name, dot, rest = host.lower().partition(".")
        return name if dot and rest == self.host else ""


def _require(holds: bool, name: str, reason: str) -> None:
    if not holds:
        raise InputError(f"demo-pool {name}", reason)
