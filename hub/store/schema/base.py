"""The one collection of tables, and what they share."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, MetaData, Text

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

SERIAL: Final = BigInteger().with_variant(Integer, "sqlite")
"""A number that the database draws, ever larger (with `primary_key=True, autoincrement=True`)."""


def tenant_key() -> Column[str]:
    """Return the column by which each row belongs to one tenant, first in the primary key."""
    return Column("tenant", Text, ForeignKey("tenants.id"), primary_key=True)
