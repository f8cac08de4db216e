"""The egress application as the edge runs it: its settings, its services, and who may reach a model at all."""

from __future__ import annotations

from contextlib import AsyncExitStack
from types import MappingProxyType

from starlette.types import ASGIApp, Receive, Scope, Send

from proxy.effects import Services, handlers
from proxy.egress import EgressSettings, Provider, egress_app
from proxy.endpoint import json_response
from proxy.force import InForce
from proxy.presence import Presence
from proxy.settings import Settings
from safety_core.edge import clock
from safety_core.errors import SafetyError
from safety_core.model.tool_call import AgentId
from safety_core.redact.redactor import Redactor
from safety_core.wire.errors import error_to_json


def open_egress(
    settings: Settings, services: Services, in_force: InForce, presence: Presence, stack: AsyncExitStack
) -> ASGIApp:
    """Return the application; the stack closes its upstream connections."""

    def redactor() -> Redactor:
        return services.secrets.current(in_force.latest().patterns)

    def admit(agent: AgentId) -> None:
        in_force.current(clock.now())
        presence.demand(agent, clock.now())

    app = egress_app(_settings(settings), redactor=redactor, handlers=handlers(services), admit=admit)
    stack.push_async_callback(app.aclose)

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        """Look at the vault first: a secret that was just set must not leave in the very next prompt."""
        try:
            await services.secrets.refresh()
        except SafetyError as error:
            await json_response(500, error_to_json(error))(scope, receive, send)
            return
        await app(scope, receive, send)

    return serve


def _settings(settings: Settings) -> EgressSettings:
    private = settings.egress.allow_private_upstreams
    providers = tuple(
        Provider(provider.name, provider.dialect, provider.base_url, provider.key_secret, private)
        for provider in settings.egress.providers.values()
    )
    clients = {digest: AgentId(name) for name, digest in settings.clients.items()}
    return EgressSettings(providers, MappingProxyType(clients))
