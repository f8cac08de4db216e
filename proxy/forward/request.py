"""One request that can be looked into, as an ASGI application: scanned, recorded, forwarded, its response passed on.

What goes to an LLM provider of the edge takes the egress instead, with everything that holds there: redaction,
interlock, budgets and meter. It makes no difference by which way a prompt comes.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, MutableMapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

from starlette.types import Message, Receive, Scope, Send

from proxy.caller import Caller
from proxy.canaries import SPEAKER
from proxy.egress.client_token import KEY_HEADERS, leaving_query
from proxy.egress.routing import path_of, query_of
from proxy.errors import forward_status_of
from proxy.forward.credentials import CHALLENGE, Client, client_of, unknown_client
from proxy.forward.parts import Parts
from proxy.forward.permission import Wish
from proxy.forward.scan import Found, scan_body, scan_head
from proxy.forward.strict import asked_plainly, check_host, looked_through, search_body, search_head
from proxy.forward.target import Target, host_matches
from proxy.providers.dialects import part_of
from proxy.settings import Provider
from proxy.upstream.client import Answer
from safety_core.edge.body import read_body
from safety_core.edge.http.head import BadRequestError
from safety_core.errors import InputError, SafetyError, UnavailableError
from safety_core.flow.egress_effects import Headers
from safety_core.flow.headers import CONNECTION, kept_headers
from safety_core.model.forward import ForwardRule

_HOP: Final = CONNECTION | {b"proxy-authenticate", b"proxy-authorization"}
_NOT_SENT: Final = _HOP | {b"content-length", b"expect"}
_NOT_SHOWN: Final = _HOP | {b"alt-svc"}
"""A host that offers HTTP/3 would lead its client past the proxy."""

_BODILESS: Final = frozenset({204, 205, 304})
"""Statuses of responses without a body, whatever length some servers state (RFC 9110, 8.6)."""

Take: TypeAlias = Callable[[int], None]
"""Takes room for so many more bytes, or raises BusyError."""

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Line:
    """The connection on which a request comes.

    Attributes:
        connect: within CONNECT, its TLS ended here; otherwise by an http:// URL, one request per connection.
        client: who opened it by CONNECT; None where the request says so itself.
        abort: ends the connection in the middle of a response that broke off.
    """

    target: Target
    connect: bool
    client: Client | None
    abort: Callable[[], None]

    @property
    def scheme(self) -> str:
        """The URL's."""
        return "https" if self.connect else "http"

    @property
    def port(self) -> int:
        """The scheme's own."""
        return 443 if self.connect else 80


class RequestApp:
    """Serves the requests of one connection."""

    def __init__(self, parts: Parts, line: Line) -> None:
        self._parts = parts
        self._line = line

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return None
        send = send if self._line.connect else _closing(send)
        client = self._line.client or client_of(self._parts.clients, scope["headers"])
        if client is None:
            unknown = unknown_client(scope["headers"])
            if unknown.shown:
                self._parts.books.turned_away(unknown)
            return await answer(send, 407, str(unknown), CHALLENGE)
        SPEAKER.set(client.agent)
        try:
            return await self._serve(client, scope, receive, send)
        except SafetyError as error:
            await self._parts.books.not_forwarded(client.agent, str(self._line.target), error)
            return await answer(send, forward_status_of(error), str(error))

    async def _serve(self, client: Client, scope: Scope, receive: Receive, send: Send) -> None:
        line, target = self._line, self._line.target
        rule = self._parts.permission.rule(Wish(client.agent, target, line.connect, scope["method"]))
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        if len(hosts) != 1 or not host_matches(hosts[0], target, line.port):
            reason = f"names another host than {target}"
            raise BadRequestError("the header Host", reason, "send each host's requests to it alone")
        if target.host in self._parts.permission.providers:
            return await self._parts.egress(_for_egress(client, scope, self._provider(scope)), receive, send)
        limit = self._parts.limits.body if rule.body_limit is None else rule.body_limit
        with self._parts.room.guest(client.agent) as take:
            body = await self._scanned(rule, limit, take, scope, receive)
            return await self._forward(client, body, take if rule.strict else None, scope, receive, send)

    async def _forward(
        self, client: Client, body: bytes, take: Take | None, scope: Scope, receive: Receive, send: Send
    ) -> None:
        headers, where = kept_headers(scope["headers"], _NOT_SENT), str(self._line.target)
        call = await self._parts.books.forwarded(client.agent, where, {"bytes": len(body)})
        counts = {"sent": len(body)}
        headers = asked_plainly(headers) if take else headers
        try:
            await self._exchange(client, scope, (headers, body), (counts, take), receive, send)
        finally:
            await self._parts.books.ended(call, client.agent, where, counts)

    async def _scanned(self, rule: ForwardRule, limit: int, take: Take, scope: Scope, receive: Receive) -> bytes:
        """Return the body, once all of the request has been looked through. Raises SafetyError."""
        redactor, found = await self._parts.redactor(), Found(strict=rule.strict)
        headers = kept_headers(scope["headers"], _NOT_SENT)
        url = f"{self._line.scheme}://{self._line.target}{_path(scope)}"
        scan_head(found, url, headers, redactor)
        if rule.strict:
            check_host(self._line.target)
            search_head(found, self._line.target, url, headers, redactor)
        body = b""
        if not found.any:
            body = await read_body(scope["headers"], receive, limit=limit, take=take)
            scan_body(found, body, headers, redactor)
            if rule.strict:
                await search_body(found, body, headers, redactor)
        if found.discovered:
            await self._parts.remember(found.discovered)
        if found.any:
            raise found.error(str(self._line.target))
        return body

    async def _exchange(
        self,
        client: Client,
        scope: Scope,
        sent: tuple[Headers, bytes],
        kept: tuple[dict[str, int], Take | None],
        receive: Receive,
        send: Send,
    ) -> None:
        """Send the request and pass the response on, for as long as the client is there.

        Args:
            kept: what is counted, and what takes room for an answer that is looked through; None where it is not.
        """
        line, caller, (counts, take) = self._line, Caller(), kept
        url = f"{line.scheme}://{line.target}{_path(scope)}"

        async def work() -> None:
            response = await self._parts.outward.send(client.agent, scope["method"], url, *sent)
            try:
                first = await looked_through(response, take) if take else b""
                await self._pass_on(response, first, counts, send)
            finally:
                await response.aclose()

        watcher = asyncio.create_task(caller.watch(receive))
        try:
            await caller.patiently(work())
        finally:
            watcher.cancel()
            with suppress(asyncio.CancelledError):
                await watcher

    async def _pass_on(self, response: Answer, first: bytes, counts: dict[str, int], send: Send) -> None:
        status = counts["status"] = response.head.status
        headers = kept_headers(
            response.head.headers, _NOT_SHOWN | ({b"content-length"} if status in _BODILESS else set())
        )
        await send({"type": "http.response.start", "status": status, "headers": [*headers]})
        counts["received"] = 0
        try:
            while chunk := first or await response.chunk():
                first = b""
                counts["received"] += len(chunk)
                async with asyncio.timeout(self._parts.limits.patience.idle):  # who never reads holds nobody up
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
        except (UnavailableError, TimeoutError) as error:
            _log.warning("a forwarded response of %s broke off: %s", self._line.target, error or "nobody reads it")
            return self._line.abort()  # what has begun cannot be taken back: the client must see that it is not whole
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        return None

    def _provider(self, scope: Scope) -> Provider:
        """Return the provider whose base URL the request's begins with: of several, the longest."""
        path, host = _path(scope), self._line.target.host
        found = [one for one in self._parts.permission.providers[host] if path.startswith(f"{_base(one)}/")]
        if not found:
            raise InputError("the path", f"lies below no base URL that is listed for {host}", "see [egress.providers]")
        return max(found, key=lambda one: len(_base(one)))


def _for_egress(client: Client, scope: Scope, provider: Provider) -> Scope:
    """Return the request as the egress takes it: by the provider's name, with the client's own token as the key."""
    raw = f"/{provider.name}{_below(provider, scope['method'], path_of(scope))}"
    headers = [(name, value) for name, value in scope["headers"] if name not in KEY_HEADERS | {b"proxy-authorization"}]
    headers.append((b"authorization", b"Bearer " + client.token))
    changed: MutableMapping[str, Any] = {**scope, "path": raw, "raw_path": raw.encode("latin-1"), "headers": headers}
    changed["query_string"] = leaving_query(query_of(scope)).encode("latin-1")
    return changed


def _below(provider: Provider, method: str, path: str) -> str:
    """Return the path that the egress knows a request by: its base URL is joined to that again.

    A base URL that ends with a version stands in place of the one with which the paths of an API begin.
    """
    base = _base(provider)
    inner = path.removeprefix(base)
    spelled = (inner, *(one + inner for one in (f"/{base.rpartition('/')[2]}", "/v1") if base))
    return next((one for one in spelled if part_of(provider.dialect, method, one)), inner)


def _base(provider: Provider) -> str:
    return urlsplit(provider.base_url).path.rstrip("/")


def _path(scope: Scope) -> str:
    """Return path and query as they were sent."""
    query = query_of(scope)
    return f"{path_of(scope)}?{query}" if query else path_of(scope)


def _closing(send: Send) -> Send:
    """Return a `send` after whose response the connection ends: the next request may be for another host."""

    async def closing(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], (b"connection", b"close")]}
        await send(message)

    return closing


async def answer(send: Send, status: int, text: str, headers: Headers = ()) -> None:
    """Send a response of the proxy itself."""
    body = f"{text}\n".encode()
    ours = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode()), *headers]
    await send({"type": "http.response.start", "status": status, "headers": ours})
    await send({"type": "http.response.body", "body": body})
