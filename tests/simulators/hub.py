"""A real hub on loopback with a clock that tests turn, and the parties that speak to it."""

from __future__ import annotations

import asyncio
import json
import secrets
import socket
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx2
import uvicorn
from nacl.signing import SigningKey

from hub import admin
from hub.app import hub_app, opened
from hub.context import Context
from hub.keys import create_keys
from hub.migrations.migrate import migrate
from hub.server import Protocol
from hub.settings import Settings
from hub.store.engine import open_database
from hub.store.tokens import TokenKind
from safety_core.canonical import Digest
from safety_core.edge.hub import HubClient
from safety_core.model.approval import ANSWER_SECONDS, ApprovalRequest, RequestId
from safety_core.model.level import Level
from safety_core.model.tool_call import AgentId, SessionId, TenantId
from safety_core.model.usage import Usage, UsageBucket

START = 1_800_000_000.0


@dataclass
class Clock:
    now: float = START

    def __call__(self) -> float:
        return self.now


@dataclass
class RunningHub:
    context: Context
    url: str
    clock: Clock
    clients: list[Any] = field(default_factory=list)

    async def edge(self, tenant: str, key: SigningKey | None = None) -> HubClient:
        """Return the client of a new tenant's edge, registered."""
        client = self.client(tenant, key or SigningKey.generate())
        await client.register(await admin.add_tenant(self.context, tenant))
        return client

    def client(self, tenant: str, key: SigningKey) -> HubClient:
        client = HubClient(self.url, TenantId(tenant), key, clock=self.clock)
        self.clients.append(client.close)
        return client

    async def approver(self, tenant: str, name: str = "Olga", public: str | None = None) -> httpx2.AsyncClient:
        return await self.person(TokenKind.APPROVER, tenant, name, public)

    async def publisher(self, tenant: str, name: str = "ci") -> httpx2.AsyncClient:
        return await self.person(TokenKind.PUBLISHER, tenant, name, None)

    async def person(self, kind: TokenKind, tenant: str, name: str, public: str | None) -> httpx2.AsyncClient:
        token = await admin.add_person(self.context, kind, tenant, name, public)
        return self.http({"Authorization": f"Bearer {token}"})

    def http(self, headers: dict[str, str] | None = None) -> httpx2.AsyncClient:
        client = httpx2.AsyncClient(base_url=self.url, headers=headers, trust_env=False, verify=False, timeout=60)
        self.clients.append(client.aclose)
        return client


def migrated(url: str) -> None:
    """Bring the database at `url` to the newest schema, from wherever: an event loop may run here or not."""

    async def bring() -> None:
        database = open_database(url)
        await migrate(database)
        await database.close()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, bring()).result()


@cache
def newest() -> bytes:
    """Return an empty SQLite database of the newest schema: going through every migration again takes most of a hub's
    start."""
    with TemporaryDirectory() as folder:
        migrated(f"sqlite:///{folder}/hub.db")
        return (Path(folder) / "hub.db").read_bytes()


def made_newest(url: str) -> None:
    """Put a database of the newest schema at `url` where it is SQLite's and none is there."""
    path = Path(url.removeprefix("sqlite:///"))
    if url.startswith("sqlite:///") and not path.exists():
        path.touch(0o600)
        path.write_bytes(newest())


@asynccontextmanager
async def served(context: Context, listener: socket.socket) -> AsyncIterator[None]:
    """Answer requests by uvicorn, without its loop, which looks ten times a second whether to end."""
    config = uvicorn.Config(hub_app(context), http=Protocol, log_level="error", lifespan="off")
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup([listener])
    await server.on_tick(0)
    try:
        yield
    finally:
        for listening in server.servers:
            listening.close()
        for connection in [*server.server_state.connections]:
            connection.shutdown()
        while server.server_state.connections or server.server_state.tasks:  # noqa: ASYNC110 - it has no event
            await asyncio.sleep(0.002)


@asynccontextmanager
async def running_hub(data: Path, database: str = "", **given: Any) -> AsyncIterator[RunningHub]:
    create_keys(data / "keys")
    clock = Clock()
    settings = Settings(data, database, **given)
    made_newest(settings.database_url)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        async with opened(replace(settings, port=port), clock) as context, served(context, listener):
            running = RunningHub(context, f"http://127.0.0.1:{port}", clock)
            try:
                yield running
            finally:
                for close in running.clients:
                    await close()
                context.streams.close()


def question(tenant: str = "acme", *, strong: bool = False, now: float = START, **given: Any) -> ApprovalRequest:
    fields: dict[str, Any] = {
        "id": RequestId(secrets.token_hex(16)),
        "tenant": TenantId(tenant),
        "agent": AgentId("shop"),
        "session": SessionId("s-1"),
        "tool": "exec",
        "params": {"command": "rm -r ./old", "token": "SECRET_REF(db)"},
        "level": Level.CRITICAL_RED if strong else Level.RED,
        "outward": False,
        "strong": strong,
        "rules": ("files.delete",),
        "reason": "deletes files and folders",
        "action_digest": Digest(secrets.token_hex(32)),
        "revision": "r1",
        "created": now,
        "expires": now + ANSWER_SECONDS,
    }
    return ApprovalRequest(**{**fields, **given})


def bucket(sequence: int, requests: int, *, hour: int = 1_800_000_000 // 3600 * 3600, model: str = "m1") -> UsageBucket:
    totals = Usage(100 * requests, 10 * requests, 50 * requests, 20 * requests, 5 * requests, 2 * requests)
    return UsageBucket(
        hour, AgentId("shop"), "openai", model, sequence, requests, 0, totals, 7_500 * requests, requests // 2
    )


def json_of(response: httpx2.Response) -> Any:
    return json.loads(response.content)
