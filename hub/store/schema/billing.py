"""Billing periods, limits to warn about, and what was exported to Stripe."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Float, ForeignKey, Index, Table, Text

from hub.store.schema.base import COUNT, metadata, tenant_key

accounts: Final = Table(
    "accounts",
    metadata,
    tenant_key(),
    Column("anchor", COUNT, nullable=False),  # day of the month on which a billing period begins, 1 to 28
    Column("customer", Text, nullable=False),  # Stripe's id of the customer; empty: nothing is exported
    Column("most_cost", COUNT, nullable=False),  # nano-US-dollars per period to warn about; 0: none
    Column("most_tokens", COUNT, nullable=False),
)

metered: Final = Table(
    "metered",
    metadata,
    tenant_key(),
    Column("meter", Text, primary_key=True),
    Column("hour", COUNT, primary_key=True),
    Column("total", COUNT, nullable=False),  # what has become meter events so far
)

meter_events: Final = Table(
    "meter_events",
    metadata,
    Column("identifier", Text, primary_key=True),  # derived from what it counts: the same part is never a second event
    Column("tenant", Text, ForeignKey("tenants.id"), nullable=False),
    Column("meter", Text, nullable=False),
    Column("hour", COUNT, nullable=False),
    Column("value", COUNT, nullable=False),
    Column("customer", Text, nullable=False),
    Column("created", Float, nullable=False),
    Column("state", Text, nullable=False),  # due, sent, refused, unsure
    Column("tried", COUNT, nullable=False),  # times
    Column("first_tried", Float),
    Column("next_try", Float, nullable=False),
    Column("sent", Float),
    Column("reason", Text, nullable=False),
    Index(None, "state", "next_try"),
    Index("ix_meter_events_owner", "tenant", "hour"),
)
