"""Opens what the edge stands on: keys, stores, hub, engine. Each is closed by the stack, in reverse order."""

from __future__ import annotations

import hashlib
import os
import stat
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from proxy.canaries import Canaries
from proxy.effects import Services
from proxy.guards.halts import Halts
from proxy.guards.interlock import Guards
from proxy.guards.presence import Presence
from proxy.secrets import Secrets
from proxy.sessions.correspondents import Correspondents
from proxy.settings import EgressSettings, HubSettings, Settings
from safety_core.edge import clock
from safety_core.edge.approvals import ApprovalStore
from safety_core.edge.audit_log import AuditLog
from safety_core.edge.confine.confinement import MIB, of_commands
from safety_core.edge.confine.layers import layers
from safety_core.edge.correspondents import CorrespondentStore
from safety_core.edge.execute.limits import Limits
from safety_core.edge.halts import HaltStore
from safety_core.edge.home import Home
from safety_core.edge.hub import HubClient
from safety_core.edge.journal import Journal
from safety_core.edge.key_file import edge_key
from safety_core.edge.order_log import OrderLog
from safety_core.edge.posture import PostureStore
from safety_core.edge.usage_store import UsageStore
from safety_core.edge.vault import Vault
from safety_core.edge.vault_key import find_vault_key
from safety_core.edge.witness import WitnessStore
from safety_core.errors import InputError
from safety_core.model.execution import ExecutionState
from safety_core.model.record import AuditEntry, Event
from safety_core.model.tool_call import TenantId

TOKEN_LENGTH: Final = 32
"""Characters of a control token at least: 128 bits in hexadecimal."""

ROOT_LIMIT: Final = 1024 * 1024
"""Bytes of root.json; real ones have a few thousand."""


def limits_of(settings: Settings) -> Limits:
    """Return what bounds an execution at this edge: nothing of the edge itself is there for a command.

    What this machine has to hold commands is tried now, so that no call waits for it.

    Raises:
        InputError: they are to have no network, and nothing here keeps them from it.
        UnavailableError: it could not be tried.
    """
    given = settings.execute
    if not given.confine:
        return Limits(confinement=None, secrets_in_arguments=given.secrets_in_arguments)
    if layers().rooms == "none" and not given.network:
        reason = "cannot be false: this machine has no namespaces, so commands would have the network"
        raise InputError("execute.network", reason, "let the edge have namespaces: see `safety status`")
    control = [settings.control.socket, *([settings.control.token_file] if settings.control.token_file else [])]
    confinement = of_commands(
        Home(settings.home),
        settings.workspace,
        writable=given.writable,
        sockets=given.sockets,
        hidden=[*control, *map(Path, given.hidden)],
    )
    bounded = replace(
        confinement,
        memory=given.memory * MIB,
        processes=given.processes,
        file_size=given.file_size * MIB,
        network=given.network,
    )
    return Limits(confinement=bounded, secrets_in_arguments=given.secrets_in_arguments)


async def open_services(home: Home, limits: Limits, stack: AsyncExitStack) -> Services:
    """Return the stores, open. Raises SafetyError naming the file that is wrong.

    Args:
        limits: what bounds every execution.
    """
    found = partial(find_vault_key, home)
    vault = stack.enter_context(Vault.open(home.vault, found(), fresh=found))
    audit = await AuditLog.open(home.audit, edge_key(home))
    stack.push_async_callback(audit.aclose)
    approvals = ApprovalStore.open(home.edge_db)
    stack.push_async_callback(approvals.aclose)
    usage = UsageStore.open(home.edge_db)
    stack.push_async_callback(usage.aclose)
    posture = await PostureStore.open(home.edge_db)
    stack.push_async_callback(posture.aclose)
    canaries = Canaries(vault, audit)
    secrets = Secrets(vault, canaries)
    await secrets.refresh()
    stack.push_async_callback(canaries.end)
    journal = await open_journal(home, limits, audit, stack)
    return Services(secrets, audit, approvals, usage, posture=posture, journal=journal)


async def open_journal(home: Home, limits: Limits, audit: AuditLog, stack: AsyncExitStack) -> Journal:
    """Return what the edge carried out; what was under way when it ended is put on record as cut off."""
    journal = await Journal.open(home.edge_db, limits)
    stack.push_async_callback(journal.aclose)
    for cut in await journal.interrupted():
        entry = AuditEntry(clock.now(), Event.INTERRUPTED, cut.agent, cut.tool, cut.call, revision=cut.revision)
        await audit.append(entry)
        await journal.end(cut.id, ExecutionState.UNKNOWN, None, clock.now())
    return journal


async def open_guards(home: Home, settings: EgressSettings, audit: AuditLog, stack: AsyncExitStack) -> Guards:
    """Return what stands between agents and their models, its memory read. Raises UnavailableError."""
    witness = await WitnessStore.open(home.edge_db)
    stack.push_async_callback(witness.aclose)
    thrown = HaltStore.open(home.edge_db)
    stack.push_async_callback(thrown.aclose)
    halts = Halts(thrown, audit)
    await halts.load()
    presence = Presence(settings.require_plugin)
    return Guards(settings.require_plugin, settings.interlock, presence, halts, witness)


async def open_correspondents(home: Home, stack: AsyncExitStack) -> Correspondents:
    """Return whom agents may answer. Raises UnavailableError."""
    store = await CorrespondentStore.open(home.edge_db)
    stack.push_async_callback(store.aclose)
    return Correspondents(store)


def open_order_log(home: Home, stack: AsyncExitStack) -> OrderLog:
    """Return what came of the hub's orders. Raises UnavailableError."""
    log = OrderLog.open(home.edge_db)
    stack.push_async_callback(log.aclose)
    return log


def open_hub(home: Home, settings: HubSettings, tenant: TenantId, stack: AsyncExitStack) -> HubClient | None:
    """Return the hub's client, or None where no hub is set."""
    if not settings.url:
        return None
    hub = HubClient(settings.url, tenant, edge_key(home))
    stack.push_async_callback(hub.close)
    return hub


def read_root(path: Path) -> bytes:
    """Return the pinned root of trust. Raises InputError if it is not there: without it no policy can be trusted."""
    try:
        with path.open("rb") as file:
            return file.read(ROOT_LIMIT)
    except OSError as error:
        fix = "copy root.json from whoever publishes your policy, and set `root` to its path"
        raise InputError(f"root of trust {path}", f"cannot be read ({error.strerror})", fix) from error


def read_token(path: Path) -> bytes:
    """Return the sha256 (32 bytes) of the control token in `path`.

    Raises:
        InputError: it cannot be read, others may read it, or it is too short to be safe.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            token = file.read(4096).strip()
    except OSError as error:
        raise InputError(
            f"token file {path}", f"cannot be read ({error.strerror})", "make one: openssl rand -hex 32"
        ) from error
    if mode & (stat.S_IWGRP | stat.S_IRWXO):
        raise InputError(f"token file {path}", f"is open to others (mode {stat.S_IMODE(mode):o})", f"chmod 600 {path}")
    if len(token) < TOKEN_LENGTH:
        raise InputError(
            f"token file {path}", f"holds fewer than {TOKEN_LENGTH} characters", "make one: openssl rand -hex 32"
        )
    return hashlib.sha256(token).digest()
