"""`safety hub`: run the hub, and look after it on its own machine."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from hub import admin
from hub.command.backup import backup, restore
from hub.command.people import passkey, person
from hub.command.running import run, settings_of
from hub.context import Context
from hub.keys import create_keys
from hub.openapi.document import document
from hub.server import serve as serve_hub
from hub.settings import CONFIG
from hub.store.tokens import TokenKind


@click.group(short_help="Run the control plane of one or many edges.")
@click.option(
    "--config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    envvar=CONFIG,
    help="TOML file with the settings.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="Folder of keys, repositories and database.  [default: ~/.safety-hub]",
)
@click.option("--database", help="URL of SQLite or PostgreSQL.")
@click.pass_context
def hub(context: click.Context, config: Path | None, data: Path | None, database: str | None) -> None:
    """Run the control plane: signed policy, approvals, usage and heartbeats of many tenants.

    \b
    safety hub init                       once: keys, database; what to pin
    safety hub tenant add TENANT          a token with which an edge registers
    safety hub person add NAME            a link to sign in at the console with
    safety hub approver add TENANT NAME   a token with which a person answers
    safety hub publisher add TENANT NAME  a token for `safety policy publish`
    safety hub serve
    safety hub backup FILE                all of it in one file, while it serves

    Settings come from a TOML file and from SAFETY_HUB_DATA, SAFETY_HUB_DATABASE, SAFETY_HUB_HOST ...
    """
    context.obj = {"file": config, "data": data, "database": database}


@hub.command()
@click.option("--host", help="Where to listen; TLS is the business of a proxy in front.  [default: 127.0.0.1]")
@click.option("--port", type=int, help="0 takes any free port; the ready line says which.  [default: 8200]")
@click.pass_context
def serve(context: click.Context, host: str | None, port: int | None) -> None:
    """Answer requests. Prints {"ready": true, "url": ...} once it does."""
    serve_hub(settings_of(context, host=host, port=port))


@hub.command()
def openapi() -> None:
    """Print the API's OpenAPI document. A running hub serves it at /v1/openapi.json."""
    click.echo(document())


@hub.command()
@click.pass_context
def init(context: click.Context) -> None:
    """Draw the hub's keys and make its database; what is there stays.

    Prints the entry for policies/approvers.yaml that lets the hub approve up to red.
    """
    settings = settings_of(context)
    keys = create_keys(settings.data / "keys")
    run(settings, _nothing)
    click.echo("# for policies/approvers.yaml: what the hub may approve (never what asks for a strong approver)")
    click.echo(
        f"approvers:\n  - id: {keys.approvals_id}\n    kind: hub\n    public: {keys.approvals_public}\n    up_to: red"
    )


@hub.command()
@click.pass_context
def migrate(context: click.Context) -> None:
    """Bring the database to the newest schema; `serve` does it too."""
    run(settings_of(context), _nothing)  # opening it does


@hub.group()
def tenant() -> None:
    """Customers: one for each edge."""


@tenant.command("add")
@click.argument("name")
@click.pass_context
def tenant_add(context: click.Context, name: str) -> None:
    """Add a tenant. Prints its one-time registration token, valid for a day.

    For a tenant that is there: print a new token, with which its edge can register another key.
    """
    click.echo(run(settings_of(context), lambda hub: admin.add_tenant(hub, name)))


@tenant.command("list")
@click.pass_context
def tenant_list(context: click.Context) -> None:
    """Show each tenant, what is in force, and what needs a look."""
    for line in run(settings_of(context), admin.describe_tenants):
        click.echo(line)


@tenant.command("revoke")
@click.argument("name")
@click.pass_context
def tenant_revoke(context: click.Context, name: str) -> None:
    """Take back a tenant's key. Nothing that it signs counts any more, and its edge is let go.

    To enrol the tenant again: `safety hub tenant add NAME`, and a fresh key on its machine.
    """
    run(settings_of(context), partial(admin.revoke, name=name))
    click.echo(f"the key of {name} counts no longer")


@tenant.command("accept-log")
@click.argument("name")
@click.pass_context
def tenant_accept_log(context: click.Context, name: str) -> None:
    """Let in another audit log than the one cosigned so far.

    After a machine was set up anew, and after you have kept the old log. What was cosigned of it stays.
    """
    run(settings_of(context), partial(admin.accept_log, name=name))
    click.echo(f"the next log that {name} reports is cosigned from its beginning")


@hub.group()
def approver() -> None:
    """People who answer a tenant's questions."""


@approver.command("add")
@click.argument("tenant_name", metavar="TENANT")
@click.argument("name")
@click.option("--public", help="The approver's own public key, from `safety approvals keygen`.")
@click.pass_context
def approver_add(context: click.Context, tenant_name: str, name: str, public: str | None) -> None:
    """Add an approver and print their token. The same name again: a new token, the old one no longer counts."""
    add = partial(admin.add_person, kind=TokenKind.APPROVER, tenant_name=tenant_name, name=name, public=public)
    click.echo(run(settings_of(context), add))


@hub.group()
def publisher() -> None:
    """Those who may put signed policy into a tenant's repository."""


@publisher.command("add")
@click.argument("tenant_name", metavar="TENANT")
@click.argument("name")
@click.pass_context
def publisher_add(context: click.Context, tenant_name: str, name: str) -> None:
    """Add a publisher and print their token. The same name again: a new token, the old one no longer counts."""
    add = partial(admin.add_person, kind=TokenKind.PUBLISHER, tenant_name=tenant_name, name=name)
    click.echo(run(settings_of(context), add))


@publisher.command("add-for-all")
@click.argument("name")
@click.pass_context
def publisher_add_for_all(context: click.Context, name: str) -> None:
    """Add a publisher for every tenant. Prints their token, for `safety policy release`."""
    click.echo(run(settings_of(context), partial(admin.add_publisher_for_all, name=name)))


async def _nothing(_hub: Context) -> None:
    """Opening the hub is all that is wanted."""


hub.add_command(backup)
hub.add_command(restore)
hub.add_command(person)
hub.add_command(passkey)
