"""What approvers made beside answers: edits of arguments and outward grants; and what edges say became of it all."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Float, Index, LargeBinary, Table, Text

from hub.store.schema.base import COUNT, metadata, tenant_key

edits: Final = Table(
    "edits",
    metadata,
    tenant_key(),
    Column("nonce", Text, primary_key=True),
    Column("request", Text, nullable=False),
    Column("approver", Text, nullable=False),
    Column("at", Float, nullable=False),
    Column("body", LargeBinary, nullable=False),  # canonical bytes of the signed edit
    Column("refused", Text),  # why the edge did not take it
    Index(None, "tenant", "request"),
)

standing_grants: Final = Table(
    "standing_grants",
    metadata,
    tenant_key(),
    Column("id", Text, primary_key=True),
    Column("request", Text, nullable=False),  # the card it was made from
    Column("made", Float, nullable=False),
    Column("not_after", Float, nullable=False),
    Column("body", LargeBinary, nullable=False),  # canonical bytes of the signed grant
    Column("withdrawn", Float),
    Column("withdrawn_by", Text),
    Column("remaining", COUNT),  # uses that are left, as the edge said last; empty until it has
    Column("ended", Text),  # why it holds no more there
    Index(None, "tenant", "not_after"),
)

outcomes: Final = Table(
    "outcomes",
    metadata,
    tenant_key(),
    Column("request", Text, primary_key=True),
    Column("state", Text, primary_key=True),  # a question passes through each of its states once
    Column("by", Text, nullable=False),
    Column("at", Float, nullable=False),  # by the edge's clock
    Column("replaced", Text),  # the question that stands for it since an approver changed the call
)
