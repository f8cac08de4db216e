"""GET /metrics: what was counted, in Prometheus' text format.

The counters are our own (`traffic`): an exchange pays for adding a few numbers, and only a scrape pays for a registry.
It holds nothing about the process; whoever wants that asks the machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from proxy.watching.spread import Spread
from proxy.watching.traffic import TOKENS, Traffic

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Levels:
    """What is not counted by exchange but looked up for a scrape.

    Attributes:
        policy_age: seconds since a trusted policy was last seen to be current; None while none is in force.
        cost: nano-US-dollars in the usage store, by provider and model; totals only grow.
        budgets: how much of each budget is used, 1.0 = all; by who has it and what it is.
        breaks: prompt prefixes that broke, and those that redaction broke.
    """

    approvals_pending: int = 0
    audit_entries: int = 0
    policy_age: float | None = None
    cost: Sequence[tuple[str, str, int]] = ()
    budgets: Mapping[tuple[str, str], float] = field(default_factory=dict)
    breaks: tuple[int, int] = (0, 0)


def exposition(traffic: Traffic, levels: Levels) -> bytes:
    """Return the text."""
    from prometheus_client.exposition import generate_latest
    from prometheus_client.registry import CollectorRegistry

    class Scrape:
        """What is collected, once."""

        def collect(self) -> Iterator[Metric]:
            """Yield every family."""
            yield from _counted(traffic)
            yield from _measured(traffic)
            yield from _looked_up(traffic, levels)

    registry = CollectorRegistry(auto_describe=False)
    registry.register(Scrape())
    return generate_latest(registry)


def _counted(traffic: Traffic) -> Iterator[Metric]:
    from prometheus_client.metrics_core import CounterMetricFamily

    counts, model, agent = traffic.counts, traffic.models.shown, traffic.agents.shown
    requests: dict[tuple[str, ...], int] = {}
    for (provider, named, who, status), number in counts.requests.items():
        key = (provider, model(named), agent(who), str(status))
        requests[key] = requests.get(key, 0) + number
    tokens: dict[tuple[str, ...], int] = {}
    for (provider, named, who), sums in counts.tokens.items():
        for kind, number in zip(TOKENS, sums, strict=True):
            key = (provider, model(named), agent(who), kind)
            tokens[key] = tokens.get(key, 0) + number
    for name, text, labels, values in (
        ("requests", "Requests to models, by the status that the client got.", "status", requests),
        ("tokens", "Tokens; input includes those of the cache, output those of reasoning.", "kind", tokens),
    ):
        family = CounterMetricFamily(f"safety_{name}", text, labels=("provider", "model", "agent", labels))
        for found, number in values.items():
            family.add_metric(found, number)
        yield family
    refusals = CounterMetricFamily("safety_refusals", "Exchanges that an error refused or ended.", labels=("rule",))
    for rule, number in counts.refusals.items():
        refusals.add_metric((rule,), number)
    yield refusals
    yield CounterMetricFamily("safety_redactions", "Secrets that were replaced.", value=counts.redactions)


def _measured(traffic: Traffic) -> Iterator[Metric]:
    yield _histogram("safety_request_seconds", "Seconds of an exchange, from its whole request on.", traffic.seconds)
    yield _histogram("safety_added_seconds", "Seconds of an exchange that were ours.", traffic.added)
    yield _histogram("safety_waited_seconds", "Seconds waited for provider and client.", traffic.waited)


def _histogram(name: str, text: str, spread: Spread) -> Metric:
    from prometheus_client.metrics_core import HistogramMetricFamily

    bounds = [*map(str, spread.bounds[:-1]), "+Inf"]
    buckets = [*zip(bounds, map(float, accumulate(spread.counts)), strict=True)]
    return HistogramMetricFamily(name, text, buckets=buckets, sum_value=spread.sum)


def _looked_up(traffic: Traffic, levels: Levels) -> Iterator[Metric]:
    from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily

    yield GaugeMetricFamily("safety_in_flight", "Exchanges under way.", value=len(traffic.running))
    yield GaugeMetricFamily("safety_approvals_pending", "Questions to people.", value=levels.approvals_pending)
    yield GaugeMetricFamily("safety_audit_entries", "Entries of the audit log.", value=levels.audit_entries)
    if levels.policy_age is not None:
        yield GaugeMetricFamily("safety_policy_age_seconds", "Since the policy was last current.", levels.policy_age)
    cost = CounterMetricFamily("safety_cost_usd", "Money, where a model has a price.", labels=("provider", "model"))
    for provider, model, amount in levels.cost:
        cost.add_metric((provider, model), amount / 1e9)
    yield cost
    budgets = GaugeMetricFamily("safety_budget_used_ratio", "1 = used up.", labels=("agent", "budget"))
    for key, used in levels.budgets.items():
        budgets.add_metric(key, used)
    yield budgets
    breaks = CounterMetricFamily("safety_prefix_breaks", "Prompt prefixes that broke.", labels=("by",))
    breaks.add_metric(("client",), levels.breaks[0] - levels.breaks[1])
    breaks.add_metric(("redaction",), levels.breaks[1])
    yield breaks
