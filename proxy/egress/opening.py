"""The egress application as the edge runs it: its settings, its services, and who may reach a model at all."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack

from proxy.calls.call import Calls
from proxy.calls.foresight import Foresight
from proxy.effects import Services, handlers
from proxy.egress.app import EgressApp, Terms
from proxy.egress.watch import Watcher
from proxy.force import InForce
from proxy.guards.turns import Turns
from proxy.settings import Settings
from safety_core.edge import clock
from safety_core.model.tool_call import AgentId
from safety_core.redact.redactor import Redactor


def open_egress(
    settings: Settings,
    services: Services,
    in_force: InForce,
    turns: Turns,
    calls: Calls,
    watchers: Sequence[Watcher],
    stack: AsyncExitStack,
) -> EgressApp:
    """Return the application; the stack closes its upstream connections. `calls` judges what responses propose."""

    async def redactor() -> Redactor:
        """Look at the vault first: a secret that was just set must not leave in the very next prompt."""
        return await services.secrets.redactor(in_force.latest())

    def admit(agent: AgentId) -> None:
        in_force.current(clock.now())
        guards.halts.demand(agent)

    guards, budgets = turns.guards, turns.budgets
    clients = {digest: AgentId(name) for name, digest in settings.clients.items()}
    providers = tuple(settings.egress.providers.values())
    terms = Terms(admit, guards, (budgets, *watchers))
    foresight = Foresight(calls, guards.foreseen, settings.tenant)
    stack.push_async_callback(foresight.aclose)
    work = {**handlers(services), **budgets.handlers(), **foresight.handlers()}
    app = EgressApp(providers, clients, redactor=redactor, handlers=work, terms=terms)
    stack.push_async_callback(app.aclose)
    return app
