"""What is there before anything runs: tenant and keys, a signed policy, secrets, a connected shop."""

from __future__ import annotations

import hashlib
import json
import secrets
import socket
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from click.testing import CliRunner
from nacl.signing import SigningKey

from hub.keys import create_keys
from safety_core.approve import key_id
from safety_core.cli.main import cli
from safety_core.edge.key_file import read_key_file
from safety_core.model.policy import KeyKind
from soak.fleet import Service, python
from soak.journal import Journal
from soak.places import Places
from soak.shim import Shim
from tests.simulators.repository import Repository
from tests.simulators.site import TENANT, Site

CATALOGUE: Final = b"""
tools:
  shop.take_order: {effect: write, words: takes an order, harmless: [ticket]}
  shop.refund: {effect: outward, words: pays money back, harmless: [ticket]}
"""
PACES: Final = {"HUB_BUNDLE_POLL": "5", "HUB_USAGE_FLUSH": "1", "HUB_HEARTBEAT": "2", "HUB_DECISIONS_POLL": "1"}
OWNER: Final = "Olga"


@dataclass(frozen=True, slots=True)
class Stage:
    """What was made, and what is needed to work with it.

    Attributes:
        client: the token of a program that sends prompts.
        approver: the token of who answers questions; `key` is their own key.
        planted: secrets that no place outside of the vault may hold, by name.
        port: of the egress listener, the same over all starts.
    """

    places: Places
    site: Site
    client: str
    approver: str
    key: SigningKey
    planted: dict[str, str]
    port: int

    @property
    def own_key_id(self) -> str:
        """The name of the approver's own key."""
        return str(key_id(KeyKind.PERSON, self.key.verify_key))

    @property
    def pinned(self) -> dict[str, str]:
        """Public keys by name, as the policy pins them."""
        hub = self.site.hub_key()
        return {str(hub["id"]): str(hub["public"]), self.own_key_id: bytes(self.key.verify_key).hex()}

    @property
    def edge_public(self) -> str:
        """The edge's own public key."""
        return bytes(SigningKey(read_key_file(self.site.home.edge_key)).verify_key).hex()

    def settings(self, home: Path, hub: str, model: int, shop: int, **more: str) -> dict[str, str]:
        """Return what an edge is started with, on the state in `home`."""
        providers = {"openai": {"base_url": f"http://127.0.0.1:{model}", "key_secret": "MODEL_KEY", "private": True}}
        given = {
            "HOME": str(home),
            "TENANT": TENANT,
            "WORKSPACE": str(self.places.workspace),
            "ROOT": str(self.places.root),
            "HUB_URL": hub,
            **PACES,
            "EGRESS_PORT": str(self.port),
            "EGRESS_PROVIDERS": json.dumps(providers),
            "CLIENTS": json.dumps({"sdk": hashlib.sha256(self.client.encode()).hexdigest()}),
            "CONNECTIONS": connections(shop),
            **more,
        }
        return {f"SAFETY_EDGE_{name}": value for name, value in given.items()}


def connections(shop: int) -> str:
    """Return the setting that connects the shop behind this port."""
    connected = {
        "adapter": "rest",
        "target": f"http://127.0.0.1:{shop}",
        "private": True,
        "secrets": {"token": "SHOP_TOKEN"},
        "options": {"timeout": 4},
    }
    return json.dumps({"shop": connected})


def hub_service(places: Places, shim: Shim, journal: Journal, port: int) -> Service:
    """Return the hub as it is started each time."""
    order = python("hub", "--data", str(places.hub), "serve", "--port", str(port))
    rooms = {"AGENT_HOURLY": "1000000", "AGENT_PENDING": "100000", "MAX_PENDING": "100000"}
    given = {f"SAFETY_HUB_{name}": value for name, value in rooms.items()}
    return Service("hub", order, given, places.logs, shim, journal)


@contextmanager
def staged(places: Places, hub: Service, hub_url: str, shop: int) -> Generator[Stage, None, None]:
    """Start the hub, make everything, and yield it.

    Args:
        shop: the port by which the edge will reach it.
    """
    create_keys(places.hub / "keys")
    site = Site(places.folder, Repository(time.time()), places.hub)
    hub.start()
    site.hub_url = hub_url
    key = SigningKey.generate()
    site.introduce()
    token = site.at_hub("approver", "add", TENANT, OWNER + " with a key", "--public", bytes(key.verify_key).hex())
    planted = {f"PLANTED_{number}": "Soak" + secrets.token_hex(16) + "Qz" for number in range(3)}
    stage = Stage(places, site, secrets.token_hex(20), token.split()[-1], key, planted, free_port())
    own = {"id": stage.own_key_id, "kind": "person", "public": bytes(key.verify_key).hex(), "up_to": "critical_red"}
    approvers = json.dumps({"approvers": [site.hub_key(), own]}).encode()
    site.publish(sources={"approvers.yaml": approvers, "catalogue/soak.yaml": CATALOGUE})
    places.root.write_bytes(site.repository.root)
    for name, value in {**planted, "MODEL_KEY": secrets.token_hex(20), "SHOP_TOKEN": secrets.token_hex(20)}.items():
        safety(site, shop, "secret", "set", name, typed=value)
    safety(site, shop, "connection", "pin", "shop", "--description", f"http://127.0.0.1:{shop}/openapi.json", "--yes")
    yield stage


def safety(site: Site, shop: int, *words: str, typed: str = "") -> str:
    """Type a command of `safety`; return what it prints. Raises RuntimeError with that where it fails."""
    environ = {"SAFETY_HOME": str(site.home.path), "SAFETY_EDGE_CONNECTIONS": connections(shop)}
    done = CliRunner().invoke(cli, words, input=typed, env=environ, catch_exceptions=False)
    if done.exit_code:
        raise RuntimeError(f"safety {' '.join(words)}: {done.output}")
    return done.output


def free_port() -> int:
    """Return a port of loopback that was free a moment ago."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
