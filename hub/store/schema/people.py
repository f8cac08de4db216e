"""Who signs in at the console: people, their roles, passkeys, sessions and one-time challenges; and what they did."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Float, ForeignKey, Index, LargeBinary, Table, Text, UniqueConstraint

from hub.store.schema.base import COUNT, SERIAL, metadata


def _person() -> Column[str]:
    return Column("person", Text, ForeignKey("people.id"), nullable=False)


people: Final = Table(
    "people",
    metadata,
    Column("id", Text, primary_key=True),  # 32 hexadecimal digits
    Column("name", Text, nullable=False, unique=True),  # as it stands in grants and audits
    Column("email", Text, nullable=False, server_default=""),
    Column("created", Float, nullable=False),
    Column("disabled", Float),
    Column("totp", LargeBinary),  # sealed with the hub's console key
    Column("totp_step", COUNT, nullable=False, server_default="0"),  # the last one used: no code counts twice
)

roles: Final = Table(
    "roles",
    metadata,
    Column("person", Text, ForeignKey("people.id"), primary_key=True),
    Column("tenant", Text, primary_key=True),  # empty: at every tenant
    Column("role", Text, primary_key=True),  # owner, author, admin, viewer
    Column("created", Float, nullable=False),
)

passkeys: Final = Table(
    "passkeys",
    metadata,
    Column("credential", Text, primary_key=True),  # base64url
    _person(),
    Column("name", Text, nullable=False),
    Column("cose", LargeBinary, nullable=False),  # public key as the authenticator gave it
    Column("spki", LargeBinary, nullable=False),  # the same, DER, as policies pin it
    Column("sign_count", COUNT, nullable=False),
    Column("created", Float, nullable=False),
    Column("used", Float),
    Index(None, "person"),
)

identities: Final = Table(
    "identities",
    metadata,
    Column("issuer", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    _person(),
)

sessions: Final = Table(
    "sessions",
    metadata,
    Column("hash", Text, primary_key=True),  # sha256 of the cookie
    _person(),
    Column("csrf", Text, nullable=False),
    Column("created", Float, nullable=False),
    Column("seen", Float, nullable=False),
    Column("expires", Float, nullable=False),
    Column("confirmed", Float, nullable=False, server_default="0"),  # when they last showed that it is still they
    Column("method", Text, nullable=False),  # passkey, oidc
    Column("address", Text, nullable=False),
    Column("device", Text, nullable=False),
    Index(None, "person"),
    Index(None, "expires"),
)

challenges: Final = Table(
    "challenges",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("person", Text, ForeignKey("people.id")),
    Column("body", LargeBinary, nullable=False),
    Column("expires", Float, nullable=False),
    Index(None, "expires"),
)
"""Each is taken out once: WebAuthn challenges, OIDC states, drafts of grants."""

limits: Final = Table(
    "limits",
    metadata,
    Column("key", Text, primary_key=True),
    Column("count", COUNT, nullable=False),
    Column("until", Float, nullable=False),
)

deeds: Final = Table(
    "deeds",
    metadata,
    Column("id", SERIAL, primary_key=True, autoincrement=True),
    Column("at", Float, nullable=False),
    Column("person", Text, nullable=False),  # name; empty for nobody we know
    Column("tenant", Text, nullable=False),
    Column("deed", Text, nullable=False),  # "sign-in", "sign-in refused", "approve" ...
    Column("subject", Text, nullable=False),
    Column("address", Text, nullable=False),
    Index(None, "tenant", "id"),
)
"""The hub's own audit: every sign-in, every answer, every change that a person made."""

invites: Final = Table(
    "invites",
    metadata,
    Column("hash", Text, primary_key=True),
    _person(),
    Column("created", Float, nullable=False),
    Column("expires", Float, nullable=False),
    Column("used", Float),
    UniqueConstraint("person"),
)
"""One-use links by which a person adds their first passkey."""
