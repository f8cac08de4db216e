"""What people answered: answers towards a quorum, and the feed that each edge follows."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Boolean, Column, Float, LargeBinary, Table, Text

from hub.store.schema.base import COUNT, metadata, tenant_key

answers: Final = Table(
    "answers",
    metadata,
    tenant_key(),
    Column("request", Text, primary_key=True),
    Column("approver", Text, primary_key=True),  # a person says one thing of a question
    Column("allow", Boolean, nullable=False),
    Column("at", Float, nullable=False),
    Column("grant_json", LargeBinary, nullable=False),  # canonical bytes of the signed answer
)

feed: Final = Table(
    "feed",
    metadata,
    tenant_key(),
    Column("place", COUNT, primary_key=True, autoincrement=False),
    Column("body", LargeBinary, nullable=False),  # canonical JSON of one item
)
