"""What is configured: one frozen object from a TOML file and the environment, checked at start.

The environment wins over the file: `SAFETY_HUB_DATA`, `SAFETY_HUB_DATABASE` ... are the fields below in capitals.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from safety_core.edge.files import read_toml
from safety_core.errors import InputError

PREFIX: Final = "SAFETY_HUB_"
CONFIG: Final = PREFIX + "CONFIG"
"""Names the TOML file; no setting itself."""


ORIGIN: Final = re.compile(r"(https://[a-z0-9.-]+(:[0-9]{1,5})?|http://([a-z0-9-]+\.)*localhost(:[0-9]{1,5})?)/?")
"""Passkeys work on https, and else at localhost and the names below it alone (Secure Contexts, 3.1)."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The hub's settings.

    Attributes:
        data: folder of keys, repositories and the default database.
        database: URL of SQLite or PostgreSQL; empty for SQLite in `data`.
        host, port: where to listen; port 0 means any free one. TLS is the business of a proxy in front.
        url: where people's browsers find the console ("https://hub.example"); empty for http://localhost and the port.
        name: under which name audit checkpoints are cosigned, a host name.
        max_pending: open questions per tenant, past which new ones are refused (approval flooding).
        agent_pending, agent_hourly: open questions of one agent, and those that it put within an hour.
        stripe_key_file: file (0600) with Stripe's restricted key; empty: usage is not exported.
        stripe_meters: which totals are exported under which event name ("cost=safety_cost requests=safety_requests").
        stripe_url: another address of Stripe's API, for tests.
        smtp: mail server ("smtps://user:password@mail.example:465", "smtp://..." with STARTTLS); empty for no e-mail.
        mail_from: the sender's address.
        oidc_issuer: the team's OpenID provider ("https://id.example"); empty: people sign in with passkeys only.
        oidc_client: as what the hub is registered there.
        oidc_secret_file: file (0600) with the client's secret.
        oidc_name: what the button says that one signs in with.
        private_addresses: 1 lets webhooks, push services and chat services lie in the hub's own network.
    """

    data: Path
    database: str = ""
    host: str = "127.0.0.1"
    port: int = 8200
    url: str = ""
    name: str = "safety-hub"
    max_pending: int = 1000
    agent_pending: int = 100
    agent_hourly: int = 300
    stripe_key_file: str = ""
    stripe_meters: str = "cost=safety_cost"
    stripe_url: str = ""
    smtp: str = field(default="", repr=False)
    mail_from: str = ""
    oidc_issuer: str = ""
    oidc_client: str = ""
    oidc_secret_file: str = ""
    oidc_name: str = ""
    private_addresses: int = 0

    def __post_init__(self) -> None:
        _require(0 <= self.port < 65536, "port", "must lie in 0 to 65535")
        _require(
            not self.url or bool(ORIGIN.fullmatch(self.url)), "url", "must be https://host, or http://localhost:port"
        )
        for name in ("max_pending", "agent_pending", "agent_hourly"):
            _require(getattr(self, name) > 0, name, "must be positive")
        _require(bool(self.name) and self.name.isascii() and "+" not in self.name, "name", "must be a host name")
        _require(not any(mark.isspace() for mark in self.name), "name", "must be a host name")
        _require(not self.smtp or bool(self.mail_from), "mail_from", "must be set where smtp is")
        _require(not self.oidc_issuer or bool(ORIGIN.match(self.oidc_issuer)), "oidc_issuer", "must be https://host")
        oidc = (self.oidc_issuer, self.oidc_client, self.oidc_secret_file, self.oidc_name)
        _require(all(oidc) or not any(oidc), "oidc_issuer", "goes with oidc_client, oidc_secret_file and oidc_name")
        _require(self.private_addresses in {0, 1}, "private_addresses", "must be 0 or 1")

    @property
    def origin(self) -> str:
        """The console's web origin: what passkeys and forms are bound to (RFC 6454)."""
        return self.url.rstrip("/") or f"http://localhost:{self.port}"

    @property
    def database_url(self) -> str:
        """The database's URL with the default filled in."""
        return self.database or f"sqlite:///{self.data.absolute() / 'hub.db'}"


_KINDS: Final[Mapping[str, type]] = {"Path": Path, "int": int, "str": str}
"""By the annotation of a field: what its setting is read as."""


def _require(holds: bool, name: str, reason: str) -> None:
    if not holds:
        raise InputError(f"hub setting {name}", reason)


def load_settings(file: Path | None, environment: Mapping[str, str], **given: object) -> Settings:
    """Return the settings from file, environment and command line (`given`), the last one winning; None is not given.

    Raises:
        InputError: an unreadable file, an unknown or malformed setting; names it.
    """
    told = read_toml(file) if file else {}
    values: dict[str, object] = {"data": "~/.safety-hub", **told, **_from_environment(environment)}
    values.update({name: value for name, value in given.items() if value is not None})
    kinds = {entry.name: _KINDS[str(entry.type)] for entry in fields(Settings)}
    for name in values:
        _require(name in kinds, name, f"is not a setting; the settings are {', '.join(sorted(kinds))}")
    converted: dict[str, Any] = {name: _convert(name, kinds[name], value) for name, value in values.items()}
    return Settings(**converted)


def _from_environment(environment: Mapping[str, str]) -> dict[str, object]:
    """Return every variable of ours, known or not: a misspelt one must not pass as an absent one."""
    names = (name for name in environment if name.startswith(PREFIX) and name != CONFIG)
    return {name.removeprefix(PREFIX).lower(): environment[name] for name in names}


def _convert(name: str, kind: type, value: object) -> object:
    try:
        if isinstance(value, bool) or not isinstance(value, int | str | Path):
            raise ValueError(name)
        return Path(str(value)).expanduser() if kind is Path else kind(value)
    except ValueError as error:
        raise InputError(f"hub setting {name}", f"must be {'a whole number' if kind is int else 'text'}") from error
