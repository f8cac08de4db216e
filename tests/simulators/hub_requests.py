"""One kept connection to a hub, and requests as edges and approvers send them: little work for the asker."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from types import TracebackType
from typing import Any

from safety_core.model.tool_call import TenantId
from safety_core.wire.signed import RequestStamp, sign_request
from tests.simulators.hub_process import KEY


def signed(method: str, path: str, tenant: str, body: bytes = b"") -> bytes:
    """Return the bytes of a request of a tenant's edge."""
    stamp = RequestStamp(TenantId(tenant), int(time.time()), secrets.token_hex(16))
    return _request(method, path, sign_request(method, path, body, stamp, KEY), body)


def borne(method: str, path: str, token: str, body: bytes = b"") -> bytes:
    """Return the bytes of a request of whoever bears a token."""
    return _request(method, path, {"Authorization": f"Bearer {token}"}, body)


def _request(method: str, path: str, headers: dict[str, str], body: bytes) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"{method} {path} HTTP/1.1\r\nHost: hub\r\n{lines}Content-Length: {len(body)}\r\n\r\n".encode() + body


class Line:
    """A connection; use as a context manager."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def __aenter__(self) -> Line:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.writer.close()

    async def ask(self, raw: bytes) -> tuple[int, Any]:
        """Send a request; return status and JSON body of its answer."""
        self.writer.write(raw)
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        body = await self.reader.readexactly(length)
        return int(head[9:12]), json.loads(body) if body else None
