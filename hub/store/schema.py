"""The tables. What is signed or compared is stored as exact bytes, never as a database's idea of JSON."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

COUNT: Final = BigInteger()
"""Counters and sizes reach 2**53 on the wire."""


def _tenant() -> Column[str]:
    return Column("tenant", Text, ForeignKey("tenants.id"), primary_key=True)


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
    Column("tenant", Text, ForeignKey("tenants.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("public", Text),  # an approver's own Ed25519 key, hexadecimal, where it is known
    Column("created", Float, nullable=False),
    Column("expires", Float),
    Column("used", Float),
    UniqueConstraint("tenant", "kind", "name"),
)

nonces: Final = Table(
    "nonces",
    metadata,
    _tenant(),
    Column("nonce", Text, primary_key=True),
    Column("expires", Float, nullable=False),
    Index(None, "tenant", "expires"),
)

approvals: Final = Table(
    "approvals",
    metadata,
    _tenant(),
    Column("id", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("request", LargeBinary, nullable=False),  # canonical bytes
    Column("received", Float, nullable=False),
    Column("expires", Float, nullable=False),
    Column("grant_json", LargeBinary),  # canonical bytes of the signed answer
    Column("feed", COUNT),  # place in the tenant's decisions feed
    UniqueConstraint("tenant", "feed"),
    Index(None, "tenant", "state", "received"),
)

usage: Final = Table(
    "usage",
    metadata,
    _tenant(),
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
    _tenant(),
    Column("at", Float, nullable=False),
    Column("versions", LargeBinary, nullable=False),  # canonical JSON
    Column("policy", Text, nullable=False),
    Column("policy_version", COUNT, nullable=False),
    Column("pending", COUNT, nullable=False),
    Column("unsent", COUNT, nullable=False),
    Column("posture", LargeBinary),  # canonical JSON; empty until the doctor ran there
)

checkpoints: Final = Table(
    "checkpoints",
    metadata,
    _tenant(),
    Column("at", Float, nullable=False),
    Column("origin", Text, nullable=False),
    Column("size", COUNT, nullable=False),
    Column("root", Text, nullable=False),  # hexadecimal
    Column("proven_size", COUNT, nullable=False),  # what the hub cosigned last
    Column("proven_root", Text, nullable=False),
)

alerts: Final = Table(
    "alerts",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("tenant", Text, ForeignKey("tenants.id"), nullable=False),
    Column("at", Float, nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),  # what contradicts, so that a repeat raises no second alert
    Column("reason", Text, nullable=False),
    UniqueConstraint("tenant", "kind", "subject"),
)
