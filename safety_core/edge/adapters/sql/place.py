"""A connection's target -> where its database is, at which addresses, and how far TLS goes.

postgresql://db.example.com:5432/shop            mysql://db.example.com/shop        mariadb://...
postgresql:///shop?host=/run/postgresql          mysql:///shop?socket=/run/mysqld/mysqld.sock
sqlite:///srv/shop/shop.db
"""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from safety_core.edge.adapters.request import Request
from safety_core.edge.lookup import service_addresses

ENGINES: Final = {
    "postgresql": "postgres",
    "postgres": "postgres",
    "mysql": "mysql",
    "mariadb": "mysql",
    "sqlite": "sqlite",
}
PORTS: Final = {"postgres": 5432, "mysql": 3306, "sqlite": 0}
OPTIONS: Final = frozenset({"tls", "ca", "acts_table", "timeout"})
TABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a database is.

    Attributes:
        socket: path of a Unix socket (of its folder, for PostgreSQL); empty where it is reached over a network.
        database: its name; a file's path for SQLite.
        tls: "verify", "encrypt" or "off".
        ca: path of the authority's certificate, empty for those that the machine trusts.
        acts_table: its name, empty for none.
    """

    engine: str
    host: str
    port: int
    socket: str
    database: str
    tls: str
    ca: str
    acts_table: str


def place_of(request: Request) -> Place:
    """Return where the connection leads. Raises ExecutionError naming what the operator has to mend."""
    connection = request.connection
    _check_options(request)
    try:
        url = urlsplit(connection.target)
        engine, port = ENGINES[url.scheme], url.port
        host, database, asked = url.hostname or "", unquote(url.path).lstrip("/"), parse_qs(url.query)
    except (ValueError, KeyError):
        raise request.refusal("has a target that is no URL of a database", "postgresql://HOST/NAME, or such") from None
    socket = asked.get("host", asked.get("socket", [""]))[0]
    if engine == "sqlite":
        return Place(engine, "", 0, "", "/" + database, "off", "", _table(request))
    if not (host or socket) or not connection.user:
        raise request.refusal("lacks a host or a user", 'target = "postgresql://HOST/NAME", user = "NAME"')
    if socket and not connection.private:
        raise request.refusal("leads to a socket of this machine", "set private = true if that is meant")
    port = port or int(asked.get("port", [str(PORTS[engine])])[0])
    return Place(engine, host, port, socket, database, _tls(request), request.option("ca"), _table(request))


def _check_options(request: Request) -> None:
    """Refuse what is misspelt: an option tls that counted for nothing would show a password."""
    unknown = sorted(request.connection.options.keys() - OPTIONS)
    if unknown:
        reason = f"has the option {unknown[0]}, which databases have not"
        raise request.refusal(reason, "use " + ", ".join(sorted(OPTIONS)))


def _tls(request: Request) -> str:
    connection = request.connection
    mode = request.option("tls", "off" if connection.private and "ca" not in connection.options else "verify")
    if mode not in {"verify", "encrypt", "off"}:
        raise request.refusal("has an option tls that is not known", "verify, encrypt or off")
    if mode != "verify" and not connection.private:
        raise request.refusal("would send its password to whoever answers", 'tls = "verify", or private = true')
    return mode


def _table(request: Request) -> str:
    name = request.option("acts_table")
    if name and not TABLE.fullmatch(name):
        raise request.refusal("has an acts_table that is no plain name", 'acts_table = "safety_acts"')
    return name


async def hosts_of(request: Request, place: Place) -> list[str]:
    """Return the addresses of its host that may be connected to. Raises ExecutionError."""
    connection = request.connection
    return await service_addresses(connection.name, place.host, place.port, private=connection.private)


class NamedContext(ssl.SSLContext):
    """Checks the certificate for the host's name, though the connection is made to one of its checked addresses."""

    host: str

    def wrap_bio(self, *args: Any, **kwargs: Any) -> ssl.SSLObject:
        """As the base class does, with our name."""
        kwargs["server_hostname"] = self.host
        return super().wrap_bio(*args, **kwargs)


def tls_of(request: Request, place: Place) -> NamedContext | None:
    """Return how the connection is encrypted, None for not at all."""
    if place.tls == "off" or place.socket:
        return None
    context = NamedContext(ssl.PROTOCOL_TLS_CLIENT)
    context.host = place.host
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if place.tls == "encrypt":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    try:
        if place.ca:
            context.load_verify_locations(cafile=place.ca)
        else:
            context.load_default_certs()
    except (OSError, ssl.SSLError):
        raise request.refusal("has an option ca that is no readable certificate") from None
    return context
