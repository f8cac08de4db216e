"""What people may ask for of the traffic: the live view, the metrics, and reports of usage."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from time import perf_counter
from typing import Final

from ada_url import URL

from proxy.background.pace import Pace
from proxy.effects import Services
from proxy.force import InForce
from proxy.settings import Settings
from proxy.spending.budgets import Budgets
from proxy.spending.prefixes import Prefixes
from proxy.watching.access import AccessLog
from proxy.watching.costs import Costs
from proxy.watching.metrics import Levels, exposition
from proxy.watching.spans import EVERY_SECONDS, Spans
from proxy.watching.spread import Spread
from proxy.watching.traffic import KINDS, Finished, Running, Traffic
from safety_core.canonical import Json, JsonObject
from safety_core.edge import clock
from safety_core.edge.usage_report import Cost, usage_report
from safety_core.flow.exchange import Prompt
from safety_core.wire.usage_report import Report, asked_from

MINUTE: Final = 60

SHOWN: Final = 20
"""Requests under way that are told one by one, the oldest."""

PEEK: Final = 4096
"""Bytes at either end of a request in which its model is looked for; SDKs write it first or last."""

_MODEL: Final = re.compile(rb'"model"\s*:\s*"([\w.:/@+-]{1,128})"')


@dataclass(frozen=True, slots=True)
class Looking:
    """Puts it together. `cost`: what usage costs, by the prices in force; `costs`: what it has cost so far."""

    services: Services
    in_force: InForce
    budgets: Budgets
    prefixes: Prefixes
    traffic: Traffic
    cost: Cost
    costs: Costs

    async def top(self) -> JsonObject:
        """Return the body of GET /v1/top."""
        traffic, now = self.traffic, perf_counter()
        minute = dict(zip(KINDS, traffic.window.total(now, MINUTE), strict=True))
        under_way = [*traffic.running.values()]
        running: list[Json] = [self._running(one, now) for one in under_way[:SHOWN]]
        breaks = self.prefixes.breaks()
        return {
            "at": clock.now(),
            "minute": {**minute},
            "refusals": {**traffic.counts.refusals},
            "redactions": traffic.counts.redactions,
            "running": running,
            "running_count": len(under_way),
            "approvals_pending": (await self.services.approvals.waiting()).pending,
            "latency": {
                "added": _ranks(traffic.added),
                "waited": _ranks(traffic.waited),
                "request": _ranks(traffic.seconds),
            },
            "budgets": self.budgets.to_json(),
            "prefixes": {"broken": breaks[0], "by_redaction": breaks[1]},
        }

    async def metrics(self) -> bytes:
        """Return the body of GET /metrics."""
        services, force = self.services, self.in_force
        cost: dict[tuple[str, str], int] = {}
        for (provider, model), amount in (await self.costs.totals(clock.now())).items():
            key = (provider, self.traffic.models.shown(self.traffic.models.of(model)))
            cost[key] = cost.get(key, 0) + amount
        levels = Levels(
            approvals_pending=(await services.approvals.waiting()).pending,
            audit_entries=await services.audit.size(),
            policy_age=clock.now() - force.latest().vouched if force.any else None,
            cost=tuple((*key, amount) for key, amount in cost.items()),
            budgets=self.budgets.used(),
            breaks=self.prefixes.breaks(),
        )
        return exposition(self.traffic, levels)

    async def usage(self, query: bytes) -> JsonObject:
        """Return the body of GET /v1/usage. Raises InputError, LimitError, UnavailableError."""
        found = await usage_report(self.services.usage, asked_from(query, clock.now()), self.cost)
        breaks = self.prefixes.breaks()
        return Report(found.asked, found.rows, found.step, found.over_time, breaks).to_json()

    def _running(self, running: Running, now: float) -> JsonObject:
        prompt = running.prompt
        model = self.services.secrets.scrub(_model(prompt))
        return {
            "agent": prompt.agent,
            "provider": prompt.provider,
            "model": model,
            "seconds": round(now - running.since, 3),
        }


def open_traffic(
    settings: Settings, scrub: Callable[[str], str], stack: AsyncExitStack
) -> tuple[Traffic, tuple[Pace, ...]]:
    """Return what counts the traffic, and what goes on beside it: spans are sent, where a collector is set.

    Raises:
        InputError: spans shall be sent, and what they need is not installed.
    """
    told = settings.telemetry
    tell: list[Callable[[Finished], None]] = []
    if told.access_log:
        access = AccessLog()
        stack.callback(access.flush)
        tell.append(access.tell)
    paces: tuple[Pace, ...] = ()
    if told.otlp:
        hosts = {name: URL(provider.base_url).hostname for name, provider in settings.egress.providers.items()}
        spans = Spans(told.otlp, hosts, scrub)
        stack.push_async_callback(spans.aclose)
        tell.append(spans.tell)
        paces = (Pace("telemetry", spans.flush, EVERY_SECONDS),)
    return Traffic(scrub, tell), paces


def _ranks(spread: Spread) -> JsonObject:
    return {"p50": spread.percentile(0.5), "p99": spread.percentile(0.99)}


def _model(prompt: Prompt) -> str:
    """Return the model that a request names, as far as a look at its ends tells."""
    if prompt.operation.model:
        return prompt.operation.model
    body = prompt.body
    found = _MODEL.search(body[:PEEK]) or _MODEL.search(body[-PEEK:])
    return found[1].decode("ascii") if found else ""
