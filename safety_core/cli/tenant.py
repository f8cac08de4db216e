"""`safety tenant`: this machine as one of the hub's customers."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click
from nacl.signing import SigningKey

from safety_core.cli.tokens import read_token
from safety_core.edge.home import Home
from safety_core.edge.hub import HubClient
from safety_core.edge.key_file import read_or_create_key_file
from safety_core.model.tool_call import TenantId
from safety_core.wire.signed import tenant_id


@click.group()
def tenant() -> None:
    """Register this machine's edge at a hub."""


@tenant.command()
@click.argument("name")
@click.option("--hub", envvar="SAFETY_HUB", required=True, help="The hub's URL.")
@click.option(
    "--token-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The one-time token of `safety hub tenant add`; or set SAFETY_REGISTRATION_TOKEN.",
)
@click.option("--home", type=click.Path(path_type=Path, file_okay=False), help="The edge's folder; SAFETY_HOME.")
def register(name: str, hub: str, token_file: Path | None, home: Path | None) -> None:
    """Bind the edge's own key to tenant NAME at the hub. From then on the edge signs what it sends.

    The key is drawn into the edge's folder the first time. Doing this again with the same token changes nothing.
    """
    owner, token = tenant_id(name), read_token(token_file, "SAFETY_REGISTRATION_TOKEN")
    place = (Home(home.absolute()) if home else Home.default()).create()
    key = SigningKey(read_or_create_key_file(place.edge_key))
    asyncio.run(_register(hub, owner, key, token))
    click.echo(f"{owner} is registered at {hub} with key {key.verify_key.encode().hex()}")


async def _register(hub: str, owner: TenantId, key: SigningKey, token: str) -> None:
    async with HubClient(hub, owner, key) as client:
        await client.register(token)
