"""Releases in waves, and publishers for all tenants."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    with op.batch_alter_table("tokens") as table:
        table.alter_column("tenant", existing_type=sa.Text(), nullable=True)
    op.create_table(
        "releases",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("created", sa.Float(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("plan", sa.LargeBinary(), nullable=False),
        sa.Column("wave", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("started", sa.Float(), nullable=True),
        sa.Column("wave_at", sa.Float(), nullable=True),
        sa.Column("judged", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_releases")),
    )
    op.create_index(op.f("ix_releases_state"), "releases", ["state"], unique=False)
    op.create_table(
        "running",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.id"], name=op.f("fk_running_tenant_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_running")),
    )
    op.create_index(op.f("ix_running_tenant"), "running", ["tenant", "id"], unique=False)
    op.create_table(
        "staged",
        sa.Column("release", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("wave", sa.BigInteger(), nullable=True),
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("expires", sa.Float(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("placed", sa.Float(), nullable=True),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["release"], ["releases.id"], name=op.f("fk_staged_release_releases")),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.id"], name=op.f("fk_staged_tenant_tenants")),
        sa.PrimaryKeyConstraint("release", "tenant", name=op.f("pk_staged")),
    )
    op.create_index(op.f("ix_staged_release"), "staged", ["release", "state", "wave"], unique=False)
    op.create_index(op.f("ix_staged_tenant"), "staged", ["tenant"], unique=False)
    op.create_table(
        "tallies",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("slot", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        sa.Column("denied", sa.BigInteger(), nullable=False),
        sa.Column("failed", sa.BigInteger(), nullable=False),
        sa.Column("troubled", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.id"], name=op.f("fk_tallies_tenant_tenants")),
        sa.PrimaryKeyConstraint("tenant", "slot", "version", name=op.f("pk_tallies")),
    )
    op.create_index(op.f("ix_tallies_slot"), "tallies", ["slot"], unique=False)


def downgrade() -> None:
    """Drop the tables; a publisher for all tenants is no longer one."""
    for name in ("tallies", "staged", "running", "releases"):
        op.drop_table(name)
    op.execute("DELETE FROM tokens WHERE tenant IS NULL")
    with op.batch_alter_table("tokens") as table:
        table.alter_column("tenant", existing_type=sa.Text(), nullable=False)
