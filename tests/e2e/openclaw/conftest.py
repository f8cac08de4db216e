"""One real OpenClaw for all tests of this folder, with the real edge and hub, a scripted model and a messenger."""

from __future__ import annotations

import hashlib
import json
import secrets
import sqlite3
import tomllib
from collections.abc import Generator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, Final

import pytest

from safety_core.cli.demo.model import Model
from safety_core.cli.demo.stage import CATALOGUE, PROGRAMS
from tests.e2e.openclaw.world import APIS, CHATTED, RECITED, World, run_safety, wait_until
from tests.simulators.mail_house import MailHouse, mail_house
from tests.simulators.openclaw import Gateway, environment, set_up
from tests.simulators.openclaw_host import Endpoint, Host, add_stray
from tests.simulators.planted import plant
from tests.simulators.scripted_model import scripted_model
from tests.simulators.serving import held_port
from tests.simulators.site import Site, site
from tests.simulators.telegram import Telegram, telegram

ORDER: Final = (
    *(
        "plugin",
        "calls",
        "foreseen",
        "approvals",
        "secrets",
        "services",
        "agents",
        "outbound",
        "limits",
        "planted",
        "faults",
    ),
    *("hooks", "broken"),
)
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
    with ExitStack() as stack:
        here = stack.enter_context(site())
        model = stack.enter_context(scripted_model())
        messenger = stack.enter_context(telegram())
        hub = stack.enter_context(here.hub())
        here.introduce()
        here.publish(sources=policy(here))
        house = stack.enter_context(mail_house())
        values = {name: secrets.token_hex(14) for name in ("DB_PASSWORD", CHATTED, RECITED)} | plant(50)
        values["MAILBOX"] = house.password
        run_safety(here, "secret", "import", "-", text=json.dumps(values))
        door, egress = (stack.enter_context(held_port()) for _ in range(2))  # also while one is started again
        host = owners_openclaw(here, model, messenger, door)
        settings, tokens = guard(here, host, egress)
        settings["CONNECTIONS"] = json.dumps(connections(here, house))
        gateway = Gateway(host)
        stack.callback(gateway.stop)
        edge = stack.enter_context(here.edge(**settings))
        gateway.await_ready()
        world = World(here, hub, edge, settings, model, messenger, gateway, tokens, values, house, stack)
        wait_until(lambda: tokens.keys() - {"unguarded"} <= world.plugins().keys())
        yield world


def policy(here: Site) -> dict[str, bytes]:
    """Return what this customer adds to the shipped policy: a program, manifests, and a chat whose buttons count."""
    agents = {
        "default_tier": "trusted",
        "agents": {
            "held": {"tools": ["read", "exec", "secret_names"], "secrets": ["DB_PASSWORD"], "subagents": {"depth": 0}},
            "thrifty": {"budget": {"tokens_per_day": 2000}},
            "llama": {"connections": ["shop_db"]},
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


def connections(here: Site, house: MailHouse) -> dict[str, Any]:
    """Return what the operator connects: the shop's orders, and its mailbox."""
    orders = here.folder / "orders.db"
    with closing(sqlite3.connect(orders)) as db:
        db.executescript("create table orders (id integer, cake text); insert into orders values (1042, 'plum')")
    options = {"smtp": f"smtps://localhost:{house.smtps}", "from": "anna@shop.test", "ca": str(house.trusted.chain)}
    mail = {"adapter": "mail", "target": f"imaps://localhost:{house.imaps}", "user": house.user, "private": True}
    return {
        "shop_db": {"adapter": "sql", "target": f"sqlite://{orders}", "private": True},
        "office": {**mail, "secrets": {"password": "MAILBOX"}, "options": options},
    }


def owners_openclaw(here: Site, model: Model, messenger: Telegram, port: int) -> Host:
    """Set up an OpenClaw without any gateway before it: its providers are asked with keys of its own."""
    folder = here.folder / "openclaw"
    folder.mkdir()
    furnish(here.workspace)
    models = {f"shop-{agent}": Endpoint(model.url, f"sk-{secrets.token_hex(20)}", api) for agent, api in APIS.items()}
    agents = {agent: f"shop-{agent}" for agent in APIS} | {"held": "shop-main", "thrifty": "shop-main"}
    host = Host(folder, here.workspace, port, models, agents, messenger.url)
    set_up(host)
    return host


def guard(here: Site, host: Host, egress: int) -> tuple[dict[str, str], dict[str, str]]:
    """Put the gateway into it, as its owner does; return the settings of the edge, and each agent's token."""
    port = {"EGRESS_PORT": str(egress)}
    program = host.folder / "bin" / "openclaw"
    with here.edge(**port) as edge:
        wait_until(lambda: edge.status()["policy"]["state"] == "in force")
        arguments = ("openclaw", "install", "--yes", "--openclaw", str(program))
        told = run_safety(here, *arguments, environ=environment(host.folder))
    needed = tomllib.loads(told.partition("settings must say this")[2].partition("\n")[2])
    path = host.folder / "openclaw.json"
    config = json.loads(path.read_bytes())
    sources = config["secrets"]["providers"]
    tokens = {agent: Path(sources[f"safety-{agent}"]["path"]).read_text().strip() for agent in host.agents}
    tokens["unguarded"] = secrets.token_hex(24)
    config["plugins"]["entries"]["safety-gateway"]["config"]["approvalWait"] = 0
    add_stray(config, "direct", Endpoint(host.models["shop-main"].url, "stray"), host)
    path.write_text(json.dumps(config, indent=2))
    return port | edge_settings(needed, tokens["unguarded"]), tokens


def edge_settings(needed: dict[str, Any], unguarded: str) -> dict[str, str]:
    """Return what `safety openclaw install` says that the edge must be told, and one client more without a plugin."""
    egress, clients = needed["egress"], needed["clients"]
    return {
        "EGRESS_PROVIDERS": json.dumps(egress["providers"]),
        "EGRESS_REQUIRE_PLUGIN": json.dumps([*egress["require_plugin"], "unguarded"]),
        "CLIENTS": json.dumps({**clients, "unguarded": hashlib.sha256(unguarded.encode()).hexdigest()}),
    }
