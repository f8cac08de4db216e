"""The LLM egress: prompt -> redact -> egress -> meter, as one ASGI application.

    app = EgressApp(providers, clients, redactor=redactor, handlers={Now: ..., Record: ..., ...})
    ...
    await app.aclose()

Which paths it has, `proxy.egress.routing` says.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from proxy.canaries import SPEAKER
from proxy.egress.client_token import agent_of, leaving_query
from proxy.egress.realtime import Ground, Session, refuse
from proxy.egress.relay import Receive, Relay, Send, addressed
from proxy.egress.routing import Route, Scope, query_of, route_of, socket_route_of
from proxy.egress.socket_limits import Openings
from proxy.egress.watch import Watcher
from proxy.errors import status_of
from proxy.guards.interlock import Guards
from proxy.providers.dialects import DIALECTS, Api
from proxy.providers.proposals import proposed_in
from proxy.providers.realtime import model_of
from proxy.room import BODIES, Room
from proxy.settings import Provider
from proxy.upstream.client import Upstream
from proxy.upstream.websocket import UpstreamSocket, connect
from safety_core.edge.body import read_body
from safety_core.edge.driver import Handlers, arun
from safety_core.errors import BusyError, InputError, LimitError, SafetyError
from safety_core.flow.dialect import Operation, Purpose
from safety_core.flow.effects import Meter
from safety_core.flow.egress_effects import AskStanding
from safety_core.flow.exchange import Exchange, Prompt, PromptContext
from safety_core.flow.interlock import Interlock, trace_id
from safety_core.flow.prompt import Permit, forward
from safety_core.model.tool_call import AgentId
from safety_core.redact.redactor import Redactor

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one exchange.

    Attributes:
        body: bytes of a request body, and of a response body that is not a stream.
        bodies: bytes of all request bodies that are held at the same time.
        connect_seconds, silence_seconds: to the first byte of a connection, and between two chunks of a response.
    """

    body: int = 32 * 1024 * 1024
    bodies: int = BODIES
    connect_seconds: float = 10.0
    silence_seconds: float = 600.0


LIMITS: Final = Limits()


@dataclass(frozen=True, slots=True)
class Terms:
    """On which terms requests pass.

    Attributes:
        admit: raises a SafetyError where this agent may not talk to a model now; the client gets it as 424 in the
            provider's own shape.
        guards: knows whether the agent's plugin stands behind a request; None: nobody asks.
        watchers: who looks on.
    """

    admit: Callable[[AgentId], None] = lambda agent: None
    guards: Guards | None = None
    watchers: Sequence[Watcher] = ()
    limits: Limits = LIMITS


TERMS: Final = Terms()

_UNKNOWN_PROVIDER: Final = (
    "path: begins with no provider of the settings. Fix: use /NAME/... of [egress.providers.NAME], such as /openai/v1"
)
_NO_CLIENT: Final = (
    "client token: is missing, or unknown to the gateway. Fix: give the SDK, as its API key, the token whose sha256 "
    "stands in [clients] of the edge's settings"
)


@dataclass(slots=True)
class _Seen:
    """What came of a request, once that is known."""

    exchange: Exchange | None = None


class EgressApp:
    """An ASGI application that owns its upstream connections. Close it with `aclose()`.

    Args:
        providers: where prompts may go.
        clients: sha256 (64 lower-case hexadecimal digits) of a client's token -> the agent it speaks for.
        redactor: returns the redactor that holds now, or raises a SafetyError; asked once per prompt.
        handlers: perform Now, NewId, Record, Resolve, Remember, Afford and Meter (see `safety_core.edge.driver`).
    """

    def __init__(
        self,
        providers: Sequence[Provider],
        clients: Mapping[str, AgentId],
        *,
        redactor: Callable[[], Awaitable[Redactor]],
        handlers: Handlers,
        terms: Terms = TERMS,
    ) -> None:
        self._providers = providers
        self._clients = clients
        self._redactor = redactor
        self._handlers = handlers
        self._admit = terms.admit
        self._guards = terms.guards
        self._watchers = (*terms.watchers, *((terms.guards,) if terms.guards else ()))
        self._limits = limits = terms.limits
        self._sockets = Openings()
        self._room = Room(limits.bodies)
        self._upstreams: dict[tuple[AgentId, bool], Upstream] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (or the lifespan, which it accepts and whose end closes it)."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await self._serve(scope, receive, send)
        else:
            await self._serve_socket(scope, receive, send)

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
        route = route_of(self._providers, scope)
        if route is None:
            return await _answer(send, DIALECTS["openai"], 404, _UNKNOWN_PROVIDER)
        agent = agent_of(self._clients, scope["headers"], query_of(scope))
        if agent is None:
            return await _answer(send, route.api, 401, _NO_CLIENT)
        operation = route.api.paths.find(scope["method"], route.path)
        if operation is None:
            return await _answer(send, route.api, *route.unlisted(scope["method"]))
        with self._room.guest(agent) as take:
            try:
                body = await read_body(scope["headers"], receive, limit=self._limits.body, take=take)
            except (InputError, BusyError) as error:
                return await _answer(send, route.api, status_of(error), str(error))
            return await self._exchange(route.prompt(scope, operation, agent, body), route, receive, send)

    async def _serve_socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a socket of a realtime API, or say in an HTTP response why not."""
        route = socket_route_of(self._providers, scope)
        if route is None:
            message = "no such socket: only the realtime APIs of listed providers have one"
            return await refuse(send, 404, DIALECTS["openai"].error(404, message))
        api, provider = route.api, route.provider
        agent = agent_of(self._clients, scope["headers"], query_of(scope))
        if agent is None:
            return await refuse(send, 401, api.error(401, _NO_CLIENT))
        try:
            self._sockets.check(agent)
            operation = Operation(Purpose.TURN, model_of(leaving_query(query_of(scope))))
        except InputError as error:
            status = 429 if isinstance(error, LimitError) else 400
            return await refuse(send, status, api.error(status, str(error)))
        prompt = route.prompt(scope, operation, agent)

        async def reach(permit: Permit, offered: Sequence[str]) -> UpstreamSocket:
            url, signed = addressed(api, provider.base_url, permit.sent.request, permit.key)
            seconds = self._limits.connect_seconds
            return await connect(url, signed, offered, private=provider.private, connect_seconds=seconds)

        with self._sockets.one_more(agent), self._counted(prompt) as guarding:
            context = partial(self._context, agent)
            ground = Ground(context, {**self._handlers, **guarding}, self._watchers, reach)
            await Session(prompt, ground, receive, send).serve(scope["subprotocols"])
        return None

    async def _exchange(self, prompt: Prompt, route: Route, receive: Receive, send: Send) -> None:
        provider = route.provider
        upstream = self._upstream(prompt.agent, private=provider.private)
        try:
            context = await self._context(prompt.agent)
        except SafetyError as error:
            return await _answer(send, route.api, 503, str(error))
        async with Relay(receive, send, upstream, provider.base_url, route.api) as relay:
            with self._watched(prompt) as seen, self._counted(prompt) as guarding:
                table = {**self._handlers, **guarding, **relay.handlers()}
                exchange = await arun(forward(prompt, context), table)
                exchange = seen.exchange = replace(exchange, waited=relay.waited)
            await relay.finish()
        return _warn(exchange, prompt)

    async def _context(self, agent: AgentId) -> PromptContext:
        """Return what holds for the agent now. Raises SafetyError."""
        SPEAKER.set(agent)
        interlock = self._guards.interlock(agent) if self._guards else Interlock.OFF
        return PromptContext(await self._redactor(), self._limits.body, self._admit, interlock, proposed_in)

    def _upstream(self, agent: AgentId, *, private: bool) -> Upstream:
        """Return the agent's own connections: whatever a provider says on one, no other agent gets it for an answer."""
        found = self._upstreams.get((agent, private))
        if found is None:
            seconds = {"connect_seconds": self._limits.connect_seconds, "silence_seconds": self._limits.silence_seconds}
            found = self._upstreams[agent, private] = Upstream(private=private, **seconds)
        return found

    @contextmanager
    def _watched(self, prompt: Prompt) -> Generator[_Seen, None, None]:
        seen = _Seen()
        for watcher in self._watchers:
            watcher.began(prompt)
        try:
            yield seen
        finally:
            for watcher in self._watchers:
                watcher.ended(prompt, seen.exchange)

    @contextmanager
    def _counted(self, prompt: Prompt) -> Generator[Handlers, None, None]:
        """Yield what performs AskStanding and Meter, and hold the request's trace as under way until the block ends."""
        guards, trace = self._guards, trace_id(prompt.headers)
        if guards is None:
            yield {}
            return
        looking: Handlers = {AskStanding: guards.standing}
        if not trace:
            yield looking
            return

        def count(effect: Meter) -> object:
            guards.traces.count(prompt.agent, trace, effect.usage)
            return self._handlers[Meter](effect)

        with guards.traces.request(prompt.agent, trace):
            yield {**looking, Meter: count}


async def _answer(send: Send, api: Api, status: int, message: str) -> None:
    """Turn a request away that is no exchange yet; the log says so, for nothing else does."""
    _log.info("a request was turned away with %d: %s", status, message)
    body = api.error(status, message)
    length = (b"content-length", str(len(body)).encode())
    headers = [(b"content-type", b"application/json"), length, *api.error_headers(status)]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _warn(exchange: Exchange, prompt: Prompt) -> None:
    if exchange.observed:
        _log.warning("exchange %s of %s would be refused: %s", exchange.id, prompt.agent, exchange.observed)
    if exchange.rule:
        where = (exchange.id, prompt.agent, prompt.provider, exchange.status)
        _log.warning("exchange %s of %s with %s ended with %d: %s", *where, exchange.reason)
