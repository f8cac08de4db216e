"""The forward proxy on a real socket, between real clients and real servers with made-up certificates; the audit log in
memory, and names that lead to loopback."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import socket
import ssl
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from proxy.forward.books import Books
from proxy.forward.dial import Dialer
from proxy.forward.leaves import Leaves
from proxy.forward.listening import listening
from proxy.forward.outward import Outward
from proxy.forward.parts import Limits, Parts
from proxy.forward.permission import Permission, by_host
from proxy.forward.target import Target
from proxy.settings import Provider
from proxy.upstream.addresses import AddressInfo
from safety_core.edge import clock
from safety_core.edge.home import Home
from safety_core.edge.local_ca import LocalCa, load_chain, make_ca, open_ca
from safety_core.model.forward import ForwardPolicy, ForwardRule
from safety_core.model.record import AuditEntry, Event
from safety_core.model.secret import SecretName, SecretValue
from safety_core.model.tool_call import AgentId
from tests.simulators.prompt_world import redactor

TOKEN = "forward-client-" + "token-7"
AGENT = AgentId("ada")
CLIENTS = {hashlib.sha256(TOKEN.encode()).hexdigest(): AGENT}
BASIC = b"Proxy-Authorization: Basic " + base64.b64encode(f"me:{TOKEN}".encode()) + b"\r\n"


class Names(Dialer):
    """A resolver with a table: name -> addresses. Loopback counts as public, since the servers are there."""

    def __init__(self, table: Mapping[str, Sequence[str]], ports: Mapping[int, int]) -> None:
        super().__init__(seconds=5)
        self.table = table
        self.ports = ports
        self.asked: list[str] = []

    async def lookup(self, target: Target) -> Sequence[AddressInfo]:
        self.asked.append(target.host)
        port = self.ports.get(target.port, target.port)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in self.table.get(target.host, ())]

    def allowed(self, address: str) -> bool:
        return address.startswith("127.") or super().allowed(address)


@dataclass
class Setting:
    """A running forward proxy."""

    port: int
    parts: Parts
    names: Names
    ca: Path
    rules: list[ForwardRule]
    log: list[AuditEntry] = field(default_factory=list)
    vault: dict[SecretName, SecretValue] = field(default_factory=dict)
    opened: list[asyncio.StreamWriter] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://me:{TOKEN}@127.0.0.1:{self.port}"

    def events(self) -> list[tuple[Event, str]]:
        return [(entry.event, entry.subject) for entry in self.log]

    async def ask(self, raw: bytes) -> bytes:
        """Send bytes, and return everything that comes back until the proxy closes."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(raw)
        try:
            return await reader.read(1 << 20)
        except ConnectionError:
            return b""
        finally:
            writer.close()

    async def connect(
        self, where: str, head: bytes = BASIC
    ) -> tuple[bytes, asyncio.StreamReader, asyncio.StreamWriter]:
        """Ask for a CONNECT, and return the status line and the connection."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.opened.append(writer)
        writer.write(f"CONNECT {where} HTTP/1.1\r\nHost: {where}\r\n".encode() + head + b"\r\n")
        line = await reader.readline()
        while (await reader.readline()) not in {b"\r\n", b""}:
            pass
        return line, reader, writer

    async def settled(self, event: Event, count: int = 1) -> list[AuditEntry]:
        """Wait until the log has so many entries of a kind, and return them."""
        await self.until(lambda: sum(entry.event is event for entry in self.log) >= count)
        return [entry for entry in self.log if entry.event is event]

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait for what no event tells."""
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


@asynccontextmanager
async def forwarding(
    home: Path,
    rules: Sequence[ForwardRule],
    *,
    ports: Mapping[int, int] | None = None,
    table: Mapping[str, Sequence[str]] | None = None,
    origin: LocalCa | None = None,
    ca_hosts: Sequence[str] | None = ("shop.test", "git.test", "llm.test"),
    **changes: Any,
) -> AsyncGenerator[Setting, None]:
    """Run a forward proxy.

    Args:
        ports: port that a client asks for -> port on which a server of the test listens.
        table: name -> addresses; by default every listed name leads to 127.0.0.1.
        origin: the CA of the servers.
        changes: providers, egress, admit, limits.
    """
    log: list[AuditEntry] = []
    vault: dict[SecretName, SecretValue] = {}
    listed = list(rules)

    async def append(entry: AuditEntry) -> None:
        await asyncio.sleep(0)
        if "append" in changes:
            changes["append"](entry)
        log.append(entry)

    async def known() -> Any:
        return redactor()

    async def remember(found: Mapping[SecretName, SecretValue]) -> None:
        vault.update(found)

    store = Home(home).create()
    if ca_hosts is not None:
        make_ca(store, ca_hosts, clock.now())
    names = Names(table or {rule.host.lstrip("."): ("127.0.0.1",) for rule in rules}, ports or {})
    providers: Sequence[Provider] = changes.get("providers", ())
    parts = Parts(
        clients=CLIENTS,
        permission=Permission(
            lambda: ForwardPolicy(tuple(listed)), changes.get("admit", lambda agent: None), by_host(providers)
        ),
        redactor=known,
        remember=remember,
        egress=changes.get("egress", nobody),
        books=Books(append, lambda text: redactor().text(text).text),
        leaves=Leaves(lambda: open_ca(store), clock.now),
        dialer=names,
        outward=Outward(names, lambda: ssl.create_default_context(cadata=origin.pem.decode() if origin else None)),
        limits=changes.get("limits", Limits()),
    )
    bound = socket.create_server(("127.0.0.1", 0))
    setting = Setting(bound.getsockname()[1], parts, names, store.keys / "ca.pem", listed, log, vault)
    try:
        async with listening(parts, bound):
            yield setting
    finally:
        for writer in setting.opened:
            writer.close()


async def nobody(*_: Any) -> None:
    raise AssertionError("the egress was not to be asked")


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Origin:
    """A server of the world. `seen`: heads and bodies of the requests that came."""

    port: int = 0
    seen: list[tuple[bytes, bytes]] = field(default_factory=list)


@asynccontextmanager
async def http_origin(
    reply: bytes | None = None, *, ca: LocalCa | None = None, host: str = "shop.test", serve: Serve | None = None
) -> AsyncGenerator[Origin, None]:
    """Run an HTTP/1.1 server that gives one answer to everything, with TLS where it has a CA."""
    origin = Origin()
    answer = reply or b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Kept: yes\r\n\r\nhello"

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await (serve or _answering(origin, answer))(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=server_context(ca, host) if ca else None)
    origin.port = server.sockets[0].getsockname()[1]
    try:
        yield origin
    finally:
        server.close()


def server_context(ca: LocalCa, host: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    load_chain(context, ca.leaf(host, clock.now()).pem)
    return context


def _answering(origin: Origin, answer: bytes) -> Serve:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            length = next(
                (
                    int(line.split(b":")[1])
                    for line in head.split(b"\r\n")
                    if line.lower().startswith(b"content-length:")
                ),
                0,
            )
            origin.seen.append((head, await reader.readexactly(length)))
            writer.write(answer)
            await writer.drain()

    return serve


def made_up_ca(folder: Path) -> LocalCa:
    """Return a CA of the world's."""
    return make_ca(Home(folder).create(), None, clock.now())


async def run(*command: str, **environ: str) -> tuple[int, str, str]:
    """Run a program of this machine, with nothing of the test's own environment but the path."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        stdin=asyncio.subprocess.DEVNULL,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "PYTHONPATH": ":".join(sys.path), **environ},
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(errors="replace"), err.decode(errors="replace")


def client_hello(name: str | None) -> bytes:
    """Return the first message of a real TLS client."""
    context = ssl.create_default_context()
    context.check_hostname = False
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(incoming, outgoing, server_hostname=name)
    with suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()
