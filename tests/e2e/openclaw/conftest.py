"""One real OpenClaw for all tests of this folder, with the real edge and hub, a scripted model and a messenger."""

from __future__ import annotations

import hashlib
import json
import secrets
import shutil
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest

from safety_core.cli.demo.model import Model
from safety_core.cli.demo.stage import CATALOGUE, PROGRAMS
from tests.e2e.openclaw.world import APIS, World, run_safety, wait_until
from tests.simulators.openclaw import Gateway, free_port, write_config
from tests.simulators.openclaw_host import PATHS, PLUGIN, Endpoint, Host
from tests.simulators.planted import plant
from tests.simulators.scripted_model import scripted_model
from tests.simulators.site import Site, site
from tests.simulators.telegram import Telegram, telegram

UPSTREAM_KEY: Final = "UPSTREAM_KEY"

ORDER: Final = ("plugin", "calls", "approvals", "secrets", "agents", "outbound", "limits", "planted", "faults", "hooks")
"""The modules in the order in which they share one gateway: what takes something away comes late."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort the modules of this folder; each must be named in ORDER."""
    here = Path(__file__).parent
    places = [place for place, item in enumerate(items) if item.path.parent == here]
    ours = sorted((items[place] for place in places), key=lambda item: ORDER.index(item.path.stem[len("test_") :]))
    for place, item in zip(places, ours, strict=True):
        item.add_marker(pytest.mark.timeout(600))
        items[place] = item


@pytest.fixture(scope="session")
def world() -> Generator[World, None, None]:
    tokens = {agent: secrets.token_hex(24) for agent in (*APIS, "held", "thrifty", "unguarded")}
    values = {
        UPSTREAM_KEY: f"upstream-{secrets.token_hex(16)}",
        "DB_PASSWORD": f"pw-{secrets.token_hex(12)}",
        **plant(50),
    }
    with ExitStack() as stack:
        here = stack.enter_context(site())
        model = stack.enter_context(scripted_model())
        messenger = stack.enter_context(telegram())
        settings = edge_settings(model, tokens)
        gateway = start_gateway(here, model, messenger, settings["EGRESS_PORT"], tokens)
        stack.callback(gateway.stop)
        hub = stack.enter_context(here.hub())
        here.introduce()
        here.publish(sources=policy(here))
        run_safety(here, "secret", "import", "-", text=json.dumps(values))
        edge = stack.enter_context(here.edge(**settings))
        gateway.await_ready()
        world = World(here, hub, edge, settings, model, messenger, gateway, tokens, values, stack)
        wait_until(lambda: tokens.keys() - {"unguarded"} <= world.plugins().keys())
        yield world


def policy(here: Site) -> dict[str, bytes]:
    """Return what this customer adds to the shipped policy: a program, manifests, and a chat whose buttons count."""
    agents = {
        "default_tier": "trusted",
        "agents": {
            "held": {"tools": ["read", "exec", "secret_names"], "secrets": ["DB_PASSWORD"], "subagents": {"depth": 0}},
            "thrifty": {"tokens_per_day": 2000},
        },
    }
    approvers = {"approvers": [here.hub_key(), here.channel_key()]}
    files = {"agents.yaml": agents, "approvers.yaml": approvers}
    return {
        "catalogue/bakery.yaml": CATALOGUE.encode(),
        **{name: json.dumps(tree).encode() for name, tree in files.items()},
    }


def furnish(workspace: Path) -> None:
    """Give the agents a folder to work in, with the shop's own program for its newsletter."""
    workspace.mkdir()
    program = workspace / "newsletter"
    program.write_text(PROGRAMS["newsletter"])
    program.chmod(0o755)
    (workspace / "news.md").write_text("Fresh rye on Fridays.")


def start_gateway(here: Site, model: Model, messenger: Telegram, egress: str, tokens: dict[str, str]) -> Gateway:
    """Start OpenClaw while the rest is still to come: it finds the edge as soon as that is there."""
    folder = here.folder / "openclaw"
    folder.mkdir()
    furnish(here.workspace)
    plugin = folder / "plugin"
    shutil.copytree(PLUGIN, plugin, ignore=shutil.ignore_patterns("runtime", "test"))
    models = {
        agent: Endpoint(f"http://127.0.0.1:{egress}{PATHS[api]}", tokens[agent], api)
        for agent in tokens
        if agent != "unguarded"
        for api in [APIS.get(agent, "openai-completions")]
    }
    models["direct"] = Endpoint(f"{model.url}/v1", "unguarded")
    config = {"socket": str(here.home.socket), "approvalWait": 0}
    host = Host(folder, here.workspace, free_port(), models, plugin, config, messenger.url)
    write_config(host)
    return Gateway.start(host)


def edge_settings(model: Model, tokens: dict[str, str]) -> dict[str, str]:
    """Return the edge's settings: agents reach the model with their tokens, and only while their plugin is there."""
    provider = {"base_url": model.url, "key_secret": UPSTREAM_KEY}
    clients = {agent: hashlib.sha256(token.encode()).hexdigest() for agent, token in tokens.items()}
    return {
        "EGRESS_PORT": str(free_port()),
        "EGRESS_ALLOW_PRIVATE_UPSTREAMS": "true",
        "EGRESS_PROVIDERS": json.dumps({"openai": provider, "anthropic": provider}),
        "EGRESS_REQUIRE_PLUGIN": json.dumps(list(tokens)),
        "EGRESS_INTERLOCK": "enforce",
        "CLIENTS": json.dumps(clients),
    }
