"""Billing periods and exports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "accounts",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("anchor", sa.BigInteger(), nullable=False),
        sa.Column("customer", sa.Text(), nullable=False),
        sa.Column("most_cost", sa.BigInteger(), nullable=False),
        sa.Column("most_tokens", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.id"], name=op.f("fk_accounts_tenant_tenants")),
        sa.PrimaryKeyConstraint("tenant", name=op.f("pk_accounts")),
    )
    op.create_table(
        "meter_events",
        sa.Column("identifier", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("meter", sa.Text(), nullable=False),
        sa.Column("hour", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("customer", sa.Text(), nullable=False),
        sa.Column("created", sa.Float(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tried", sa.BigInteger(), nullable=False),
        sa.Column("first_tried", sa.Float(), nullable=True),
        sa.Column("next_try", sa.Float(), nullable=False),
        sa.Column("sent", sa.Float(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.id"], name=op.f("fk_meter_events_tenant_tenants")),
        sa.PrimaryKeyConstraint("identifier", name=op.f("pk_meter_events")),
    )
    op.create_index("ix_meter_events_owner", "meter_events", ["tenant", "hour"], unique=False)
    op.create_index(op.f("ix_meter_events_state"), "meter_events", ["state", "next_try"], unique=False)
    op.create_table(
        "metered",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("meter", sa.Text(), nullable=False),
        sa.Column("hour", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.id"], name=op.f("fk_metered_tenant_tenants")),
        sa.PrimaryKeyConstraint("tenant", "meter", "hour", name=op.f("pk_metered")),
    )


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("metered")
    op.drop_table("meter_events")
    op.drop_table("accounts")
