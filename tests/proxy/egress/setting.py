"""The egress on a real socket between real clients and a scripted model; audit log, vault and meter in memory."""

from __future__ import annotations

import asyncio
import hashlib
import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx2

from proxy.egress.app import EgressApp, Limits, Terms
from proxy.providers.dialects import DIALECTS
from proxy.serve import Listener, serve
from proxy.settings import Provider
from safety_core.cli.demo.model import Model, Script
from safety_core.edge.driver import Handlers
from safety_core.flow import effects
from safety_core.flow.egress_effects import Afford
from safety_core.model.record import AuditEntry, Event
from safety_core.model.secret import SecretName, SecretValue
from safety_core.model.tool_call import AgentId
from safety_core.redact.redactor import Redactor
from tests.simulators.prompt_world import KEY, SECRETS, redactor

CLIENT_TOKEN = "edge-client-" + "token-1"
AGENT = AgentId("ada")
CLIENTS = {hashlib.sha256(CLIENT_TOKEN.encode()).hexdigest(): AGENT}


async def known() -> Redactor:
    return redactor()


@dataclass
class Books:
    """What the edge's own stores would hold. `settled` is set with every RESPONSE and PROMPT_REFUSED."""

    log: list[AuditEntry] = field(default_factory=list)
    metered: list[effects.Meter] = field(default_factory=list)
    vault: dict[SecretName, SecretValue] = field(
        default_factory=lambda: {name: SecretValue(value) for name, value in SECRETS.items()}
    )
    settled: asyncio.Event = field(default_factory=asyncio.Event)

    def handlers(self) -> Handlers:
        return {
            effects.Now: lambda _: 1_000_000.0,
            effects.NewId: lambda _: uuid4().hex,
            effects.Record: self._record,
            effects.Resolve: lambda effect: {name: self.vault[name] for name in effect.names},
            effects.Remember: lambda effect: self.vault.update(effect.discovered),
            Afford: lambda _: None,
            effects.Meter: self.metered.append,
        }

    async def _record(self, effect: effects.Record) -> int:
        await asyncio.sleep(0)
        self.log.append(effect.entry)
        if effect.entry.event in {Event.RESPONSE, Event.PROMPT_REFUSED}:
            self.settled.set()
        return len(self.log)


@dataclass
class Setting:
    """A running egress: `url` for clients, `model` behind it, `books` beside it."""

    url: str
    model: Model
    books: Books
    app: EgressApp

    @property
    def openai_url(self) -> str:
        return f"{self.url}/openai/v1"

    @property
    def anthropic_url(self) -> str:
        return f"{self.url}/anthropic"

    def client(self, **headers: str) -> httpx2.AsyncClient:
        sent = {"authorization": f"Bearer {CLIENT_TOKEN}", **headers}
        return httpx2.AsyncClient(base_url=self.url, headers=sent, timeout=60, trust_env=False)


@asynccontextmanager
async def egress(script: Script, **changes: Any) -> AsyncGenerator[Setting, None]:
    """Run a model and an egress in front of it. `changes`: fields of Provider or Limits."""
    books = Books()
    admit: Callable[[AgentId], None] = changes.pop("admit", lambda agent: None)
    private = changes.pop("private", True)
    async with Model(script) as model:
        base = changes.pop("base_url", model.url)
        providers = tuple(Provider(name, name, base, KEY, private) for name in DIALECTS)
        app = EgressApp(
            providers,
            CLIENTS,
            redactor=known,
            handlers=books.handlers(),
            terms=Terms(admit=admit, limits=Limits(**changes)),
        )
        async with served(app) as url:
            yield Setting(url, model, books, app)
        await app.aclose()


@asynccontextmanager
async def served(app: Any) -> AsyncGenerator[str, None]:
    """Serve `app` on loopback and yield its URL."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # uvloop sets it, under which the edge runs
    up, stop = asyncio.Event(), asyncio.Event()
    task = asyncio.create_task(serve([Listener(app, listening, websockets=True)], up.set, lambda: None, stop))
    await up.wait()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        stop.set()
        await task
        listening.close()
