"""Answers by several people, the feed as a table of its own, and what questions are found by."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_ADDED = ("agent", "tool", "digest", "words")
_OPEN = sa.text("state = 'pending'")


def upgrade() -> None:
    """Create the tables, and bring over what is there."""
    op.create_table(
        "answers",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("approver", sa.Text(), nullable=False),
        sa.Column("allow", sa.Boolean(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("grant_json", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.id"], name=op.f("fk_answers_tenant_tenants")),
        sa.PrimaryKeyConstraint("tenant", "request", "approver", name=op.f("pk_answers")),
    )
    op.create_table(
        "feed",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("place", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.id"], name=op.f("fk_feed_tenant_tenants")),
        sa.PrimaryKeyConstraint("tenant", "place", name=op.f("pk_feed")),
    )
    for name in _ADDED:
        op.add_column("approvals", sa.Column(name, sa.Text(), server_default="", nullable=False))
    _bring_over(op.get_bind())
    with op.batch_alter_table("approvals") as table:
        table.drop_constraint(op.f("uq_approvals_tenant"), type_="unique")
        table.drop_column("feed")
    op.create_index(op.f("ix_approvals_agent"), "approvals", ["tenant", "agent", "received"], unique=False)
    op.create_index(op.f("ix_approvals_ends"), "approvals", ["expires"], sqlite_where=_OPEN, postgresql_where=_OPEN)
    op.create_index(
        op.f("uq_approvals_pending"),
        "approvals",
        ["tenant", "digest"],
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )


def _bring_over(connection: sa.Connection) -> None:
    """Fill the new columns, and turn each answer into a row of both tables; of alike open questions the newest stays
    open."""
    names = "tenant", "id", "state", "request", "received", "grant_json", "feed", *_ADDED
    approvals = sa.table("approvals", *(sa.column(name) for name in names))
    keys = connection.execute(
        sa.select(approvals.c.tenant, approvals.c.id).order_by(approvals.c.received.desc(), approvals.c.id)
    ).all()
    seen: set[tuple[str, str]] = set()
    for tenant, request in keys:
        this = (approvals.c.tenant == tenant) & (approvals.c.id == request)
        row = connection.execute(sa.select(approvals).where(this)).one()
        asked = json.loads(row.request)
        values = _columns(asked)
        if row.state == "pending" and (tenant, values["digest"]) in seen:
            values["state"] = "cancelled"
        elif row.state == "pending":
            seen.add((tenant, values["digest"]))
        connection.execute(sa.update(approvals).where(this).values(**values))
        if row.grant_json is not None:
            _bring_over_answer(connection, row)


def _columns(asked: dict[str, Any]) -> dict[str, str]:
    words = (asked["id"], asked["agent"], asked["tool"], asked["level"], asked["reason"], json.dumps(asked["params"]))
    return {
        "agent": asked["agent"],
        "tool": asked["tool"],
        "digest": asked["action_digest"],
        "words": "\n".join(words).replace("\x00", " ").casefold()[: 16 * 1024],
    }


def _bring_over_answer(connection: sa.Connection, row: Any) -> None:
    answers = sa.table("answers", *map(sa.column, ("tenant", "request", "approver", "allow", "at", "grant_json")))
    feed = sa.table("feed", *map(sa.column, ("tenant", "place", "body")))
    grant = json.loads(row.grant_json)
    said = {"approver": grant["approver"], "allow": grant["allow"], "at": grant["decided"]}
    values = {"tenant": row.tenant, "request": row.id, **said, "grant_json": row.grant_json}
    connection.execute(sa.insert(answers).values(**values))
    body = b'{"grant":' + bytes(row.grant_json) + b"}"
    connection.execute(sa.insert(feed).values(tenant=row.tenant, place=row.feed, body=body))


def downgrade() -> None:
    """Drop the tables: what several people said is lost, and the places that answers had in the feed."""
    op.drop_index(op.f("uq_approvals_pending"), "approvals")
    op.drop_index(op.f("ix_approvals_ends"), "approvals")
    op.drop_index(op.f("ix_approvals_agent"), "approvals")
    with op.batch_alter_table("approvals") as table:
        for name in _ADDED:
            table.drop_column(name)
        table.add_column(sa.Column("feed", sa.BigInteger(), nullable=True))
        table.create_unique_constraint(op.f("uq_approvals_tenant"), ["tenant", "feed"])
    op.drop_table("feed")
    op.drop_table("answers")
