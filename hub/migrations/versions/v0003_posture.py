"""What each edge's doctor found. Who has not reported one has none."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("heartbeats", sa.Column("posture", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    """Drop the column."""
    with op.batch_alter_table("heartbeats") as table:
        table.drop_column("posture")
