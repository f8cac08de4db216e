"""`safety tenant`: this machine as one of the hub's customers."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

import click
from nacl.signing import SigningKey

from safety_core.cli.home import home_option
from safety_core.cli.hub import hub_option, read_token, token_option
from safety_core.edge.home import Home
from safety_core.edge.hub import HubClient
from safety_core.edge.key_file import edge_key
from safety_core.model.tool_call import TenantId
from safety_core.wire.signed import tenant_id

TOKEN: Final = "SAFETY_REGISTRATION_TOKEN"  # noqa: S105 - a name


@click.group()
def tenant() -> None:
    """Register this machine's edge at a hub."""


@tenant.command()
@click.argument("name")
@hub_option
@token_option(TOKEN, "safety hub tenant add")
@home_option
def register(name: str, hub: str, token_file: Path | None, home: Home) -> None:
    """Bind the edge's own key to tenant NAME at the hub. From then on the edge signs what it sends.

    The key is drawn into the edge's folder the first time. Doing this again with the same token changes nothing.
    """
    owner, token = tenant_id(name), read_token(token_file, TOKEN)
    key = edge_key(home)
    asyncio.run(_register(hub, owner, key, token))
    click.echo(f"{owner} is registered at {hub} with key {key.verify_key.encode().hex()}")


async def _register(hub: str, owner: TenantId, key: SigningKey, token: str) -> None:
    async with HubClient(hub, owner, key) as client:
        await client.register(token)
