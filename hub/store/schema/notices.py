"""What people are told, by which channel: what is to be told, the outbox, one-use links, delegations, webhooks; and the
leases of the hub's recurring jobs."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Float, ForeignKey, Index, LargeBinary, Table, Text, UniqueConstraint

from hub.store.schema.base import COUNT, SERIAL, metadata, tenant_key

jobs: Final = Table(
    "jobs",
    metadata,
    Column("name", Text, primary_key=True),
    Column("due", Float, nullable=False),
    Column("holder", Text, nullable=False, server_default=""),  # who does it now; empty for nobody
    Column("lease", Float, nullable=False, server_default="0"),  # until when; past it the holder counts as dead
)

happenings: Final = Table(
    "happenings",
    metadata,
    Column("id", SERIAL, primary_key=True, autoincrement=True),
    Column("tenant", Text, ForeignKey("tenants.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("at", Float, nullable=False),
    Column("due", Float, nullable=False),  # reminders lie in the future
    Column("body", LargeBinary, nullable=False),  # canonical JSON
    UniqueConstraint("tenant", "kind", "subject"),
    Index(None, "due"),
)
"""What is still to be handed out. A row goes, in the transaction that writes what follows from it to the outbox."""

channels: Final = Table(
    "channels",
    metadata,
    Column("id", Text, primary_key=True),  # 32 hexadecimal digits
    Column("person", Text, ForeignKey("people.id"), nullable=False),
    Column("kind", Text, nullable=False),  # push, email, apprise
    Column("word", Text, nullable=False),  # first word of a grant's origin: "push", "email", "telegram" ...
    Column("name", Text, nullable=False),  # as the person calls it
    Column("target", LargeBinary, nullable=False),  # address, subscription or URL, sealed with the hub's key
    Column("mark", Text, nullable=False),  # keyed hash of the target: the same one again is no second channel
    Column("least", COUNT, nullable=False),  # level from which on it is used
    Column("detail", COUNT, nullable=False),  # 1: arguments in full may leave the house by it
    Column("created", Float, nullable=False),
    Column("failed", Float),  # since when nothing gets through; empty while it works
    UniqueConstraint("person", "mark"),
)

outbox: Final = Table(
    "outbox",
    metadata,
    Column("id", SERIAL, primary_key=True, autoincrement=True),
    Column("person", Text, nullable=False),  # empty for a webhook
    Column("channel", Text, nullable=False),  # of `channels` or `webhooks`
    Column("tenant", Text, ForeignKey("tenants.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("alike", Text, nullable=False, server_default=""),  # what questions have in common that become one message
    Column("body", LargeBinary, nullable=False),  # canonical JSON
    Column("state", Text, nullable=False),  # waiting, sending, sent, dropped, dead
    Column("created", Float, nullable=False),
    Column("due", Float, nullable=False),
    Column("attempts", COUNT, nullable=False, server_default="0"),
    Column("holder", Text, nullable=False, server_default=""),
    Column("lease", Float, nullable=False, server_default="0"),
    Column("settled", Float),  # when it was sent, dropped or given up
    Column("reason", Text, nullable=False, server_default=""),
    UniqueConstraint("person", "channel", "subject"),
    Index(None, "state", "due"),
    Index(None, "person", "settled"),
)

links: Final = Table(
    "links",
    metadata,
    Column("hash", Text, primary_key=True),  # sha256 of the token
    Column("tenant", Text, ForeignKey("tenants.id"), nullable=False),
    Column("request", Text, nullable=False),
    Column("person", Text, ForeignKey("people.id"), nullable=False),
    Column("word", Text, nullable=False),  # of the channel
    Column("created", Float, nullable=False),
    Column("expires", Float, nullable=False),
    Column("used", Float),
    Index(None, "expires"),
)

delegations: Final = Table(
    "delegations",
    metadata,
    Column("id", Text, primary_key=True),  # 32 hexadecimal digits
    Column("tenant", Text, ForeignKey("tenants.id"), nullable=False),
    Column("person", Text, ForeignKey("people.id"), nullable=False),
    Column("deputy", Text, ForeignKey("people.id"), nullable=False),
    Column("starts", Float, nullable=False),
    Column("ends", Float, nullable=False),
    Column("created", Float, nullable=False),
    Column("withdrawn", Float),
    Index(None, "tenant", "deputy"),
)
"""Who answers in whose place, at one tenant, until when."""

escalations: Final = Table(
    "escalations",
    metadata,
    tenant_key(),
    Column("person", Text, ForeignKey("people.id"), primary_key=True),
    Column("step", COUNT, nullable=False),  # 0 is told first; who has no row is in step 0
)

telling: Final = Table(
    "telling",
    metadata,
    tenant_key(),
    Column("zone", Text, nullable=False),  # IANA time zone
    Column("quiet_from", COUNT, nullable=False),  # minute of the day; equal to quiet_to for none
    Column("quiet_to", COUNT, nullable=False),
    Column("quiet_level", COUNT, nullable=False),  # what comes through at any hour
    Column("escalate_seconds", COUNT, nullable=False),  # 0 for never
    Column("digest_minute", COUNT, nullable=False),  # of the day; -1 for none
    Column("hourly", COUNT, nullable=False),  # messages for one person in an hour
)
"""How a tenant's people want to be told."""

webhooks: Final = Table(
    "webhooks",
    metadata,
    Column("id", Text, primary_key=True),  # 32 hexadecimal digits
    Column("tenant", Text, ForeignKey("tenants.id"), nullable=False),
    Column("url", Text, nullable=False),
    Column("secret", LargeBinary, nullable=False),  # sealed with the hub's key
    Column("events", Text, nullable=False),  # words, separated by spaces
    Column("created", Float, nullable=False),
    Index(None, "tenant"),
)
