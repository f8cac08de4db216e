"""Warnings before a billing period's limit is reached, and when it is: once each."""

from __future__ import annotations

from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from hub.alerts import raise_alert
from hub.billing.periods import Period, period_at
from hub.context import Context
from hub.store import billing
from hub.store.alerts import Alert
from hub.store.billing import Account
from safety_core.model.usage import dollars

STEPS: Final = (100, 80)
"""Percent of a limit at which people are told, the gravest first: who is past it need not hear that it is near."""


async def look(context: Context) -> None:
    """Tell of every limit that is near or reached in the period that is running."""
    now = context.clock()
    async with context.database.write() as connection:
        for account in await billing.all_accounts(connection):
            if account.most_cost or account.most_tokens:
                await _look(connection, account, period_at(now, account.anchor), now)


async def _look(connection: AsyncConnection, account: Account, period: Period, now: float) -> None:
    totals = await billing.totals_of(connection, account.tenant, period.start, period.end)
    tokens = totals["input_total"] + totals["output_total"]
    for what, used, most, said in (
        ("cost", totals["cost"], account.most_cost, f"{dollars(totals['cost'])} of {dollars(account.most_cost)} US$"),
        ("tokens", tokens, account.most_tokens, f"{tokens:,} of {account.most_tokens:,} tokens"),
    ):
        step = next((step for step in STEPS if most and used * 100 >= most * step), None)
        if step is not None:
            reason = f"{said} are used in the period from {period.name}"
            subject = f"{period.name} {what} {step}%"
            await raise_alert(connection, Alert(account.tenant, now, "spending", subject, reason))
