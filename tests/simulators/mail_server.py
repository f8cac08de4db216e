"""A mail server on loopback: takes mail in (SMTP, RFC 5321), keeps it, and refuses or fails as a test asks it to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import cast


@dataclass
class Taken:
    sender: str
    recipients: list[str]
    raw: bytes

    @property
    def mail(self) -> EmailMessage:
        return cast("EmailMessage", message_from_bytes(self.raw, policy=default))

    @property
    def text(self) -> str:
        return str(self.mail.get_content())


@dataclass
class MailServer:
    port: int = 0
    taken: list[Taken] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    refuse: dict[str, str] = field(default_factory=dict)  # verb -> answer
    pause: float = 0.0  # seconds before a mail is acknowledged

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):  # a client may be killed at any moment
            await self._converse(reader, writer)
        writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")
        now = Taken("", [], b"")
        while line := (await reader.readline()).decode("latin-1").rstrip("\r\n"):
            self.commands.append(line)
            verb = line.split(" ")[0].upper()
            answer = self.refuse.get(verb, "250 ok")
            if verb == "MAIL":
                now = Taken(line[10:].partition(">")[0].lstrip("<"), [], b"")
            elif verb == "RCPT" and answer.startswith("2"):
                now.recipients.append(line[8:].partition(">")[0].lstrip("<"))
            elif verb == "DATA" and answer.startswith("2"):
                writer.write(b"354 go on\r\n")
                now.raw = (await reader.readuntil(b"\r\n.\r\n"))[:-3].replace(b"\r\n..", b"\r\n.")
                self.taken.append(now)
                await asyncio.sleep(self.pause)
            elif verb == "QUIT":
                answer = "221 bye"
            writer.write(answer.encode() + b"\r\n")
            await writer.drain()
            if verb == "QUIT":
                break


@asynccontextmanager
async def mail_server() -> AsyncIterator[MailServer]:
    running = MailServer()
    server = await asyncio.start_server(running.serve, "127.0.0.1", 0)
    running.port = server.sockets[0].getsockname()[1]
    try:
        yield running
    finally:
        server.close()
        await server.wait_closed()
