"""Who somebody is at the team's OpenID provider: an issuer's subject stands for one person."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.roles import Person
from hub.store.engine import insert_into
from hub.store.schema.people import identities, people


async def find(connection: AsyncConnection, issuer: str, subject: str) -> Person | None:
    """Return the person that a subject stands for, unless they are shut out."""
    same = (identities.c.issuer == issuer) & (identities.c.subject == subject) & people.c.disabled.is_(None)
    query = select(people).join(identities, identities.c.person == people.c.id).where(same)
    row = (await connection.execute(query)).first()
    return None if row is None else Person(row.id, row.name, row.email)


async def bind(connection: AsyncConnection, issuer: str, subject: str, email: str) -> Person | None:
    """Bind a subject to the one person with this e-mail address who is not bound yet; None where there is none.

    Two people with the same address are nobody: which one it is would be a guess.
    """
    bound = select(identities.c.person).where(identities.c.issuer == issuer)
    free = (func.lower(people.c.email) == email.lower()) & people.c.disabled.is_(None) & people.c.id.not_in(bound)
    rows = (await connection.execute(select(people).where(free).limit(2))).all()
    if len(rows) != 1:
        return None
    statement = insert_into(connection, identities).values(issuer=issuer, subject=subject, person=rows[0].id)
    made = await connection.execute(statement.on_conflict_do_nothing().returning(identities.c.person))
    return None if made.first() is None else Person(rows[0].id, rows[0].name, rows[0].email)
