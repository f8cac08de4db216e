"""How much an agent, or all agents of a tenant together, may spend on models. Days and months are those of UTC."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

ALERT_AT: Final = 80
"""Percent of a limit at which people are told, unless the policy says otherwise."""


class Period(StrEnum):
    """For how long a limit holds; then it begins anew."""

    DAY = "day"
    MONTH = "month"


class Unit(StrEnum):
    """What a limit counts: input and output tokens, or nano-US-dollars."""

    TOKENS = "tokens"
    USD = "usd"


def limit_name(unit: Unit, period: Period) -> str:
    """Return what a limit is called, in agents.yaml and wherever it is told: "usd_per_day"."""
    return f"{unit.value}_per_{period.value}"


@dataclass(frozen=True, slots=True)
class Budget:
    """The limits of one spender. None: no bound.

    Attributes:
        tokens_per_day, tokens_per_month: input and output tokens.
        usd_per_day, usd_per_month: in nano-US-dollars.
        alert_at: percent of a limit at which people are told.
        allow_unpriced: a model without a price passes a limit of money, which then does not count it.
    """

    tokens_per_day: int | None = None
    tokens_per_month: int | None = None
    usd_per_day: int | None = None
    usd_per_month: int | None = None
    alert_at: int = ALERT_AT
    allow_unpriced: bool = False

    def limits(self) -> dict[tuple[Unit, Period], int]:
        """Return the limits that there are."""
        found = {
            (Unit.TOKENS, Period.DAY): self.tokens_per_day,
            (Unit.TOKENS, Period.MONTH): self.tokens_per_month,
            (Unit.USD, Period.DAY): self.usd_per_day,
            (Unit.USD, Period.MONTH): self.usd_per_month,
        }
        return {key: limit for key, limit in found.items() if limit is not None}


UNBOUND: Final = Budget()
"""No limit at all."""
