"""Requests to a WebDAV server: to its host alone, at addresses that were looked up and checked, bounded."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

import ada_url
import httpx2

from safety_core.edge.adapters.calendar.xml import Element, parsed
from safety_core.edge.adapters.request import Request
from safety_core.edge.authorities import authorities
from safety_core.edge.exchange import Answer, exchange
from safety_core.edge.lookup import service_addresses

ANSWER_BYTES: Final = 24 * 1024 * 1024
"""Of one answer. It stands in memory some five times while it is read."""

MOST_REDIRECTS: Final = 3
SPARE_SECONDS: Final = 0.3
"""How much earlier than the operation's own end a request is given up, so that it can be said what is known."""

CHANGES: Final = frozenset({"PUT", "DELETE"})
REDIRECTS: Final = frozenset({301, 302, 307, 308})


class Dav:
    """A session with one server. All methods raise ExecutionError."""

    def __init__(self, request: Request, client: httpx2.AsyncClient, base: httpx2.URL, addresses: list[str]) -> None:
        self._request = request
        self._client = client
        self._addresses = addresses
        self._ends = asyncio.get_running_loop().time() + max(request.timeout - SPARE_SECONDS, 0.05)
        self.base = base

    def url(self, href: str, base: httpx2.URL | None = None) -> httpx2.URL:
        """Return where `href` leads. Raises ExecutionError where that is another host, port or scheme."""
        try:
            found = (base or self.base).join(href)
        except (httpx2.InvalidURL, ValueError):
            found = httpx2.URL("")
        here = (self.base.scheme, self.base.host, self.base.port)
        if (found.scheme, found.host, found.port) != here or found.userinfo:
            raise self._request.refusal("has a server that leads to another one", "connect that one instead")
        return found

    async def ask(self, method: str, href: str, body: str, depth: int = 0) -> Element | None:
        """Ask for properties, by PROPFIND or REPORT; None where there is nothing at this place."""
        headers = {"Depth": str(depth), "Content-Type": "application/xml; charset=utf-8"}
        answer = await self.send(method, href, headers, body)
        if answer.status in {404, 405}:
            return None
        if answer.status != 207:
            raise self.refused(answer)
        if not answer.whole:
            raise self._request.refusal("answered with more than is read at once", "ask for a shorter time")
        try:
            return parsed(answer.body)
        except ValueError:
            raise self._request.refusal("answered in what is no WebDAV") from None

    async def send(self, method: str, href: str, headers: Mapping[str, str] | None = None, body: str = "") -> Answer:
        """Send one request, and follow where the server leads on the same host."""
        url = self.url(href)
        for _ in range(MOST_REDIRECTS + 1):
            answer = await self._sent(method, url, headers or {}, body)
            if answer.status in {401, 403}:
                raise self.refused(answer)
            if answer.status not in REDIRECTS or not answer.redirect:
                return answer
            url = self.url(answer.redirect, url)
        raise self._request.refusal("has a server that leads round in a circle")

    async def _sent(self, method: str, url: httpx2.URL, headers: Mapping[str, str], body: str) -> Answer:
        own = {**self._login(), "User-Agent": "safety-gateway", "Accept-Encoding": "identity", **headers}
        host = url.raw_host.decode("ascii")
        request = self._client.build_request(
            method, url, headers=own, content=body.encode(), extensions={"sni_hostname": host}
        )
        try:
            async with asyncio.timeout_at(self._ends):
                return await exchange(self._client, request, self._addresses, ANSWER_BYTES)
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            if _untrusted(error):
                fix = "name the host as its certificate does; an authority of your own stands in the option ca"
                raise self._request.refusal("has a certificate that is not trusted", fix) from None
            raise self._request.refusal(f"{host} cannot be reached") from None
        except (TimeoutError, httpx2.HTTPError, httpx2.StreamError) as error:
            why = f"{host} was cut off or did not answer in time ({type(error).__name__})"
            raise (self._request.uncertain if method in CHANGES else self._request.refusal)(why) from None

    def _login(self) -> dict[str, str]:
        connection, token = self._request.connection, self._request.secret("token")
        if token:
            return {"Authorization": f"Bearer {token}"}
        if not connection.user:
            return {}
        coded = base64.b64encode(f"{connection.user}:{self._request.secret('password') or ''}".encode()).decode()
        return {"Authorization": f"Basic {coded}"}

    def refused(self, answer: Answer) -> Exception:
        """Return the error of a status that is none of those one hopes for."""
        match answer.status:
            case 401:
                fix = "safety secret set, with what the server knows"
                return self._request.refusal("is not let in: the user or the secret is wrong or has ended", fix)
            case 403:
                return self._request.refusal("may not do this there")
            case 404 | 410:
                return self._request.refusal("has no such event or contact any more", "list them again")
            case 412:
                return self._request.refusal("has it otherwise by now: somebody changed it", "read it again")
            case 507 | 413:
                return self._request.refusal("has no room for this")
            case status if status >= 500:
                return self._request.uncertain(f"has a server that failed ({status})")
            case status:
                return self._request.refusal(f"has a server that refused this ({status})")


@asynccontextmanager
async def dav(request: Request) -> AsyncIterator[Dav]:
    """Yield a session. Raises ExecutionError where the server is not allowed to be reached."""
    base = _base(request)
    port = base.port or (443 if base.scheme == "https" else 80)
    connection, host = request.connection, base.raw_host.decode("ascii")
    addresses = await service_addresses(connection.name, host, port, private=connection.private)
    context = authorities(connection.name, connection.options.get("ca"))
    async with httpx2.AsyncClient(trust_env=False, follow_redirects=False, verify=context, timeout=None) as client:
        yield Dav(request, client, base, addresses)


def _base(request: Request) -> httpx2.URL:
    """Return the server's URL. Its password goes over TLS, but to this machine or its network."""
    target = request.connection.target
    target = target if target.rpartition("://")[2].count("/") else f"{target}/"
    try:
        ours, theirs = httpx2.URL(target), ada_url.URL(target)
        if theirs.hostname.strip("[]") != ours.raw_host.decode("ascii") or ours.userinfo or not ours.host:
            raise ValueError
    except (ValueError, httpx2.InvalidURL):
        raise request.refusal("has a target that is no URL of a server", "write https://HOST/") from None
    if ours.scheme != "https" and not (ours.scheme == "http" and request.connection.private):
        raise request.refusal("would show its password to the network", "write https://, as the target")
    return ours


def _untrusted(error: BaseException | None) -> bool:
    """Tell whether a connection failed because of the certificate: the reason lies some errors deep."""
    for _ in range(10):
        if error is None or isinstance(error, ssl.SSLCertVerificationError):
            break
        error = error.__cause__ or error.__context__
    return error is not None
