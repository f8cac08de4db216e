"""What a request to one of the edge's providers costs, by the prices of the policy in force."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from proxy.settings import Provider
from safety_core.meter.cost import cost_of, find_price
from safety_core.model.policy import Policy
from safety_core.model.prices import FREE, ModelPrice
from safety_core.model.usage import Usage

REMEMBERED: Final = 1000
"""Models whose price is known without a search; their names come from clients, so their number is bounded."""


class PriceList:
    """Finds prices. Raises nothing: where no policy is in force, nothing has a price.

    Args:
        policy: returns the policy in force, None while there is none.
        providers: by the name that usage bears.
    """

    def __init__(self, policy: Callable[[], Policy | None], providers: Mapping[str, Provider]) -> None:
        self._policy = policy
        self._providers = providers
        self._revision = ""
        self._known: dict[tuple[str, str], ModelPrice | None] = {}

    def cost(self, provider: str, model: str, usage: Usage, now: float) -> int | None:
        """Return what `usage` costs, in nano-US-dollars; None for a model without a price."""
        return cost_of(usage, self._price(provider, model), now)

    def _price(self, provider: str, model: str) -> ModelPrice | None:
        policy = self._policy()
        if policy is None:
            return None
        if policy.revision != self._revision or len(self._known) >= REMEMBERED:
            self._known.clear()
            self._revision = policy.revision
        if (provider, model) not in self._known:
            self._known[provider, model] = self._found(policy, provider, model)
        return self._known[provider, model]

    def _found(self, policy: Policy, name: str, model: str) -> ModelPrice | None:
        """The table that bears the provider's name counts, else that of its API. What runs on one's own machines is
        free where no table says otherwise."""
        provider = self._providers.get(name)
        if name in policy.prices.tables or provider is None:
            return find_price(policy.prices, name, model)
        if provider.private or str(provider.dialect) == "ollama":
            return FREE
        return find_price(policy.prices, provider.dialect, model)
