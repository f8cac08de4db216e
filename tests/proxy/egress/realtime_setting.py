"""The egress with a fake of OpenAI's realtime API behind it, on real sockets, and how a client talks to it."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from proxy.egress.app import EgressApp, Terms
from proxy.settings import Provider
from safety_core.flow.exchange import Exchange, Prompt
from tests.proxy.egress.setting import CLIENT_TOKEN, CLIENTS, Books, known, served
from tests.simulators.prompt_world import KEY, SECRETS
from tests.simulators.realtime import Realtime, said

PASSWORD, TOKEN, PROVIDER_KEY = SECRETS.values()
PATH = "/openai/v1/realtime?model=gpt-realtime"
ASK = {"type": "response.create"}


@dataclass
class Seen:
    """A watcher."""

    began_: list[Prompt] = field(default_factory=list)
    ended_: list[Exchange | None] = field(default_factory=list)

    def began(self, prompt: Prompt) -> None:
        self.began_.append(prompt)

    def ended(self, prompt: Prompt, exchange: Exchange | None) -> None:
        self.ended_.append(exchange)


@dataclass
class Setting:
    url: str
    model: Realtime
    books: Books
    seen: Seen

    def connect(self, path: str = PATH, **options: Any) -> connect:
        headers = {"authorization": f"Bearer {CLIENT_TOKEN}", "openai-beta": "realtime=v1"}
        options = {"additional_headers": headers, "max_size": None, "proxy": None, **options}
        return connect(self.url.replace("http", "ws") + path, **options)


@asynccontextmanager
async def realtime(model: Realtime, **changes: Any) -> AsyncGenerator[Setting, None]:
    books, seen = Books(), Seen()
    handlers = {**books.handlers(), **changes.pop("handlers", {})}
    private = changes.pop("private", True)
    async with model:
        base = changes.pop("base_url", model.url)
        providers = [Provider(name, name, base, KEY, private) for name in ("anthropic", "openai", "azure")]
        app = EgressApp(providers, CLIENTS, redactor=known, handlers=handlers, terms=Terms(watchers=(seen,), **changes))
        async with served(app) as url:
            yield Setting(url, model, books, seen)
        await app.aclose()


def answers(text: str = "hello") -> Realtime:
    return Realtime(lambda event: said(text) if event["type"] == "response.create" else [])


async def say(socket: ClientConnection, *messages: Mapping[str, Any]) -> None:
    for message in messages:
        await socket.send(json.dumps(message))


async def until(socket: ClientConnection, kind: str) -> list[dict[str, Any]]:
    """Return what comes, up to and with the first event of this type."""
    found = []
    async for message in socket:
        found.append(json.loads(message))
        if found[-1]["type"] == kind:
            break
    return found


async def closing(socket: ClientConnection) -> tuple[list[dict[str, Any]], int | None, str]:
    """Return what comes until the socket closes, and how it does."""
    found = []
    with suppress(ConnectionClosed):
        async for message in socket:
            found.append(json.loads(message))
    return found, socket.close_code, socket.close_reason or ""
