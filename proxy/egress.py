"""The LLM egress: prompt -> redact -> egress -> meter, as one ASGI application.

    app = egress_app(settings, redactor=lambda: vault_redactor, handlers={Now: ..., Record: ..., ...})
    ...
    await app.aclose()

Routes: `/<provider>/v1/...` for every provider in the settings (what follows the provider's name is appended to its
base URL), and bare `/v1/chat/completions` and `/v1/messages` for the first provider that speaks that dialect.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from proxy.egress_settings import EgressSettings, Provider, check_settings
from proxy.providers.dialects import DIALECTS, Api
from proxy.upstream import Upstream
from proxy.wire import Receive, Send, Wire
from safety_core.edge.driver import Handlers, arun
from safety_core.errors import LimitError, SafetyError
from safety_core.flow.egress_effects import Headers
from safety_core.flow.prompt import Exchange, Prompt, PromptContext, forward
from safety_core.model.tool_call import AgentId
from safety_core.redact.redactor import Redactor

__all__ = ["EgressApp", "EgressSettings", "Provider", "egress_app"]

Scope: TypeAlias = MutableMapping[str, Any]

LOG: Final = logging.getLogger("safety.egress")


@dataclass(frozen=True, slots=True)
class Route:
    """Where a request goes. `path` is None where this provider has no such path."""

    provider: Provider
    api: Api
    path: str | None


class EgressApp:
    """An ASGI application that owns its upstream connections. Close it with `aclose()`."""

    def __init__(
        self,
        settings: EgressSettings,
        redactor: Callable[[], Redactor],
        handlers: Handlers,
        admit: Callable[[AgentId], None],
    ) -> None:
        self._settings = settings
        self._redactor = redactor
        self._handlers = handlers
        self._admit = admit
        times = {"connect_seconds": settings.connect_seconds, "silence_seconds": settings.silence_seconds}
        self._upstreams = {private: Upstream(private=private, **times) for private in (False, True)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (or the lifespan, which it accepts and whose end closes it)."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await self._serve(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def aclose(self) -> None:
        """Close the upstream connections."""
        for upstream in self._upstreams.values():
            await upstream.aclose()

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.aclose()
        await send({"type": "lifespan.shutdown.complete"})

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = self._route(scope["path"])
        if route is None:
            return await _answer(
                send, DIALECTS["openai"], 404, "no such provider: the path must begin with a listed one"
            )
        agent = self._agent(scope["headers"])
        if agent is None:
            return await _answer(send, route.api, 401, "the client token is missing or unknown to the gateway")
        if route.path is None:
            return await _answer(send, route.api, 404, f"{route.provider.name} has no such path here")
        if scope["method"] != "POST":
            return await _answer(send, route.api, 405, "only POST is allowed here")
        try:
            body = await _body(scope, receive, self._settings.body_limit)
        except LimitError as error:
            return await _answer(send, route.api, 413, str(error))
        if body is not None:
            await self._exchange(_prompt(route, agent, scope, body), route, receive, send)
        return None

    async def _exchange(self, prompt: Prompt, route: Route, receive: Receive, send: Send) -> None:
        provider = route.provider
        upstream = self._upstreams[provider.private]
        try:
            context = PromptContext(self._redactor(), self._settings.body_limit, self._admit)
        except SafetyError as error:
            return await _answer(send, route.api, 503, str(error))
        async with Wire(receive, send, upstream, provider.base_url, route.api.key_header) as wire:
            exchange = await arun(forward(prompt, context), {**self._handlers, **wire.handlers()})
            await wire.finish()
        return _log(exchange, prompt)

    def _route(self, path: str) -> Route | None:
        for provider in self._settings.providers:
            api = DIALECTS[provider.dialect]
            if path.startswith(f"/{provider.name}/"):
                inner = path.removeprefix(f"/{provider.name}")
                return Route(provider, api, inner if inner in api.paths else None)
        for provider in self._settings.providers:
            api = DIALECTS[provider.dialect]
            if path in api.paths:
                return Route(provider, api, path)
        return None

    def _agent(self, headers: Headers) -> AgentId | None:
        """Return the agent whose token this is, in whichever header the client's SDK sends it."""
        for name, value in headers:
            token = value.removeprefix(b"Bearer ") if name == b"authorization" else value
            if name in {b"authorization", b"x-api-key", b"api-key"}:
                agent = self._settings.clients.get(hashlib.sha256(token.strip()).hexdigest())
                if agent is not None:
                    return agent
        return None


def egress_app(
    settings: EgressSettings,
    *,
    redactor: Callable[[], Redactor],
    handlers: Handlers,
    admit: Callable[[AgentId], None] = lambda agent: None,
) -> EgressApp:
    """Return the application.

    Args:
        settings: frozen for the application's life.
        redactor: returns the redactor that holds now, or raises a SafetyError; asked once per request.
        handlers: perform Now, NewId, Record, Resolve, Remember and Meter (sync or async, see
        `safety_core.edge.driver`). admit: raises a SafetyError where this agent may not talk to a model now (its
        plugin is not checked in); the
            client gets it as 403 in the provider's own shape.

    Raises:
        InputError: a provider or client is not what it must be.
    """
    check_settings(settings)
    return EgressApp(settings, redactor, handlers, admit)


def _prompt(route: Route, agent: AgentId, scope: Scope, body: bytes) -> Prompt:
    query = scope.get("query_string", b"").decode("latin-1")
    target = f"{route.path}?{query}" if query else f"{route.path}"
    provider = route.provider
    headers = tuple((name, value) for name, value in scope["headers"])
    return Prompt(agent, provider.name, route.api, provider.secret, target, headers, body)


async def _body(scope: Scope, receive: Receive, limit: int) -> bytes | None:
    """Return the request's body, or None if the client leaves before its end."""
    refusal = LimitError("request body", f"is larger than {limit} bytes")
    announced = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    if announced.isdigit() and int(announced) > limit:
        raise refusal
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if len(body) > limit:
            raise refusal
        if not message.get("more_body", False):
            return bytes(body)


async def _answer(send: Send, api: Api, status: int, message: str) -> None:
    body = api.error(status, message)
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _log(exchange: Exchange, prompt: Prompt) -> None:
    if exchange.rule:
        where = (exchange.id, prompt.agent, prompt.provider, exchange.status)
        LOG.warning("exchange %s of %s with %s ended with %d: %s", *where, exchange.reason)
