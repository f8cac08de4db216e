"""Passkeys: what the hub keeps of them is public."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.store.engine import insert_into
from hub.store.schema.people import passkeys, people


@dataclass(frozen=True, slots=True)
class Passkey:
    """One passkey of a person.

    Attributes:
        credential: its id, base64url without padding.
        name: as its owner calls it.
        cose: the public key as the authenticator gave it.
        spki: the same as SubjectPublicKeyInfo (DER), as policies pin it.
        sign_count: how often it says that it has signed; 0 where it does not count.
        created, used: seconds since the epoch.
    """

    credential: str
    person: str
    name: str
    cose: bytes
    spki: bytes
    sign_count: int
    created: float
    used: float | None = None


async def add(connection: AsyncConnection, passkey: Passkey) -> bool:
    """Store a passkey; False if there is one with this id."""
    statement = insert_into(connection, passkeys).values(**asdict(passkey))
    added = await connection.execute(statement.on_conflict_do_nothing().returning(passkeys.c.credential))
    return added.first() is not None


async def find(connection: AsyncConnection, credential: str) -> Passkey | None:
    """Return the passkey with this id."""
    row = (await connection.execute(select(passkeys).where(passkeys.c.credential == credential))).first()
    return None if row is None else Passkey(**row._mapping)


async def of_person(connection: AsyncConnection, person: str) -> tuple[Passkey, ...]:
    """Return a person's passkeys, the oldest first."""
    query = select(passkeys).where(passkeys.c.person == person).order_by(passkeys.c.created, passkeys.c.credential)
    return tuple(Passkey(**row._mapping) for row in await connection.execute(query))


async def listed(connection: AsyncConnection) -> tuple[tuple[str, Passkey], ...]:
    """Return (name of the person, passkey) for all who are not shut out, by name."""
    join = select(people.c.name.label("owner"), passkeys).join(people, people.c.id == passkeys.c.person)
    found = await connection.execute(
        join.where(people.c.disabled.is_(None)).order_by(people.c.name, passkeys.c.created)
    )
    return tuple(
        (row.owner, Passkey(**{name: row._mapping[name] for name in Passkey.__dataclass_fields__})) for row in found
    )


async def note_use(connection: AsyncConnection, credential: str, sign_count: int, now: float) -> bool:
    """Note a use; False if the count that it shows is not larger than the one before: there may be a copy."""
    same = passkeys.c.credential == credential
    larger = (passkeys.c.sign_count < sign_count) | ((passkeys.c.sign_count == 0) & (sign_count == 0))
    statement = update(passkeys).where(same & larger).values(sign_count=sign_count, used=now)
    return (await connection.execute(statement.returning(passkeys.c.credential))).first() is not None


async def remove(connection: AsyncConnection, person: str, credential: str) -> bool:
    """Remove a person's passkey; False if they have none with this id."""
    same = (passkeys.c.person == person) & (passkeys.c.credential == credential)
    return (await connection.execute(delete(passkeys).where(same).returning(passkeys.c.credential))).first() is not None


async def rename(connection: AsyncConnection, person: str, credential: str, name: str) -> bool:
    """Call a person's passkey otherwise; False if they have none with this id."""
    same = (passkeys.c.person == person) & (passkeys.c.credential == credential)
    statement = update(passkeys).where(same).values(name=name).returning(passkeys.c.credential)
    return (await connection.execute(statement)).first() is not None
