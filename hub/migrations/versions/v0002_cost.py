"""What usage cost. What was reported before had no price."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; every request that is there counts as unpriced."""
    for name in ("cost", "unpriced"):
        op.add_column("usage", sa.Column(name, sa.BigInteger(), server_default="0", nullable=False))
    op.execute("UPDATE usage SET unpriced = requests")
    with op.batch_alter_table("usage") as table:
        for name in ("cost", "unpriced"):
            table.alter_column(name, server_default=None)


def downgrade() -> None:
    """Drop the columns."""
    with op.batch_alter_table("usage") as table:
        table.drop_column("unpriced")
        table.drop_column("cost")
