"""What the hub asks of an edge, and what came of it: orders; counters over time; cosigned checkpoints; keys that were
taken back."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Float, Index, LargeBinary, Table, Text

from hub.store.schema.base import COUNT, metadata, tenant_key

orders: Final = Table(
    "orders",
    metadata,
    tenant_key(),
    Column("id", Text, primary_key=True),  # 32 hexadecimal digits
    Column("kind", Text, nullable=False),
    Column("agent", Text, nullable=False),  # whose switch, or "*"; empty where the order is no switch
    Column("reason", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("made", Float, nullable=False),
    Column("expires", Float, nullable=False),
    Column("settled", Float),
    Column("outcome", Text),
    Column("numbers", LargeBinary),  # canonical JSON
    Index(None, "tenant", "settled", "made"),
)

hours: Final = Table(
    "hours",
    metadata,
    tenant_key(),
    Column("hour", COUNT, primary_key=True, autoincrement=False),  # its start, seconds since the epoch
    Column("policy", Text, primary_key=True),  # what was in force when these were counted
    Column("first", Float, nullable=False),
    Column("last", Float, nullable=False),
    Column("beats", COUNT, nullable=False),
    Column("calls", COUNT, nullable=False),
    Column("asked", COUNT, nullable=False),
    Column("denied", COUNT, nullable=False),
    Column("failed", COUNT, nullable=False),
    Column("prompts", COUNT, nullable=False),
    Column("prompts_refused", COUNT, nullable=False),
    Column("budget_refused", COUNT, nullable=False),
    Column("pending", COUNT, nullable=False),  # at most
    Column("unsent", COUNT, nullable=False),  # at most
)
"""Heartbeats, thinned: what was counted in an hour under one policy."""

cosigned: Final = Table(
    "cosigned",
    metadata,
    tenant_key(),
    Column(
        "log", COUNT, primary_key=True, autoincrement=False
    ),  # which log of the tenant; a new one is let in by a person
    Column("day", COUNT, primary_key=True, autoincrement=False),  # its start (UTC), seconds since the epoch
    Column("at", Float, nullable=False),
    Column("size", COUNT, nullable=False),
    Column("root", Text, nullable=False),  # hexadecimal
    Column("note", Text, nullable=False),  # with the log's signature and the hub's
)
"""The last checkpoint of each day that the hub has cosigned."""

taken_back: Final = Table(
    "taken_back",
    metadata,
    tenant_key(),
    Column("public", Text, primary_key=True),  # Ed25519, hexadecimal
    Column("at", Float, nullable=False),
    Column("person", Text, nullable=False),
)
"""Keys of tenants that no longer count: whoever still signs with one has stolen it, or was forgotten."""
