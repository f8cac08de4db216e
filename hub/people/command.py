"""`safety hub person`: who signs in, and what they may do."""

from __future__ import annotations

import click

from hub.context import Context
from hub.people import directory
from hub.people.roles import EVERYWHERE, Role
from hub.running import run, settings_of
from safety_core.model.tool_call import TenantId
from safety_core.wire.signed import tenant_id

ROLE = click.Choice([role.value for role in Role])


@click.group()
def person() -> None:
    """People who sign in at the console."""


@person.command("add")
@click.argument("name")
@click.option("--email", default="", help="Where the person is written to; binds them to the team's sign-in, too.")
@click.option("--role", type=ROLE, help="What they may do.")
@click.option("--tenant", help="Where they may do it.  [default: at every tenant]")
@click.pass_context
def person_add(context: click.Context, name: str, email: str, role: str | None, tenant: str | None) -> None:
    """Add a person, and print the one-use link by which they make their first passkey (valid for three days)."""
    where = _where(tenant)

    async def work(hub: Context) -> str:
        added = await directory.add(hub, name, email)
        if role is not None:
            await directory.give(hub, added, Role(role), where)
        return await directory.invite(hub, added)

    click.echo(run(settings_of(context), work))


def _where(tenant: str | None) -> TenantId:
    return EVERYWHERE if tenant is None else tenant_id(tenant)
