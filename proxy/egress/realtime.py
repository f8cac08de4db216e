"""A realtime API's socket through the egress: the client on one side, the provider on the other, and every message
between them under `safety_core.flow.realtime`.

Nobody gets a socket before the provider has opened one: whatever is wrong by then is told in an HTTP response, in the
provider's own shape. Later it is told in an `error` event, and the socket is closed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final

from proxy.egress.relay import Message, Receive, Send
from proxy.egress.socket_limits import Rate
from proxy.egress.watch import Watcher
from proxy.providers.realtime import Realtime, heard, told
from proxy.upstream.websocket import Closed, UpstreamSocket
from safety_core.edge.driver import Handlers, arun
from safety_core.errors import InputError, LimitError, SafetyError, UnavailableError
from safety_core.flow.dialect import Operation
from safety_core.flow.exchange import Exchange, Prompt, PromptContext, cause_of, named
from safety_core.flow.prompt import Permit, Refusal, permitted
from safety_core.flow.realtime import SWITCHED, Talk

PROTOCOLS: Final = frozenset({"realtime", "openai-beta.realtime-v1"})
"""Subprotocols that pass; what else is offered is a key, or somebody else's."""

NORMAL, GOING_AWAY, UNSUPPORTED, POLICY, TOO_BIG, FAILED = 1000, 1001, 1003, 1008, 1009, 1011
"""Close codes (RFC 6455, 7.4.1)."""

_PASSED: Final = frozenset({NORMAL, GOING_AWAY, POLICY, FAILED})
_OWN_CODES: Final = range(3000, 5000)

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ground:
    """What the socket of one agent stands on.

    Attributes:
        context: returns what holds for the next message, or raises a SafetyError.
        handlers: perform the effects of a flow.
        watchers: who looks on.
        connect: opens the provider's socket for a prompt that may leave, with the subprotocols that are offered.
    """

    context: Callable[[], Awaitable[PromptContext]]
    handlers: Handlers
    watchers: Sequence[Watcher]
    connect: Callable[[Permit, Sequence[str]], Awaitable[UpstreamSocket]]


class Session:
    """One socket."""

    def __init__(self, prompt: Prompt, ground: Ground, receive: Receive, send: Send) -> None:
        self._dialect = Realtime(prompt.dialect)
        self._prompt = replace(prompt, dialect=self._dialect)
        self._ground = ground
        self._receive = receive
        self._send = send
        self._talk = Talk(self._prompt, lambda redactor: self._dialect.editor(redactor, "", hide_usage=False))
        self._rate = Rate(asyncio.get_running_loop().time)

    async def serve(self, offered: Sequence[str]) -> None:
        """Serve it, from its request to its end. `offered`: the client's subprotocols."""
        for watcher in self._ground.watchers:
            watcher.began(self._prompt)
        exchange: Exchange | None = None
        upstream: UpstreamSocket | None = None
        try:
            upstream, exchange = await self._opened([name for name in offered if name in PROTOCOLS])
        finally:
            for watcher in self._ground.watchers:
                watcher.ended(self._prompt, exchange)
        if upstream is None:
            return
        try:
            await self._send({"type": "websocket.accept", "subprotocol": upstream.subprotocol})
            await self._between(upstream)
        finally:
            await upstream.aclose()

    async def _opened(self, offered: Sequence[str]) -> tuple[UpstreamSocket | None, Exchange]:
        """Return the provider's socket, or None where the client has been told why there is none."""
        try:
            permit = await arun(permitted(self._prompt, await self._ground.context()), self._ground.handlers)
            if isinstance(permit, Permit):
                upstream = await self._ground.connect(permit, offered)
                exchange = Exchange(permit.sent.id, SWITCHED, model=permit.sent.prepared.model)
                return upstream, replace(exchange, observed=permit.observed, findings=permit.sent.findings)
            refusal = permit
        except SafetyError as error:
            refusal = Refusal("", 502 if isinstance(error, UnavailableError) else 503, error)
        reason = str(cause_of(refusal.error))
        await refuse(self._send, refusal.status, self._dialect.error(refusal.status, reason))
        return None, Exchange(refusal.exchange, refusal.status, rule=named(refusal.error), reason=reason)

    async def _between(self, upstream: UpstreamSocket) -> None:
        """Pass messages both ways until one side closes, or something goes wrong; then close both."""
        tasks = [asyncio.create_task(self._upwards(upstream)), asyncio.create_task(self._downwards(upstream))]
        reason = ""
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            ended = next(task for task in tasks if task.done())
            reason = await self._told_end(ended, upstream)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await arun(self._talk.over(reason), self._ground.handlers)
            self._look()

    async def _told_end(self, ended: asyncio.Task[Closed], upstream: UpstreamSocket) -> str:
        """Tell both sides why the socket ends; return the class of the error, if it was one."""
        try:
            closed = ended.result()
        except SafetyError as error:
            reason = str(cause_of(error))
            _log.warning("a socket of %s with %s ended: %s", self._prompt.agent, self._prompt.provider, reason)
            with suppress(Exception):  # the client may have left
                await self._show(self._dialect.error_event(reason))
                await self._close(_code(error))
            await upstream.close(GOING_AWAY, "")
            return named(error)
        if closed.by_client:
            await upstream.close(closed.code, closed.reason)
        else:
            with suppress(Exception):
                await self._close(closed.code, closed.reason)
        return ""

    async def _upwards(self, upstream: UpstreamSocket) -> Closed:
        while True:
            message = await self._receive()
            if message["type"] == "websocket.disconnect":
                return Closed(_passed(message.get("code")), "", by_client=True)
            if message["type"] == "websocket.receive":
                await upstream.send(await self._heard(message))

    async def _heard(self, message: Message) -> str:
        text = message.get("text")
        if text is None:
            raise InputError("message", "is binary", "send text messages, sound in base64")
        self._rate.take()
        raw = text.encode()
        kind, purpose = heard(raw)
        prompt = replace(self._prompt, operation=Operation(purpose, self._prompt.operation.model), body=raw)
        left = await arun(self._talk.heard(kind, prompt, await self._ground.context()), self._ground.handlers)
        self._look()
        if isinstance(left, Refusal):
            raise left.error
        return left.decode()

    async def _downwards(self, upstream: UpstreamSocket) -> Closed:
        while True:
            raw = await upstream.receive()
            if isinstance(raw, Closed):
                context = await self._ground.context()
                return Closed(_passed(raw.code), context.redactor.text(raw.reason).text, by_client=False)
            notice = told(raw)
            try:
                flow = self._talk.told(raw, notice, await self._ground.context())
                parts = await arun(flow, self._ground.handlers)
            finally:
                self._look()
            for part in parts:
                await self._show(part)

    async def _show(self, message: bytes) -> None:
        await self._send({"type": "websocket.send", "text": message.decode()})

    async def _close(self, code: int, reason: str = "") -> None:
        await self._send({"type": "websocket.close", "code": code, "reason": reason[:120]})

    def _look(self) -> None:
        """Tell the watchers what has begun and ended."""
        begun, self._talk.begun = self._talk.begun, []
        ended, self._talk.ended = self._talk.ended, []
        for watcher in self._ground.watchers:
            for prompt in begun:
                watcher.began(prompt)
            for prompt, exchange in ended:
                watcher.ended(prompt, exchange)


async def refuse(send: Send, status: int, body: bytes) -> None:
    """Answer a request for a socket with an HTTP response."""
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": body})


def _passed(code: Any) -> int:
    """Return a close code as it may be sent on: some are only for who notices that there was none."""
    passes = isinstance(code, int) and (code in _PASSED or code in _OWN_CODES)
    return code if passes else NORMAL


def _code(error: SafetyError) -> int:
    if isinstance(error, UnavailableError):
        return FAILED
    if isinstance(error, LimitError):
        return TOO_BIG
    return UNSUPPORTED if isinstance(error, InputError) else POLICY
