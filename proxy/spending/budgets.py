"""What agents may spend on models, and what they have: the one place where both are known.

All of it is in memory, read from the usage store when the edge begins and carried on with every response that is
booked. A request passes while what has been spent, and what other requests under way may still cost, stays under every
limit of its agent and of all agents together. So one request may go past a limit, by no more than its own size,
however many come at the same moment.

One edge serves one tenant: there is no other process whose requests would have to be known.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from proxy.spending.owed import Owed
from proxy.spending.prices import PriceList
from proxy.spending.sums import Held, Span, Sums
from safety_core.canonical import Json, JsonObject
from safety_core.edge import clock
from safety_core.edge.audit_log import AuditLog
from safety_core.edge.driver import Handlers
from safety_core.edge.usage_store import UsageStore
from safety_core.errors import BudgetError, ClientGoneError, SafetyError, UnansweredError, UnavailableError
from safety_core.flow.dialect import Purpose
from safety_core.flow.effects import Meter
from safety_core.flow.egress_effects import Afford
from safety_core.flow.exchange import Exchange, Prompt
from safety_core.meter.estimate import ANSWER_TOKENS, BYTES_PER_TOKEN
from safety_core.model.budget import UNBOUND, Budget, Period, Unit, limit_name
from safety_core.model.policy import Policy
from safety_core.model.record import AuditEntry, Event
from safety_core.model.tool_call import AgentId
from safety_core.model.usage import NANO, Booking, Usage

SWEEP_SECONDS: Final = 60.0
"""How often is looked for what has been held for too long."""

BATCH: Final = "batch"
"""The mode of usage that the results of a batch state."""

_UNSEEN: Final = (
    "has a budget, and what an answer in the background consumes is not known to the edge",
    "leave `background` out of the request",
)
"""Why no such request passes, and what to do."""

_UNKNOWN: Final = frozenset({ClientGoneError.__name__, UnansweredError.__name__})
"""How an exchange ends of which nobody knows what the provider did."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit of one spender, and what has been spent of it. `agent` None: all agents together."""

    agent: AgentId | None
    unit: Unit
    period: Period
    most: int
    spent: int

    @property
    def name(self) -> str:
        """Return what agents.yaml calls it."""
        return limit_name(self.unit, self.period)

    @property
    def percent(self) -> int:
        """Return how much of it has been spent."""
        return self.spent * 100 // self.most


class Budgets:
    """Holds agents to what the policy in force lets them spend. A watcher of requests, see `proxy.egress.watch`.

    Args:
        policy: returns the policy in force, None while there is none (no request is admitted then).
    """

    def __init__(
        self, usage: UsageStore, audit: AuditLog, policy: Callable[[], Policy | None], prices: PriceList
    ) -> None:
        self._usage = usage
        self._audit = audit
        self._policy = policy
        self._prices = prices
        self.owed = Owed(usage)
        self._spans = {period: Span.at(period, 0.0) for period in Period}
        self._held = Held()
        self._told: set[tuple[AgentId | None, Unit, Period, str]] = set()
        self._swept = 0.0

    async def load(self) -> None:
        """Read what was spent before the edge began. Raises UnavailableError."""
        now = clock.now()
        for period in Period:
            span = self._spans[period] = Span.at(period, now)
            for agent, (tokens, cost) in (await self._usage.spent(span.since)).items():
                span.totals.add(agent, tokens, cost)
        spenders: tuple[AgentId | None, ...] = (None, *self._spans[Period.MONTH].totals.agents)
        for spender in spenders:  # people were told of these before the edge was started again
            self._told.update(key for _, key in self._reached(spender))

    def handlers(self) -> Handlers:
        """Return what performs Afford and Meter."""
        return {Afford: self.afford, Meter: self.meter}

    def afford(self, effect: Afford) -> None:
        """Hold what a request may cost.

        Raises:
            BudgetError: a limit of its agent, or of all agents, is used up; or money is limited, and its model has no
                price; or what it consumes would not be seen.
        """
        if not self._budget(effect.agent).limits() and not self._budget(None).limits():
            return
        now = self._turn_over()
        answer = ANSWER_TOKENS if effect.most_output is None else effect.most_output
        guess = Usage(-(-effect.size // BYTES_PER_TOKEN), answer)
        models = (effect.model, *effect.others)
        costs = {model: self._prices.cost(effect.provider, model, guess, now) for model in models}
        unpriced = [model for model, cost in costs.items() if cost is None]
        for spender in (effect.agent, None):
            if effect.later and self._budget(spender).limits():
                raise BudgetError(_named(spender), *_UNSEEN)
            if unpriced:
                self._demand_price(spender, effect.provider, unpriced[0])
            self._demand(spender, self._held.totals.of(spender))
        dearest = max(cost or 0 for cost in costs.values())
        self._held.take(effect.request, effect.agent, Sums(guess.input_total + answer, dearest), now)

    def demand(self, agent: AgentId) -> None:
        """Raise BudgetError if a limit of this agent, or of all agents, is used up."""
        self._turn_over()
        for spender in (agent, None):
            self._demand(spender, Sums())

    async def meter(self, effect: Meter) -> None:
        """Book a response, durably and once, and let go of what was held for it. Raises UnavailableError."""
        now = self._turn_over()
        agent, usage = AgentId(effect.agent), effect.usage
        cost = self._cost(effect, now)
        booking = Booking(effect.request, agent, effect.provider, effect.model, usage, cost)
        new = True
        try:
            new = await self._usage.add(booking, now)
        except UnavailableError:
            self.owed.keep(booking, now)
            raise
        finally:  # it has been spent, also where the book cannot be written
            if new:
                self._spend(agent, usage, cost or 0)
            self._held.let_go(effect.request)
        await self._tell(agent, now)

    def began(self, prompt: Prompt) -> None:
        """Do nothing: what a request may cost is not known before it has been read."""

    def ended(self, prompt: Prompt, exchange: Exchange | None) -> None:
        """Let go of what was held for a request. A batch that was taken is paid for later: its estimate stays. So does
        that of one whose client left before it was told: the provider may have taken it."""
        if exchange is None:
            self._held.let_go_mine()
        elif prompt.operation.purpose is Purpose.BATCH and _taken(exchange):
            self._held.keep(exchange.id, clock.now())
        else:
            self._held.let_go(exchange.id)

    def to_json(self) -> Json:
        """Return every limit and what has been spent of it, for the status."""
        return [self._limit_json(limit) for limit in self._all_limits()]

    def used(self) -> dict[tuple[str, str], float]:
        """Return how much of each limit is used, 1.0 = all; by its agent ("*": all together) and its name."""
        return {(limit.agent or "*", limit.name): limit.spent / limit.most for limit in self._all_limits()}

    def _all_limits(self) -> Iterator[Limit]:
        self._turn_over()
        policy = self._policy()
        spenders = (None, *sorted(policy.agents)) if policy else ()
        return (limit for spender in spenders for limit in self._limits(spender))

    def _limit_json(self, limit: Limit) -> JsonObject:
        return {
            "agent": limit.agent,
            "budget": limit.name,
            "spent": limit.spent,
            "held": self._held.totals.of(limit.agent).of(limit.unit),
            "limit": limit.most,
            "percent": limit.percent,
        }

    def _budget(self, spender: AgentId | None) -> Budget:
        policy = self._policy()
        if policy is None:
            return UNBOUND
        return policy.budget if spender is None else policy.agent(spender).budget

    def _limits(self, spender: AgentId | None) -> Iterator[Limit]:
        for (unit, period), most in self._budget(spender).limits().items():
            yield Limit(spender, unit, period, most, self._spans[period].totals.of(spender).of(unit))

    def _demand_price(self, spender: AgentId | None, provider: str, model: str) -> None:
        budget = self._budget(spender)
        if not budget.allow_unpriced and any(unit is Unit.USD for unit, _ in budget.limits()):
            raise BudgetError(
                _named(spender),
                f"may spend only so much money, and {model[:80]!a} of {provider} has no price",
                "add one to prices.yaml (`safety policy prices`), or write `unpriced: allow` into the budget",
            )

    def _demand(self, spender: AgentId | None, waiting: Sums) -> None:
        for limit in self._limits(spender):
            held = waiting.of(limit.unit)
            if limit.spent + held >= limit.most:
                raise _used_up(limit, held, self._spans[limit.period].until)

    def _cost(self, effect: Meter, now: float) -> int | None:
        """Return what a response cost. Asked for under a name of one's own (a deployment, a router), or where others
        may have answered, it cost what the model costs that it names; if it names none, what the dearest does."""
        named = (effect.model, *effect.others)
        costs = [self._prices.cost(effect.provider, model, effect.usage, now) for model in named]
        answered = effect.usage.answered
        if answered and (costs[0] is None or effect.others):
            found = self._prices.cost(effect.provider, answered, effect.usage, now)
            if found is not None:
                return found
        return max((cost for cost in costs if cost is not None), default=None)

    def _spend(self, agent: AgentId, usage: Usage, cost: int) -> None:
        tokens = usage.input_total + usage.output_total
        for span in self._spans.values():
            span.totals.add(agent, tokens, cost)
        if usage.mode == BATCH:
            self._held.paid(agent, tokens, cost)

    def _turn_over(self) -> float:
        """Begin a new day or month where it is time, and return the time. A clock that is set back changes nothing."""
        now = clock.now()
        for period, span in self._spans.items():
            if now >= span.until:
                self._spans[period] = Span.at(period, now)
                self._told = {key for key in self._told if key[2] is not period}
        if abs(now - self._swept) > SWEEP_SECONDS:
            self._held.forget(now)
            self._swept = now
        return now

    def _reached(self, spender: AgentId | None) -> Iterator[tuple[Limit, tuple[AgentId | None, Unit, Period, str]]]:
        """Yield what a spender has reached: the share of a limit at which people are told, and its end."""
        alert_at = self._budget(spender).alert_at
        for limit in self._limits(spender):
            if limit.spent >= limit.most:
                yield limit, (spender, limit.unit, limit.period, "used_up")
            elif limit.percent >= alert_at:
                yield limit, (spender, limit.unit, limit.period, "near")

    async def _tell(self, agent: AgentId, now: float) -> None:
        """Put on record, once in each period, that a limit is near, and that it is used up."""
        for spender in (agent, None):
            for limit, key in [*self._reached(spender)]:
                if key in self._told:
                    continue
                self._told.add(key)
                word = key[3]
                _log.warning("budget %s of %s: %s, %d%%", limit.name, _named(spender), word, limit.percent)
                counts = {"spent": limit.spent, "limit": limit.most, "percent": limit.percent}
                entry = AuditEntry(now, Event.BUDGET, spender or "", limit.name, outcome=word, counts=counts)
                with suppress(SafetyError):  # the response has been paid for: it is shown all the same
                    await self._audit.append(entry)


def _taken(batch: Exchange) -> bool:
    return batch.rule in _UNKNOWN or (batch.status < 300 and not batch.rule)


def _used_up(limit: Limit, held: int, until: float) -> BudgetError:
    when = "today" if limit.period is Period.DAY else "this month"
    unit = "tokens" if limit.unit is Unit.TOKENS else "US dollars"
    spent, waiting, most = (_amount(limit.unit, count) for count in (limit.spent, held, limit.most))
    reason = f"has used {spent} of its {most} {unit} of {when}"
    if limit.spent < limit.most:
        reason += f", and requests that are under way may use {waiting}"
    begins = datetime.fromtimestamp(until, UTC).strftime("%Y-%m-%d at 0:00 UTC")
    where = "the budget at the top" if limit.agent is None else "its budget"
    fix = f"the next {limit.period.value} begins on {begins}; or raise {limit.name} in {where} of agents.yaml"
    return BudgetError(_named(limit.agent), reason, fix)


def _named(spender: AgentId | None) -> str:
    return "all agents together" if spender is None else f"agent {spender}"


def _amount(unit: Unit, count: int) -> str:
    return str(count) if unit is Unit.TOKENS else f"{count / NANO:.4f}".rstrip("0").removesuffix(".")
