"""Orders to edges, and what they report beside."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ADDED = (
    ("heartbeats", sa.Column("told", sa.LargeBinary(), nullable=True)),
    ("heartbeats", sa.Column("passed_over", sa.BigInteger(), server_default="0", nullable=False)),
    ("checkpoints", sa.Column("log", sa.BigInteger(), server_default="1", nullable=False)),
    ("alerts", sa.Column("cleared", sa.Float(), nullable=True)),
    ("alerts", sa.Column("acknowledged", sa.Float(), nullable=True)),
    ("alerts", sa.Column("person", sa.Text(), nullable=True)),
)


def upgrade() -> None:
    """Create the tables, and add columns to those that edges fill."""
    for name, column in ADDED:
        op.add_column(name, column)
    op.create_table(
        "cosigned",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("log", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.id"], name=op.f("fk_cosigned_tenant_tenants")),
        sa.PrimaryKeyConstraint("tenant", "log", "day", name=op.f("pk_cosigned")),
    )
    op.create_table(
        "hours",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("hour", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("first", sa.Float(), nullable=False),
        sa.Column("last", sa.Float(), nullable=False),
        sa.Column("beats", sa.BigInteger(), nullable=False),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        sa.Column("asked", sa.BigInteger(), nullable=False),
        sa.Column("denied", sa.BigInteger(), nullable=False),
        sa.Column("failed", sa.BigInteger(), nullable=False),
        sa.Column("prompts", sa.BigInteger(), nullable=False),
        sa.Column("prompts_refused", sa.BigInteger(), nullable=False),
        sa.Column("budget_refused", sa.BigInteger(), nullable=False),
        sa.Column("pending", sa.BigInteger(), nullable=False),
        sa.Column("unsent", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.id"], name=op.f("fk_hours_tenant_tenants")),
        sa.PrimaryKeyConstraint("tenant", "hour", "policy", name=op.f("pk_hours")),
    )
    op.create_table(
        "orders",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("made", sa.Float(), nullable=False),
        sa.Column("expires", sa.Float(), nullable=False),
        sa.Column("settled", sa.Float(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("numbers", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.id"], name=op.f("fk_orders_tenant_tenants")),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_orders")),
    )
    op.create_index(op.f("ix_orders_tenant"), "orders", ["tenant", "settled", "made"], unique=False)
    op.create_table(
        "taken_back",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("public", sa.Text(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.id"], name=op.f("fk_taken_back_tenant_tenants")),
        sa.PrimaryKeyConstraint("tenant", "public", name=op.f("pk_taken_back")),
    )


def downgrade() -> None:
    """Drop the tables and columns."""
    for name in ("taken_back", "orders", "hours", "cosigned"):
        op.drop_table(name)
    for name, column in reversed(ADDED):
        with op.batch_alter_table(name) as table:
            table.drop_column(column.name)
