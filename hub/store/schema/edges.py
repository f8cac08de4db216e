"""What edges are and say: tenants with their keys, tokens and nonces; approvals; usage; heartbeats and alerts."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Float, ForeignKey, Index, LargeBinary, Table, Text, UniqueConstraint, text

from hub.store.schema.base import COUNT, SERIAL, metadata, tenant_key

OPEN: Final = text("state = 'pending'")
"""Of the questions, those that wait for an answer: of one call there is one at most."""

tenants: Final = Table(
    "tenants",
    metadata,
    Column("id", Text, primary_key=True),
    Column("public", Text),  # Ed25519, hexadecimal; empty until the tenant registers
    Column("created", Float, nullable=False),
    Column("registered", Float),
    Column("decisions", COUNT, nullable=False, server_default="0"),  # newest place in the decisions feed
)

tokens: Final = Table(
    "tokens",
    metadata,
    Column("hash", Text, primary_key=True),  # sha256 of the token; the token itself is nowhere
    Column("kind", Text, nullable=False),
    Column("tenant", Text, ForeignKey("tenants.id")),  # empty: for all tenants
    Column("name", Text, nullable=False),
    Column("person", Text, ForeignKey("people.id")),  # whose it is; empty for an edge's
    Column("public", Text),  # an approver's own Ed25519 key, hexadecimal, where it is known
    Column("created", Float, nullable=False),
    Column("expires", Float),
    Column("used", Float),
    UniqueConstraint("tenant", "kind", "name"),
)

nonces: Final = Table(
    "nonces",
    metadata,
    tenant_key(),
    Column("nonce", Text, primary_key=True),
    Column("expires", Float, nullable=False),
    Index(None, "tenant", "expires"),
)

approvals: Final = Table(
    "approvals",
    metadata,
    tenant_key(),
    Column("id", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("request", LargeBinary, nullable=False),  # canonical bytes
    Column("received", Float, nullable=False),
    Column("expires", Float, nullable=False),
    Column("grant_json", LargeBinary),  # canonical bytes of the answer that settled it
    Column("agent", Text, nullable=False, server_default=""),
    Column("tool", Text, nullable=False, server_default=""),
    Column("digest", Text, nullable=False, server_default=""),
    Column("words", Text, nullable=False, server_default=""),  # what a search looks through, case-folded
    Index(None, "tenant", "state", "received"),
    Index("ix_approvals_agent", "tenant", "agent", "received"),
    Index("ix_approvals_ends", "expires", sqlite_where=OPEN, postgresql_where=OPEN),
    Index("uq_approvals_pending", "tenant", "digest", unique=True, sqlite_where=OPEN, postgresql_where=OPEN),
)

usage: Final = Table(
    "usage",
    metadata,
    tenant_key(),
    Column("hour", COUNT, primary_key=True),
    Column("agent", Text, primary_key=True),
    Column("provider", Text, primary_key=True),
    Column("model", Text, primary_key=True),
    Column("sequence", COUNT, nullable=False),
    Column("requests", COUNT, nullable=False),
    Column("estimated", COUNT, nullable=False),
    Column("input_total", COUNT, nullable=False),
    Column("output_total", COUNT, nullable=False),
    Column("cache_read", COUNT, nullable=False),
    Column("cache_write", COUNT, nullable=False),
    Column("cache_write_1h", COUNT, nullable=False),
    Column("reasoning", COUNT, nullable=False),
    Column("tool_prompt", COUNT, nullable=False),
    Column("cost", COUNT, nullable=False),  # nano-US-dollars
    Column("unpriced", COUNT, nullable=False),  # requests without a price
)

heartbeats: Final = Table(
    "heartbeats",
    metadata,
    tenant_key(),
    Column("at", Float, nullable=False),
    Column("versions", LargeBinary, nullable=False),  # canonical JSON
    Column("policy", Text, nullable=False),
    Column("policy_version", COUNT, nullable=False),
    Column("pending", COUNT, nullable=False),
    Column("unsent", COUNT, nullable=False),
    Column("posture", LargeBinary),  # canonical JSON; empty until the doctor ran there
    Column("told", LargeBinary),  # canonical JSON of all that was understood of it
    Column("passed_over", COUNT, nullable=False, server_default="0"),  # how much of it was not
)

checkpoints: Final = Table(
    "checkpoints",
    metadata,
    tenant_key(),
    Column("at", Float, nullable=False),
    Column("origin", Text, nullable=False),
    Column("size", COUNT, nullable=False),
    Column("root", Text, nullable=False),  # hexadecimal
    Column("proven_size", COUNT, nullable=False),  # what the hub cosigned last
    Column("proven_root", Text, nullable=False),
    Column("log", COUNT, nullable=False, server_default="1"),  # which log: a new one is let in by a person
)

alerts: Final = Table(
    "alerts",
    metadata,
    Column("id", SERIAL, primary_key=True, autoincrement=True),
    Column("tenant", Text, ForeignKey("tenants.id"), nullable=False),
    Column("at", Float, nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),  # what contradicts, so that a repeat raises no second alert
    Column("reason", Text, nullable=False),
    Column("cleared", Float),  # when it was over
    Column("acknowledged", Float),
    Column("person", Text),  # who has acknowledged it
    UniqueConstraint("tenant", "kind", "subject"),
)
