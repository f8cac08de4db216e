"""All that lies outside of a tenant, and it lies inside: an LLM provider, a mail server, a shop. Each on loopback.

A tenant's network is a loopback of its own and nothing else, so these are all that its egress can reach.
"""

from __future__ import annotations

import asyncio
import email
import email.policy
import json
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from safety_core.cli.demo.answers import fail, say
from safety_core.cli.demo.model import Model, Received, Reply, Script

STOCK: Final = {"spelt": 12, "rye": 9}
MAIL_BYTES: Final = 256 * 1024

Sent = Callable[[str, str, str], None]
"""Told of what arrived: what, to whom, its content."""


class Provider:
    """The scripted model. A turn is one request: `turn` holds the model for as long as its script is played."""

    def __init__(self) -> None:
        self.turn = threading.Lock()
        self._next: Script = say("(nothing was asked)")
        self._received: list[Received] = []
        self.requests = 0
        self.bytes = 0
        self.leaks = 0
        self.secrets: tuple[bytes, ...] = ()

    def will(self, script: Script) -> None:
        """Set what is answered next."""
        self._next = script

    def __call__(self, request: Received) -> Reply:
        """Take a request in, look through all its bytes for values that must not be there, and answer."""
        self.requests += 1
        self.bytes += len(request.body)
        self.leaks += any(secret in request.body for secret in self.secrets)
        self._received = [request]
        return self._next(request)

    def last_text(self) -> str:
        """Return the newest message of the last request, exactly as it arrived."""
        if not self._received:
            return ""
        messages = self._received[0].json().get("messages") or [{}]
        return str(messages[-1].get("content") or "")


@dataclass(slots=True)
class Shop:
    """The shop's own service: asks for its key, books refunds."""

    sent: Sent
    key: str = ""
    stock: dict[str, int] = field(default_factory=lambda: dict(STOCK))

    def __call__(self, request: Received) -> Reply:
        """Answer one request."""
        if not self.key or request.key != self.key:
            return fail(401, b"this is not the shop's key")(request)
        if request.target == "/refunds":
            asked = request.json()
            self.sent("refund", f"order {asked.get('order')}", f"{asked.get('amount')} EUR")
            return _json({"refunded": asked.get("amount"), "order": asked.get("order")})
        if request.target == "/erase":
            self.stock.clear()
            self.sent("erased", "the whole shop", "every order and every article")
            return _json({"erased": True})
        return _json(self.stock)


@asynccontextmanager
async def serving(script: Script) -> AsyncIterator[int]:
    """Serve a script on loopback while entered; yield the port. It keeps nothing of what it was sent."""
    async with Model(script) as model:
        forgetting = asyncio.create_task(_forget(model))
        try:
            yield int(model.url.rpartition(":")[2])
        finally:
            forgetting.cancel()


@asynccontextmanager
async def mail_server(sent: Sent) -> AsyncIterator[int]:
    """Take mail in on loopback while entered (RFC 5321, as far as smtplib speaks it); yield the port."""

    async def conversation(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _converse(reader, writer, sent)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(conversation, "127.0.0.1", 0, limit=MAIL_BYTES)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def _converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sent: Sent) -> None:
    writer.write(b"220 mail.demo ESMTP\r\n")
    recipients: list[str] = []
    while line := (await reader.readline()).decode("utf-8", "replace").strip():
        verb = line[:4].upper()
        if verb == "RCPT":
            recipients.append(line.partition(":")[2].strip().partition(" ")[0].strip("<>"))
        if verb == "DATA":
            writer.write(b"354 go on\r\n")
            raw = await reader.readuntil(b"\r\n.\r\n")
            sent("mail", ", ".join(recipients), _content(raw))
            recipients.clear()
        writer.write(b"221 bye\r\n" if verb == "QUIT" else b"250 ok\r\n")
        await writer.drain()
        if verb == "QUIT":
            return


def _content(raw: bytes) -> str:
    message = email.message_from_bytes(raw.removesuffix(b".\r\n"), policy=email.policy.default)
    body = message.get_body(("plain",))
    text = body.get_content().replace("\r\n", "\n").strip() if body else ""
    return f"{message['Subject']}\n\n{text}"


async def _forget(model: Model) -> None:
    while True:
        await asyncio.sleep(5)
        del model.requests[:-10]


def _json(value: object) -> Reply:
    return Reply(chunks=[json.dumps(value).encode()])
