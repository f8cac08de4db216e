"""The edge's client of the hub: one signed request per method.

The hub is believed in nothing that matters: bundles and grants carry signatures of their own, which others verify.
Whatever goes wrong here is an `UnavailableError`, since the edge goes on without the hub: `RefusedError` when the hub
answered that it will not.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field
from typing import Final

import httpx2
from nacl.signing import SigningKey

from safety_core.canonical import JsonObject, canonical_bytes
from safety_core.edge import clock
from safety_core.errors import BusyError, InputError, LimitError, RefusedError, UnavailableError
from safety_core.model.approval import ApprovalRequest, ApprovalState, FeedItem, Grant
from safety_core.model.tool_call import TenantId
from safety_core.model.usage import UsageBucket
from safety_core.wire.approvals import request_to_json
from safety_core.wire.errors import error_from_json
from safety_core.wire.feed import Told, item_from_json, told_to_json
from safety_core.wire.fleet import BUCKETS, Heartbeat, HeartbeatReply, reply_from_json, usage_to_json
from safety_core.wire.hints import HintReader
from safety_core.wire.orders import Order, OrderResult, orders_from_json
from safety_core.wire.reader import BODY_LIMIT, Reader
from safety_core.wire.signed import RequestStamp, sign_request

FETCH_LIMIT: Final = 16 * 1024 * 1024
"""Bytes of one repository file: what is larger is no bundle. (The trust workflow sets narrower limits per file.)"""

PARTS: Final = {b"{": 50_000, b"[": 50_000, b",": 500_000}
"""How often these signs may stand in one answer: 10 MiB of nothing but "{}," become 300 MiB and take seconds."""

HINT_BYTES: Final = 16 * 1024
"""Bytes of hints that are read in a second, a few hundred of them: a hub that floods its edge waits for it."""

RETRYABLE: Final = frozenset({408, 425, 429})
"""Statuses below 500 that ask for patience, not for another request."""

SILENCE_SECONDS: Final = 50.0
"""Without a word for so long, a stream of hints is broken: the hub writes something every 20."""

TOO_MANY: Final = 429
"""The status that says so."""

_log = logging.getLogger(__name__)

ROOT: Final = re.compile("[0-9a-f]{64}")
"""The root of an audit log, as the hub tells it."""

_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_CACHED: Final = frozenset({"timestamp.json"})
"""The one repository file that is asked for again and again, and seldom new."""


@dataclass(frozen=True, slots=True)
class Decisions:
    """What approvers decided since a cursor. `next` is the cursor to go on from."""

    next: int
    items: tuple[FeedItem, ...]

    @property
    def grants(self) -> tuple[Grant, ...]:
        """The answers among them."""
        return tuple(item for item in self.items if isinstance(item, Grant))


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    etag: str
    raw: bytes


@dataclass(slots=True)
class HubClient:
    """Speaks for one tenant. Close it, or use it as a context manager.

    Args:
        url: where the hub is ("https://hub.example"); plain http only on loopback, or with `insecure`.
        clock: seconds since the epoch.
        patience: seconds until an answer has to begin.
    """

    url: str
    tenant: TenantId
    key: SigningKey = field(repr=False)
    clock: Callable[[], float] = clock.now
    patience: float = 10.0
    insecure: bool = False
    _http: httpx2.AsyncClient = field(init=False, repr=False)
    _base: str = field(init=False, repr=False)
    _cache: dict[str, tuple[str, bytes]] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._base = check_url(self.url, insecure=self.insecure)
        self._http = httpx2.AsyncClient(
            timeout=self.patience, trust_env=False, http2=False, verify=self._base.startswith("https:")
        )

    async def __aenter__(self) -> HubClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()

    async def register(self, token: str) -> None:
        """Bind this tenant's public key at the hub with its one-time token. The same key again is no error."""
        public = self.key.verify_key.encode().hex()
        body = await self._post("/v1/tenants/register", {"token": token, "tenant": self.tenant, "public": public})
        if body.text("tenant", "") != self.tenant:  # some other server, which answers whatever it is asked
            raise _malformed()

    async def fetch(self, path: str) -> bytes | None:
        """Return a file of the tenant's bundle repository ("timestamp.json"), or None if the hub has none."""
        etag, kept = self._cache.get(path, ("", b""))
        headers = {"If-None-Match": etag} if etag else {}
        answer = await self._send("GET", f"/v1/repository/{path}", headers=headers, limit=FETCH_LIMIT)
        if answer.status == 404:
            return None
        if answer.status == 304 and etag:
            return kept
        check_answer(answer.status, answer.raw)
        if path in _CACHED and answer.etag:
            self._cache[path] = (answer.etag, answer.raw)
        return answer.raw

    async def push_approval(self, request: ApprovalRequest) -> ApprovalState:
        """Make the question durable at the hub; sending it again changes nothing. Returns where it stands there."""
        body = await self._post("/v1/approvals", request_to_json(request))
        try:
            return ApprovalState(body.text("state"))
        except ValueError as error:
            raise _malformed() from error

    async def decisions(self, after: int) -> Decisions:
        """Return what was decided after cursor `after`. Not yet verified."""
        answer = await self._send("GET", f"/v1/approvals/decisions?after={after}")
        try:
            body = _body(answer)
            return Decisions(body.integer("next"), tuple(_readable(body.objects("items"))))
        except InputError as error:
            raise _malformed() from error

    async def push_reports(self, told: Told) -> None:
        """Tell what became of questions and outward grants; telling it again changes nothing."""
        await self._post("/v1/approvals/reports", told_to_json(told))

    async def listen(self, heard: Callable[[str], None]) -> None:
        """Hear what there may be news of: "" at first, from when on nothing is missed, then the topic of each hint.

        Goes on until the stream ends. Raises UnavailableError, and RefusedError where the hub has no such stream.
        """
        hints = HintReader()
        timeout = httpx2.Timeout(self.patience, read=SILENCE_SECONDS)
        try:
            async with AsyncExitStack() as stack:
                async with asyncio.timeout(self.patience):
                    response = await stack.enter_async_context(self._signed("GET", "/v1/events", b"", {}, timeout))
                    if response.status_code != 200:
                        check_answer(response.status_code, await _read(response, BODY_LIMIT))
                    parts = response.aiter_raw()
                    first = hints.take(await anext(parts, b""))  # a proxy that holds things back is found out here
                for topic in ("", *first):
                    heard(topic)
                async for part in parts:
                    for topic in hints.take(part):
                        heard(topic)
                    await asyncio.sleep(len(part) / HINT_BYTES)
        except InputError as error:
            raise _malformed() from error
        except (httpx2.HTTPError, httpx2.StreamError, OSError, TimeoutError) as error:
            raise _no_answer(error) from error

    async def push_usage(self, buckets: Iterable[UsageBucket]) -> None:
        """Report buckets; sending them again, or in another order, changes nothing."""
        rows = tuple(buckets)
        for start in range(0, len(rows), BUCKETS):
            await self._post("/v1/usage", usage_to_json(rows[start : start + BUCKETS]))

    async def heartbeat(self, beat: Heartbeat) -> HeartbeatReply:
        """Report what is in force. The reply says whether the hub's memory of the audit log agrees."""
        body = await self._post("/v1/heartbeat", beat.to_json())
        try:
            return reply_from_json(body)
        except InputError as error:
            raise _malformed() from error

    async def orders(self) -> tuple[Order, ...]:
        """Return what the hub wants of this edge and has no result of yet, the oldest first."""
        answer = await self._send("GET", "/v1/orders")
        try:
            return orders_from_json(_body(answer))
        except InputError as error:
            raise _malformed() from error

    async def push_order_result(self, order: str, result: OrderResult) -> None:
        """Say what came of an order; saying it again changes nothing."""
        await self._post(f"/v1/orders/{order}/result", result.to_json())

    async def checkpoints(self) -> tuple[tuple[int, str], ...]:
        """Return (size, root) of what the hub has cosigned of this tenant's audit log; roots are hexadecimal."""
        answer = await self._send("GET", "/v1/audit/checkpoints")
        try:
            body = _body(answer)
            return tuple((item.integer("size"), _root(item)) for item in body.objects("items"))
        except InputError as error:
            raise _malformed() from error

    async def _post(self, path: str, body: JsonObject) -> Reader:
        answer = await self._send("POST", path, canonical_bytes(body), headers={"Content-Type": "application/json"})
        try:
            return _body(answer)
        except InputError as error:
            raise _malformed() from error

    async def _send(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        headers: Mapping[str, str] | None = None,
        limit: int = BODY_LIMIT,
    ) -> _Answer:
        try:
            async with self._signed(method, path, body, headers or {}, httpx2.Timeout(self.patience)) as response:
                raw = await _read(response, limit)
                return _Answer(response.status_code, response.headers.get("etag", ""), raw)
        except (httpx2.HTTPError, httpx2.StreamError, OSError) as error:
            raise _no_answer(error) from error

    def _signed(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str], timeout: httpx2.Timeout
    ) -> AbstractAsyncContextManager[httpx2.Response]:
        url = httpx2.URL(self._base + path)
        stamp = RequestStamp(self.tenant, int(self.clock()), clock.new_id())
        signed = sign_request(method, url.raw_path.decode("ascii"), body, stamp, self.key)
        return self._http.stream(method, url, content=body, headers={**headers, **signed}, timeout=timeout)


def check_url(url: str, *, insecure: bool = False) -> str:
    """Return `url` without a trailing slash, or raise InputError if it is none that may be trusted with a token."""
    try:
        parsed = httpx2.URL(url)
    except (httpx2.InvalidURL, TypeError) as error:
        raise InputError("hub URL", "is not a URL") from error
    plain = parsed.scheme == "http" and (insecure or parsed.host in _LOOPBACK)
    if not parsed.host or not (parsed.scheme == "https" or plain):
        raise InputError("hub URL", "must be https (http only on loopback)", "put a TLS proxy before the hub")
    if parsed.userinfo or parsed.query or parsed.fragment:
        raise InputError("hub URL", "must hold no user, query or fragment")
    return url.rstrip("/")


async def _read(response: httpx2.Response, limit: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in response.aiter_bytes():
        size += len(part)
        if size > limit:
            raise UnavailableError("hub", f"sent more than {limit} bytes", "check the hub's URL")
        parts.append(part)
    return b"".join(parts)


def check_answer(status: int, raw: bytes) -> bytes:
    """Return the body of a good answer, or raise the hub's error: RefusedError, or UnavailableError to try again."""
    if 200 <= status < 300:
        return raw
    refused = 400 <= status < 500 and status not in RETRYABLE
    kind = RefusedError if refused else BusyError if status == TOO_MANY else UnavailableError
    try:
        told = error_from_json(raw)
    except InputError:
        raise kind("hub", f"answered {status}", "check the hub's URL and its log") from None
    raise kind(f"hub: {told.thing}", told.reason, told.fix)


def _body(answer: _Answer) -> Reader:
    """Return what the hub answered. Raises as `check_answer`, and InputError where it cannot be read."""
    raw = check_answer(answer.status, answer.raw)
    if any(raw.count(sign) > most for sign, most in PARTS.items()):
        raise LimitError("hub's answer", "has too many parts")
    return Reader.parse(raw, "hub's answer")


def _readable(items: Iterable[Reader]) -> Iterator[FeedItem]:
    """Yield the items that can be read: one that cannot, of a newer hub, must not hold up what comes after it."""
    for item in items:
        try:
            yield item_from_json(item)
        except InputError as error:
            _log.warning("what the hub told was dropped: %s", error)


def _no_answer(error: Exception) -> UnavailableError:
    return UnavailableError("hub", f"did not answer ({type(error).__name__})", "the edge goes on; check the network")


def _root(item: Reader) -> str:
    root = item.text("root", limit=64)
    if not ROOT.fullmatch(root):
        raise InputError(f"{item.path}.root", "must have 64 hexadecimal digits")
    return root


def _malformed() -> UnavailableError:
    return UnavailableError("hub", "sent an answer that cannot be read", "check the hub's URL and version")
