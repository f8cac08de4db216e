"""A client of OpenClaw's gateway: the part of its WebSocket protocol that a conversation needs."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import aiohttp

from tests.simulators.openclaw_host import TOKEN

TURN_SECONDS: Final = 150.0
ENDS: Final = frozenset({"final", "error", "aborted"})


@dataclass(frozen=True)
class Turn:
    """What came of one user message: `state` is "final", "error" or "aborted"; `text` is what the agent said."""

    state: str
    text: str
    session: str = ""


class Operator:
    """One connection."""

    def __init__(self, connection: aiohttp.ClientWebSocketResponse) -> None:
        self._connection = connection
        self._count = 0

    async def connect(self) -> None:
        """Present itself."""
        await self._event("connect.challenge")
        await self.call(
            "connect",
            {
                "minProtocol": 4,
                "maxProtocol": 4,
                "client": {"id": "gateway-client", "version": "1.0.0", "platform": "linux", "mode": "backend"},
                "role": "operator",
                "scopes": ["operator.admin", "operator.read", "operator.write", "operator.approvals"],
                "caps": [],
                "auth": {"token": TOKEN},
            },
        )

    async def turn(self, session: str, message: str) -> Turn:
        """Send a user message and wait for the end of the turn."""
        run = uuid.uuid4().hex
        await self.call("chat.send", {"sessionKey": session, "idempotencyKey": run, "message": message})
        while True:
            payload = await self._event("chat")
            if payload.get("runId") == run and payload["state"] in ENDS:
                content = (payload.get("message") or {}).get("content") or []
                said = "\n".join(part.get("text", "") for part in content)
                return Turn(payload["state"], said or str(payload.get("errorMessage", "")), session)

    async def call(self, method: str, params: dict[str, Any]) -> Any:
        """Return the payload of the answer, which must not be an error; ask again where it says that it is busy."""
        while not (frame := await self._answer(method, params))["ok"]:
            assert frame["error"].get("retryable"), frame
            await asyncio.sleep(frame["error"].get("retryAfterMs", 1000) / 1000)
        return frame.get("payload")

    async def _answer(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        self._count += 1
        await self._connection.send_json({"type": "req", "id": str(self._count), "method": method, "params": params})
        while True:
            frame = await self._connection.receive_json()
            if frame["type"] == "res" and frame["id"] == str(self._count):
                return dict(frame)

    async def _event(self, name: str) -> dict[str, Any]:
        while True:
            frame = await self._connection.receive_json()
            if frame["type"] == "event" and frame["event"] == name:
                return dict(frame.get("payload") or {})


@asynccontextmanager
async def operator(port: int) -> AsyncGenerator[Operator, None]:
    """Connect to the gateway on a loopback port."""
    async with (
        asyncio.timeout(TURN_SECONDS),
        aiohttp.ClientSession() as http,
        http.ws_connect(f"http://127.0.0.1:{port}", max_msg_size=0) as connection,
    ):
        client = Operator(connection)
        await client.connect()
        yield client
