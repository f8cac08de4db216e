"""Budgets over a real usage store, at a time that a test sets."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from proxy.providers.dialects import DIALECTS
from proxy.settings import Provider
from proxy.spending.budgets import Budgets
from proxy.spending.prices import PriceList
from safety_core.edge import clock
from safety_core.edge.usage_store import UsageStore
from safety_core.errors import AuditError
from safety_core.flow.dialect import Operation, Purpose
from safety_core.flow.effects import Meter
from safety_core.flow.egress_effects import Afford
from safety_core.flow.exchange import Exchange, Prompt
from safety_core.model.budget import UNBOUND, Budget
from safety_core.model.policy import AgentManifest, Policy
from safety_core.model.prices import DECIMALS, ModelPrice, Prices, PriceTable, Rates
from safety_core.model.record import AuditEntry
from safety_core.model.tool_call import AgentId
from safety_core.model.usage import Usage
from tests.simulators.policies import policy

MAIN, OTHER = AgentId("main"), AgentId("other")
DOLLAR = 10**DECIMALS
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC).timestamp()
CHEAP = Prices("", {"openai": PriceTable((ModelPrice(("m-1",), Rates(input=DOLLAR, output=2 * DOLLAR)),))})


@dataclass
class Log:
    """An audit log in memory."""

    entries: list[AuditEntry] = field(default_factory=list)
    broken: bool = False

    async def append(self, entry: AuditEntry) -> None:
        if self.broken:
            raise AuditError("audit log", "cannot be written")
        self.entries.append(entry)


@dataclass
class Place:
    """Budgets over a real usage store, at a time that a test sets."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch
    log: Log = field(default_factory=Log)
    policy: Policy | None = None
    now: float = NOON
    count: int = 0

    def __post_init__(self) -> None:
        self.monkeypatch.setattr(clock, "now", lambda: self.now)
        self.usage = UsageStore.open(self.folder / "edge.db")

    async def begin(self, main: Budget = UNBOUND, together: Budget = UNBOUND, **changes: Any) -> Budgets:
        """Start an edge under a policy with these limits, on what was spent before."""
        agents = {MAIN: AgentManifest(MAIN, policy().default_tier, budget=main)}
        self.policy = policy(agents=agents, budget=together, prices=CHEAP, **changes)
        providers = {
            name: Provider(name, dialect, "https://models.example", None, private)  # type: ignore[arg-type]
            for name, dialect, private in (
                ("openai", "openai", False),
                ("work", "openai", False),
                ("shelf", "ollama", False),
                ("inner", "openai", True),
            )
        }
        prices = PriceList(lambda: self.policy, providers)
        budgets = Budgets(self.usage, self.log, lambda: self.policy, prices)  # type: ignore[arg-type]
        await budgets.load()
        return budgets

    def asked(self, agent: AgentId = MAIN, size: int = 40, most: int | None = 10, **changes: Any) -> Afford:
        self.count += 1
        return replace(Afford(f"r{self.count}", agent, "openai", "m-1", size, most), **changes)


def used(request: str, tokens: int = 20, agent: str = "main", **changes: Any) -> Meter:
    return replace(Meter(request, agent, "openai", "m-1", Usage(tokens // 2, tokens - tokens // 2)), **changes)


def exchange(request: str, status: int = 200, rule: str = "") -> Exchange:
    return Exchange(request, status, rule=rule)


def prompt(purpose: Purpose = Purpose.TURN) -> Prompt:
    return Prompt(MAIN, "openai", DIALECTS["openai"], Operation(purpose), None, "POST", "/", (), b"")
