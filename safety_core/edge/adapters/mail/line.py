"""A connection over TCP and TLS, to an address that was looked up and checked, that ends at a set time.

A server that sends one byte a second keeps no time-out of its own from being met anew; so a watch shuts the line. Who
waits at it then finds it cut, and knows what has been said until then.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Final

from safety_core.edge.adapters.request import Request
from safety_core.edge.authorities import authorities
from safety_core.edge.lookup import service_addresses

SPARE_SECONDS: Final = 0.2
"""How much earlier than the operation's own end its lines are shut, so that it can say what is known."""

LEAST_SECONDS: Final = 0.05


@dataclass(frozen=True, slots=True)
class Server:
    """Where a server is.

    Attributes:
        implicit: TLS from the first byte on; else it is asked for (STARTTLS).
        addresses: that were looked up and checked.
    """

    host: str
    port: int
    implicit: bool
    addresses: tuple[str, ...] = ()


async def found(request: Request, server: Server) -> Server:
    """Return the server with its addresses. Raises ExecutionError where it is not allowed to be reached."""
    connection = request.connection
    addresses = await service_addresses(connection.name, server.host, server.port, private=connection.private)
    return replace(server, addresses=tuple(addresses))


@dataclass(slots=True)
class Lines:
    """Opens lines for one request; all are shut when its time is over."""

    request: Request
    context: ssl.SSLContext
    _ends: float = 0.0
    _open: list[socket.socket] = field(default_factory=list)

    def to(self, server: Server) -> socket.socket:
        """Return a line to a server, inside of TLS where it begins with that. Raises ExecutionError."""
        raw = self._connected(server)
        self._open.append(raw)
        return self.secured(raw, server) if server.implicit else raw

    def secured(self, raw: socket.socket, server: Server) -> socket.socket:
        """Return the line inside of TLS. Raises ExecutionError where the certificate is not good for the host."""
        try:
            wrapped = self.context.wrap_socket(raw, server_hostname=server.host)
        except ssl.SSLCertVerificationError:
            fix = "name the host as its certificate does; an authority of your own stands in the option ca"
            raise self.request.refusal(f"{server.host} has a certificate that is not trusted", fix) from None
        except OSError as error:
            raise self.request.refusal(f"{server.host} speaks no TLS with us ({type(error).__name__})") from None
        self._open.append(wrapped)
        return wrapped

    def _connected(self, server: Server) -> socket.socket:
        for address in server.addresses:
            with suppress(OSError):
                left = max(self._ends - time.monotonic(), LEAST_SECONDS)
                line = socket.create_connection((address, server.port), timeout=left)
                line.settimeout(self.request.timeout)
                return line
        fix = "start it, or correct its address in the settings"
        raise self.request.refusal(f"{server.host}:{server.port} cannot be reached", fix)

    def shut(self) -> None:
        """Shut all lines, whoever waits at them."""
        for line in self._open:
            with suppress(OSError):
                socket.socket.shutdown(line, socket.SHUT_RDWR)


@contextmanager
def lines(request: Request, ca: str) -> Iterator[Lines]:
    """Yield the lines of a request, shut when its time is over.

    Args:
        ca: path of a PEM with the authorities to trust in place of the system's; empty for those.
    """
    context = authorities(request.connection.name, ca)
    seconds = max(request.timeout - SPARE_SECONDS, LEAST_SECONDS)
    own = Lines(request, context, time.monotonic() + seconds)
    watch = threading.Timer(seconds, own.shut)
    watch.daemon = True
    watch.start()
    try:
        yield own
    finally:
        watch.cancel()
        own.shut()
        for line in own._open:
            line.close()
