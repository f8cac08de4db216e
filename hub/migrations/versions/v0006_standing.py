"""Edits, outward grants and what became of questions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "edits",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("approver", sa.Text(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("refused", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.id"], name=op.f("fk_edits_tenant_tenants")),
        sa.PrimaryKeyConstraint("tenant", "nonce", name=op.f("pk_edits")),
    )
    op.create_index(op.f("ix_edits_tenant"), "edits", ["tenant", "request"], unique=False)
    op.create_table(
        "outcomes",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("replaced", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.id"], name=op.f("fk_outcomes_tenant_tenants")),
        sa.PrimaryKeyConstraint("tenant", "request", "state", name=op.f("pk_outcomes")),
    )
    op.create_table(
        "standing_grants",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("made", sa.Float(), nullable=False),
        sa.Column("not_after", sa.Float(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("withdrawn", sa.Float(), nullable=True),
        sa.Column("withdrawn_by", sa.Text(), nullable=True),
        sa.Column("remaining", sa.BigInteger(), nullable=True),
        sa.Column("ended", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.id"], name=op.f("fk_standing_grants_tenant_tenants")),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_standing_grants")),
    )
    op.create_index(op.f("ix_standing_grants_tenant"), "standing_grants", ["tenant", "not_after"], unique=False)


def downgrade() -> None:
    """Drop the tables."""
    for table in ("standing_grants", "outcomes", "edits"):
        op.drop_table(table)
