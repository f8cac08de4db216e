"""Puts the parts of the edge together, runs them, and takes them apart again in reverse order."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from starlette.types import ASGIApp

from proxy.background.pace import Pace
from proxy.background.plan import going_on, planned
from proxy.background.policy import PolicySync
from proxy.background.sight import Sight
from proxy.caller import Callers
from proxy.calls.call import Calls
from proxy.calls.changes import Changes
from proxy.calls.desk import Desk
from proxy.calls.grants import Grants
from proxy.control.endpoint import TokenGuard
from proxy.control.routes import Control, control_app
from proxy.control.status import Status
from proxy.effects import Services
from proxy.egress.opening import open_egress
from proxy.engine import start_judging
from proxy.force import InForce
from proxy.guards.turns import Turns
from proxy.logs import log_to
from proxy.parts import (
    limits_of,
    open_correspondents,
    open_guards,
    open_hub,
    open_order_log,
    open_services,
    read_root,
    read_token,
)
from proxy.serve import Listener, serve
from proxy.settings import Settings
from proxy.sockets import listen_tcp, unix_listener
from proxy.spending.budgets import Budgets
from proxy.spending.prefixes import Prefixes
from proxy.spending.prices import PriceList
from proxy.watching.costs import Costs
from proxy.watching.looking import Looking, open_traffic
from safety_core.canonical import JsonObject
from safety_core.edge import clock
from safety_core.edge.backup import Backups
from safety_core.edge.bundles import BundleStore
from safety_core.edge.confine.layers import layers
from safety_core.edge.connections import Connected
from safety_core.edge.home import Home
from safety_core.edge.key_file import edge_key
from safety_core.edge.pattern_cache import load_patterns
from safety_core.edge.supervisor import LEAVING, READY, supervised
from safety_core.errors import InputError, SafetyError, SecretError, UnavailableError
from safety_core.resolve.manifests import misfits

if TYPE_CHECKING:
    from proxy.forward.parts import Parts


OWED_SECONDS: Final = 5.0
"""Between two tries to write down usage that could not be written: as long as a locked file is waited for."""


@dataclass(frozen=True, slots=True)
class Edge:
    """The parts, put together."""

    settings: Settings
    control: Control
    egress: ASGIApp
    in_force: InForce
    sync: PolicySync
    status: Status
    paces: tuple[Pace, ...]
    forward: Parts | None = None


@asynccontextmanager
async def opened(settings: Settings) -> AsyncGenerator[Edge, None]:
    """Yield the edge with every store open and the last trusted policy in force, not yet listening.

    Raises:
        SafetyError: a key, store or file that the edge cannot do without is missing or wrong.
    """
    async with AsyncExitStack() as stack:
        home = Home(settings.home).create()
        services = await open_services(home, limits_of(settings), stack)

        scrub = services.secrets.scrub
        log_to(None, scrub)
        in_force = InForce(
            lambda bundle: start_judging(settings, bundle),
            settings.policy_grace,
            lambda patterns: load_patterns(patterns, home.cache),
        )
        stack.push_async_callback(in_force.close)
        hub = open_hub(home, settings.hub, settings.tenant, stack)
        store = BundleStore(home.bundle_dir, settings.tenant, read_root(settings.root), grace=settings.policy_grace)
        sync = PolicySync(store, in_force, services.audit, hub.fetch if hub else None)
        await sync.load_last()
        guards = await open_guards(home, settings.egress, services.audit, stack)
        prices = PriceList(in_force.policy, settings.egress.providers)
        budgets = Budgets(services.usage, services.audit, in_force.policy, prices)
        await budgets.load()
        stack.push_async_callback(budgets.owed.settle_at_last)
        prefixes = Prefixes(services.audit.append, scrub)
        stack.push_async_callback(prefixes.aclose)
        turns = Turns(in_force, services, guards, budgets, prefixes=prefixes)
        traffic, telling = open_traffic(settings, scrub, stack)
        owed = Pace("usage: owed", budgets.owed.settle, OWED_SECONDS)
        sight = Sight(services, guards, traffic.sums, budgets, Backups(home), settings.hub.secret_names)
        log = open_order_log(home, stack)
        connected = Connected(home, settings.connections)
        changes = Changes(services, in_force, settings.workspace, connected)
        paces = (*planned(settings.hub, hub, sight, in_force, sync, log, changes), owed, *telling)
        status = Status(settings, in_force, services, turns, paces, clock.now())

        reload = partial(_reload, services, connected, sync, status)
        people, wait = await open_correspondents(home, stack), settings.approval_wait
        calls = Calls(in_force, services, guards, settings.workspace, wait, people, connections=connected)
        desk = Desk(Grants(services.approvals, services.audit, in_force), edge_key(home), connected)
        looking = Looking(services, in_force, budgets, prefixes, traffic, prices.cost, Costs(services.usage))
        control = Control(settings.tenant, calls, desk, Callers(), turns, looking, status.to_json, reload)
        egress = open_egress(settings, services, in_force, turns, calls, (traffic, prefixes), stack)
        forward = None
        if settings.egress.forward_port is not None:
            from proxy.forward.opening import open_forward  # late: most have none

            forward = open_forward(settings, services, in_force, guards.halts, egress)
            status.forward = forward.books.to_json
        yield Edge(settings, control, egress, in_force, sync, status, paces, forward)


async def _reload(services: Services, connected: Connected, sync: PolicySync, status: Status) -> JsonObject:
    """Take up what changed on disk and at the hub; return what is in force."""
    await services.secrets.refresh()
    connected.reload()
    trouble = ""
    try:
        await sync.pull()
    except SafetyError as error:
        trouble = str(error)
    return {**await status.to_json(), "trouble": trouble}


async def check(settings: Settings) -> tuple[JsonObject, tuple[SafetyError, ...]]:
    """Open everything, look once for a policy, and return what would be in force, and what calls would stumble over."""
    async with opened(settings) as edge:
        with suppress(SafetyError):
            await edge.sync.pull()
        return await edge.status.to_json(), tuple(_troubles(edge))


_DRAW: Final = "draw a token for each, and list its sha256 in [clients] (docs/setup.md, A model)"


def _troubles(edge: Edge) -> Iterator[SafetyError]:
    if edge.settings.execute.confine and not layers().hide:
        reason = "holds nobody here: commands read the edge's files, the vault's key among them"
        yield UnavailableError("execute.confine", reason, "let the edge have Landlock or namespaces: `safety status`")
    if not Path(edge.settings.workspace).is_dir():
        yield InputError(
            f"workspace {edge.settings.workspace}", "is no folder", "make it, or set `workspace` to the agent's folder"
        )
    if edge.settings.control.port is not None and edge.settings.control.token_file is not None:
        try:
            read_token(edge.settings.control.token_file)
        except SafetyError as error:
            yield error
    providers = edge.settings.egress.providers
    if providers and not edge.settings.clients:
        yield InputError("clients", "there are none, so every prompt is refused", _DRAW)
    for name, provider in providers.items():
        if not provider.key_secret and not provider.private:
            thing = f"setting egress.providers.{name}.key_secret"
            yield InputError(thing, "is missing, so no key is sent", "name a secret of the vault")
        try:
            edge.status.services.secrets.demand((provider.key_secret,) if provider.key_secret else ())
        except SecretError as error:
            yield error
    yield from _unusable(edge)
    if edge.forward is not None and edge.in_force.any:
        from proxy.forward.opening import troubles

        yield from troubles(edge.forward, edge.settings, edge.in_force.latest().policy.forward)


def _unusable(edge: Edge) -> Iterator[SafetyError]:
    """Yield what of the connected services no call could use."""
    connections = edge.control.calls.connections
    for connection in connections.values():
        try:
            edge.status.services.secrets.demand(tuple(connection.secrets.values()))
        except SecretError as error:
            yield error
    if edge.in_force.any:
        yield from misfits(connections, edge.in_force.latest().policy.catalogue)


async def run(settings: Settings, ready: Callable[[JsonObject], None]) -> None:
    """Serve until told to stop. `ready` gets what says where."""
    async with opened(settings) as edge:
        with ExitStack() as sockets:
            listeners = listen(edge, sockets)
            if not edge.in_force.any:
                with suppress(SafetyError):  # told by the status, and tried again in the background
                    await edge.sync.pull()
            async with going_on(edge.paces), _forwarding(edge, sockets), supervised() as tell:

                def up() -> None:
                    ready({"ready": True, **edge.status.listeners})
                    tell(READY)

                def leaving() -> None:
                    tell(LEAVING)
                    edge.control.callers.dismiss()

                await serve(listeners, up, leaving)


@asynccontextmanager
async def _forwarding(edge: Edge, sockets: ExitStack) -> AsyncGenerator[None, None]:
    """Run the forward proxy, where there is one, and note its port. Raises InputError."""
    port = edge.settings.egress.forward_port
    if edge.forward is None or port is None:
        yield
        return
    from proxy.forward.opening import forwarding

    async with forwarding(edge.forward, port, sockets) as chosen:
        edge.status.listeners["forward"] = chosen
        yield


def listen(edge: Edge, sockets: ExitStack) -> list[Listener]:
    """Return every listener, its socket bound, and note their places in the status. Raises InputError."""
    settings = edge.settings.control
    listeners = [Listener(control_app(edge.control, local=True), sockets.enter_context(unix_listener(settings.socket)))]
    places: JsonObject = {"control": str(settings.socket), "control_port": None}
    if settings.port is not None and settings.token_file is not None:
        guarded = TokenGuard(control_app(edge.control, local=False), read_token(settings.token_file))
        listeners.append(Listener(guarded, sockets.enter_context(listen_tcp("127.0.0.1", settings.port))))
        places["control_port"] = listeners[-1].socket.getsockname()[1]
    egress = edge.settings.egress
    listeners.append(
        Listener(edge.egress, sockets.enter_context(listen_tcp(egress.host, egress.port)), websockets=True)
    )
    places["egress"] = listeners[-1].socket.getsockname()[1]
    edge.status.listeners = places
    return listeners
