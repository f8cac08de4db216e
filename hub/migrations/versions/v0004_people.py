"""People, their roles, passkeys and sessions."""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ROLES = {"approver": "owner", "publisher": "author"}
TOKENS = sa.table("tokens", *map(sa.column, ("hash", "kind", "tenant", "name", "created", "person")))
PEOPLE = sa.table("people", *map(sa.column, ("id", "name", "created")))
HELD = sa.table("roles", *map(sa.column, ("person", "tenant", "role", "created")))


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "deeds",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("deed", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deeds")),
    )
    op.create_index(op.f("ix_deeds_tenant"), "deeds", ["tenant", "id"], unique=False)
    op.create_table(
        "limits",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_limits")),
    )
    op.create_table(
        "people",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), server_default="", nullable=False),
        sa.Column("created", sa.Float(), nullable=False),
        sa.Column("disabled", sa.Float(), nullable=True),
        sa.Column("totp", sa.LargeBinary(), nullable=True),
        sa.Column("totp_step", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sa.UniqueConstraint("name", name=op.f("uq_people_name")),
    )
    op.create_table(
        "challenges",
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("expires", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_challenges_person_people")),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_challenges")),
    )
    op.create_index(op.f("ix_challenges_expires"), "challenges", ["expires"], unique=False)
    op.create_table(
        "identities",
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_identities_person_people")),
        sa.PrimaryKeyConstraint("issuer", "subject", name=op.f("pk_identities")),
    )
    op.create_table(
        "invites",
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("created", sa.Float(), nullable=False),
        sa.Column("expires", sa.Float(), nullable=False),
        sa.Column("used", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_invites_person_people")),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_invites")),
        sa.UniqueConstraint("person", name=op.f("uq_invites_person")),
    )
    op.create_table(
        "passkeys",
        sa.Column("credential", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("cose", sa.LargeBinary(), nullable=False),
        sa.Column("spki", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("created", sa.Float(), nullable=False),
        sa.Column("used", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_passkeys_person_people")),
        sa.PrimaryKeyConstraint("credential", name=op.f("pk_passkeys")),
    )
    op.create_index(op.f("ix_passkeys_person"), "passkeys", ["person"], unique=False)
    op.create_table(
        "roles",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("created", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_roles_person_people")),
        sa.PrimaryKeyConstraint("person", "tenant", "role", name=op.f("pk_roles")),
    )
    op.create_table(
        "sessions",
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("csrf", sa.Text(), nullable=False),
        sa.Column("created", sa.Float(), nullable=False),
        sa.Column("seen", sa.Float(), nullable=False),
        sa.Column("expires", sa.Float(), nullable=False),
        sa.Column("confirmed", sa.Float(), server_default="0", nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_sessions_person_people")),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_sessions")),
    )
    op.create_index(op.f("ix_sessions_expires"), "sessions", ["expires"], unique=False)
    op.create_index(op.f("ix_sessions_person"), "sessions", ["person"], unique=False)
    with op.batch_alter_table("tokens") as table:
        table.add_column(sa.Column("person", sa.Text(), nullable=True))
        table.create_foreign_key(op.f("fk_tokens_person_people"), "people", ["person"], ["id"])
    _people_of_tokens()


def _people_of_tokens() -> None:
    """Make a person of each name that holds a token, with the role that it stands for."""
    connection, known = op.get_bind(), dict[str, str]()
    for token in connection.execute(sa.select(TOKENS).where(TOKENS.c.kind.in_(ROLES)).order_by(TOKENS.c.created)).all():
        if token.name not in known:
            known[token.name] = uuid.uuid4().hex
            row = {"id": known[token.name], "name": token.name, "created": token.created}
            connection.execute(sa.insert(PEOPLE).values(row))
        person = known[token.name]
        role = {"person": person, "tenant": token.tenant, "role": ROLES[token.kind], "created": token.created}
        connection.execute(sa.insert(HELD).values(role))
        connection.execute(sa.update(TOKENS).where(TOKENS.c.hash == token.hash).values(person=person))


def downgrade() -> None:
    """Drop the tables."""
    with op.batch_alter_table("tokens") as table:
        table.drop_constraint(op.f("fk_tokens_person_people"), type_="foreignkey")
        table.drop_column("person")
    op.drop_table("sessions")
    op.drop_table("roles")
    op.drop_table("passkeys")
    op.drop_table("invites")
    op.drop_table("identities")
    op.drop_table("challenges")
    op.drop_table("people")
    op.drop_table("limits")
    op.drop_table("deeds")
