"""The forward proxy as the edge runs it: its settings, its services, and what is in force. Imported only where it is
switched on, since few do."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import ExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Final

from starlette.types import ASGIApp

from proxy.effects import Services
from proxy.force import InForce
from proxy.forward.books import Books
from proxy.forward.dial import Dialer
from proxy.forward.leaves import Leaves
from proxy.forward.listening import listening
from proxy.forward.outward import Outward
from proxy.forward.parts import Parts
from proxy.forward.permission import Permission, by_host, is_llm_host
from proxy.guards.halts import Halts
from proxy.settings import Settings
from proxy.sockets import listen_tcp
from safety_core.edge import clock
from safety_core.edge.home import Home
from safety_core.errors import PolicyError, SafetyError
from safety_core.model.forward import ForwardPolicy, How
from safety_core.model.tool_call import AgentId
from safety_core.redact.redactor import Redactor

if TYPE_CHECKING:
    from safety_core.edge.local_ca import LocalCa

LOOPBACK: Final = "127.0.0.1"
"""Its clients send their token in clear text."""


def open_forward(settings: Settings, services: Services, in_force: InForce, halts: Halts, egress: ASGIApp) -> Parts:
    """Return what its connections share; nothing listens yet."""
    home = Home(settings.home)

    async def redactor() -> Redactor:
        """Look at the vault first: a secret that was just set must not leave in the very next request."""
        return await services.secrets.redactor(in_force.latest())

    def policy() -> ForwardPolicy:
        return in_force.current(clock.now()).policy.forward

    def admit(agent: AgentId) -> None:
        in_force.current(clock.now())
        halts.demand(agent)

    dialer = Dialer()
    return Parts(
        clients={digest: AgentId(name) for name, digest in settings.clients.items()},
        permission=Permission(policy, admit, by_host(settings.egress.providers.values())),
        redactor=redactor,
        remember=services.secrets.remember,
        egress=egress,
        books=Books(
            services.audit.append,
            services.secrets.scrub,
            lambda: in_force.latest().policy.revision if in_force.any else "",
        ),
        leaves=Leaves(lambda: _authority(home), clock.now),
        dialer=dialer,
        outward=Outward(dialer),
    )


@asynccontextmanager
async def forwarding(parts: Parts, port: int, sockets: ExitStack) -> AsyncGenerator[int, None]:
    """Listen on loopback until the block ends, and yield the port. Raises InputError where it is taken."""
    listener = sockets.enter_context(listen_tcp(LOOPBACK, port))
    async with listening(parts, listener):
        yield int(listener.getsockname()[1])


def troubles(parts: Parts, settings: Settings, policy: ForwardPolicy) -> Iterator[SafetyError]:
    """Yield what listed hosts would stumble over: no CA to open their TLS, or a tunnel past the egress."""
    providers = parts.permission.providers
    for rule in policy.hosts:
        if rule.host not in providers and is_llm_host(rule.host):
            fix = "add it to [egress.providers], or leave it out of egress.yaml"
            yield PolicyError(f"forward proxy, {rule.host}", "is an LLM provider that is not listed: refused", fix)
        for host in providers:
            if rule.how is How.TUNNEL and rule.covers(host):
                fix = "write how: intercept, or leave it out of egress.yaml"
                yield PolicyError(
                    f"forward proxy, {rule.host}", f"would tunnel to the LLM provider {host}: refused", fix
                )
    try:
        if any(rule.how is How.INTERCEPT for rule in policy.hosts):
            _authority(Home(settings.home))
    except SafetyError as error:
        yield error


def _authority(home: Home) -> LocalCa:
    from safety_core.edge.local_ca import open_ca

    return open_ca(home)
