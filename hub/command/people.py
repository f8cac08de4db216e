"""`safety hub person` and `safety hub passkey`: who signs in, what they may do, and what policy pins."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import click

from hub.command.running import run, settings_of
from hub.context import Context
from hub.people import directory, pinning
from hub.roles import EVERYWHERE, Person, Role
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
    """Add a person, and print a link for their first passkey. It can be used once, within three days."""
    where = _where(tenant)

    async def work(hub: Context) -> str:
        added = await directory.add(hub, name, email)
        if role is not None:
            await directory.give(hub, added, Role(role), where)
        return await directory.invite(hub, added)

    click.echo(run(settings_of(context), work))


@person.command("list")
@click.pass_context
def person_list(context: click.Context) -> None:
    """Show each person, and what they may do."""
    for line in run(settings_of(context), directory.describe):
        click.echo(line)


@person.command("invite")
@click.argument("name")
@click.pass_context
def person_invite(context: click.Context, name: str) -> None:
    """Print a new one-use link for somebody who is there. It is for a new device, when the old one is lost.

    Using it ends all sessions that they had.
    """

    async def work(hub: Context) -> str:
        return await directory.invite(hub, await directory.find(hub, name))

    click.echo(run(settings_of(context), work))


@person.command("give")
@click.argument("name")
@click.option("--role", type=ROLE, required=True, help="What they may do.")
@click.option("--tenant", help="Where they may do it.  [default: at every tenant]")
@click.pass_context
def person_give(context: click.Context, name: str, role: str, tenant: str | None) -> None:
    """Give a role."""
    where = _where(tenant)
    _of(context, name, lambda hub, found: directory.give(hub, found, Role(role), where))


@person.command("take")
@click.argument("name")
@click.option("--role", type=ROLE, required=True, help="What they may no longer do.")
@click.option("--tenant", help="Where they have it.  [default: at every tenant]")
@click.pass_context
def person_take(context: click.Context, name: str, role: str, tenant: str | None) -> None:
    """Take a role away."""
    where = _where(tenant)
    _of(context, name, lambda hub, found: directory.take(hub, found, Role(role), where))


@person.command("shut-out")
@click.argument("name")
@click.pass_context
def person_shut_out(context: click.Context, name: str) -> None:
    """Let a person in no more. Ends their sessions, tokens and invites at once.

    A key of theirs that policy pins stays good at edges until a policy without it is published.
    """
    _of(context, name, directory.shut_out)


@person.command("let-in")
@click.argument("name")
@click.pass_context
def person_let_in(context: click.Context, name: str) -> None:
    """Let somebody in again who was shut out. They have the passkeys and roles that they had."""
    run(settings_of(context), lambda hub: directory.let_in(hub, name))


@click.group()
def passkey() -> None:
    """Passkeys, as policies pin them."""


@passkey.command("list")
@click.pass_context
def passkey_list(context: click.Context) -> None:
    """Print what makes people's passkeys count at edges. These are entries of policies/approvers.yaml.

    Take over those that you know to be theirs: what is signed is what an edge believes, not what the hub says.
    """
    if pins := run(settings_of(context), pinning.pins):
        click.echo(pins)


def _of(context: click.Context, name: str, work: Callable[[Context, Person], Awaitable[None]]) -> None:
    async def whole(hub: Context) -> None:
        await work(hub, await directory.find(hub, name))

    run(settings_of(context), whole)


def _where(tenant: str | None) -> TenantId:
    return EVERYWHERE if tenant is None else tenant_id(tenant)
