"""The parts of an edge that its heartbeats and its orders look at, on real stores, without listeners."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from nacl.signing import SigningKey

from proxy.background.sight import Sight
from proxy.effects import Services
from proxy.force import InForce
from proxy.guards.halts import Halts
from proxy.guards.interlock import Guards
from proxy.guards.presence import Presence
from proxy.secrets import Secrets
from proxy.spending.budgets import Budgets
from proxy.spending.prices import PriceList
from safety_core.bundle.contents import TrustedBundle
from safety_core.edge.approvals import ApprovalStore
from safety_core.edge.audit_log import AuditLog
from safety_core.edge.backup import Backups
from safety_core.edge.engine import Engine
from safety_core.edge.halts import HaltStore
from safety_core.edge.home import Home
from safety_core.edge.rego import RegoEngine
from safety_core.edge.usage_store import UsageStore
from safety_core.edge.vault import Vault
from safety_core.edge.vault_key import RawKey
from safety_core.edge.witness import WitnessStore
from safety_core.flow.interlock import Interlock
from safety_core.model.secret import SecretName, SecretValue
from safety_core.wire.activity import Count

SECRET = f"Kx{secrets.token_hex(12)}"
"""In the vault as OVEN."""


@asynccontextmanager
async def opened_sight(folder: Path) -> AsyncIterator[Sight]:
    home = Home(folder).create()
    vault = Vault.open(home.vault, RawKey.of(b"3" * 32))
    vault.put(SecretName("OVEN"), SecretValue(SECRET), now=1.0)
    vault.put(SecretName("found_x1"), SecretValue(f"{SECRET}2"), now=1.0, discovered=True)
    audit = await AuditLog.open(home.audit, SigningKey(b"1" * 32))
    approvals, usage = ApprovalStore.open(home.edge_db), UsageStore.open(home.edge_db)
    services = Services(Secrets(vault), audit, approvals, usage)
    await services.secrets.refresh()
    witness, thrown = await WitnessStore.open(home.edge_db), HaltStore.open(home.edge_db)
    guards = Guards((), Interlock.OFF, Presence(), Halts(thrown, audit), witness)
    budgets = Budgets(usage, audit, lambda: None, PriceList(lambda: None, {}))
    yield Sight(services, guards, lambda: {Count.PROMPTS: 7}, budgets, Backups(home))
    for store in (witness, thrown, audit, approvals, usage):
        await store.aclose()  # type: ignore[attr-defined]
    vault.close()


async def started(_bundle: TrustedBundle) -> Engine:
    """Return an engine that judges nothing yet, for `InForce`."""
    return RegoEngine()


def in_force() -> InForce:
    """Return one with no policy in it, and no grace."""
    return InForce(started, 0.0)
