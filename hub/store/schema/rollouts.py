"""Signed policy on its way: releases and what is staged in them; which tenant runs what since when, and how it goes."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Float, ForeignKey, Index, LargeBinary, Table, Text

from hub.store.schema.base import COUNT, SERIAL, metadata, tenant_key

releases: Final = Table(
    "releases",
    metadata,
    Column("id", Text, primary_key=True),  # 32 hexadecimal digits
    Column("tenant", Text, nullable=False),  # whose publisher made it; empty: for any tenants
    Column("name", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("created", Float, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),  # why it was halted
    Column("plan", LargeBinary, nullable=False),  # canonical JSON
    Column("wave", COUNT, nullable=False, server_default="0"),  # the one that is under way, from 0 on
    Column("started", Float),
    Column("wave_at", Float),  # since when this wave is under way
    Column("judged", Float),  # from when on it is judged: its start, or when somebody resumed it
    Index(None, "state"),
)

staged: Final = Table(
    "staged",
    metadata,
    Column("release", Text, ForeignKey("releases.id"), primary_key=True),
    Column("tenant", Text, ForeignKey("tenants.id"), primary_key=True),
    Column("state", Text, nullable=False),
    Column("wave", COUNT),  # empty until the release starts
    Column("revision", Text, nullable=False),
    Column("version", COUNT, nullable=False),
    Column("sha256", Text, nullable=False),  # of the bundle
    Column("expires", Float, nullable=False),
    Column("at", Float, nullable=False),
    Column("placed", Float),
    Column("note", Text, nullable=False, server_default=""),
    Index(None, "release", "state", "wave"),
    Index(None, "tenant"),
)

running: Final = Table(
    "running",
    metadata,
    Column("id", SERIAL, primary_key=True, autoincrement=True),
    Column("tenant", Text, ForeignKey("tenants.id"), nullable=False),
    Column("revision", Text, nullable=False),
    Column("version", COUNT, nullable=False),
    Column("since", Float, nullable=False),
    Index(None, "tenant", "id"),
)
"""Which policy was in force at a tenant, by its heartbeats; the last row is the one that is."""

tallies: Final = Table(
    "tallies",
    metadata,
    tenant_key(),
    Column("slot", COUNT, primary_key=True),  # start of some minutes, seconds since the epoch
    Column("version", COUNT, primary_key=True),
    Column("calls", COUNT, nullable=False),
    Column("denied", COUNT, nullable=False),
    Column("failed", COUNT, nullable=False),
    Column("troubled", Float),  # when the edge last told that it could not take the newest policy
    Index(None, "slot"),
)
"""How a tenant's calls went under each version of its policy."""
