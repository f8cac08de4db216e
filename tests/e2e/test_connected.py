"""Services that describe themselves, behind a real edge: pinned, called, killed in the middle, and never twice."""

from __future__ import annotations

import json
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

import httpx2
import pytest
from click.testing import CliRunner

from safety_core.cli.main import cli
from safety_core.edge.connections import pins_path
from tests.docs.hand import Hand
from tests.simulators import mcp_server
from tests.simulators.shop import Shop, shop
from tests.simulators.site import Edge, Site, call, site

LISTED = b"""
tools:
  shop.create_order: {effect: write, words: takes an order, harmless: [customer, items]}
  shop.list_orders: {effect: read, words: looks for orders, harmless: [status]}
  notes.silent: {effect: write, words: acts}
  notes.environment: {effect: read, words: looks at variables}
"""
ORDER = {"customer": "c@example.com", "items": [{"product": "p1", "quantity": 1}]}


@dataclass
class Connected:
    """A site with a shop and a program that serves MCP. `secret`: the program's."""

    here: Site
    shop: Shop
    folder: Path
    secret: str

    @property
    def settings(self) -> str:
        program = Path(mcp_server.__file__)
        target = f"{sys.executable} {program} {self.folder}"
        options = {"readable": [str(program.parent)], "writable": [str(self.folder)]}
        return json.dumps({
            "shop": {"adapter": "rest", "target": self.shop.url, "private": True, "secrets": {"token": "SHOP_TOKEN"}},
            "notes": {"adapter": "mcp", "target": target, "secrets": {"KEY": "NOTES_KEY"}, "options": options},
        })  # fmt: skip

    def safety(self, *words: str, typed: str = "") -> str:
        environ = {"SAFETY_HOME": str(self.here.home.path), "SAFETY_EDGE_CONNECTIONS": self.settings}
        done = CliRunner().invoke(cli, words, input=typed, env=environ, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    def pin_shop(self) -> None:
        self.safety("connection", "pin", "shop", "--description", f"{self.shop.url}/openapi.json", "--yes")

    @contextmanager
    def edge(self) -> Generator[Edge, None, None]:
        with self.here.edge(CONNECTIONS=self.settings) as edge:
            until(lambda: edge.status()["policy"]["state"] == "in force")
            yield edge


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Generator[Connected, None, None]:
    with site() as here, here.hub(), shop() as running:
        here.introduce()
        here.publish(sources={"catalogue/connected.yaml": LISTED})
        world = Connected(here, running, tmp_path_factory.mktemp("notes"), token_urlsafe(24))
        world.safety("secret", "set", "SHOP_TOKEN", typed=running.token)
        world.safety("secret", "set", "NOTES_KEY", typed=world.secret)
        world.pin_shop()
        world.safety("connection", "pin", "notes", "--yes")
        yield world


def until(true: Callable[[], bool]) -> None:
    while not true():
        time.sleep(0.02)


def keyed(edge: Edge, key: str, tool: str, **params: Any) -> Any:
    return edge.ask("/v1/run", {"call": call(tool, **params), "wait": 0, "key": key})


def cut_off(edge: Edge, begun: Callable[[], bool], *calls: Callable[[], Any]) -> None:
    """Kill the edge once services have done what they were called for, and before they have said so."""

    def ask(asked: Callable[[], Any]) -> None:
        with pytest.raises(httpx2.HTTPError):
            asked()

    asking = [threading.Thread(target=ask, args=(each,)) for each in calls]
    for each in asking:
        each.start()
    until(begun)
    edge.kill()
    for each in asking:
        each.join()


def test_agents_get_what_was_pinned_and_at_once(world: Connected) -> None:
    pins_path(world.here.home, "shop").unlink()
    with world.edge() as edge:
        assert "not one that the edge runs" in edge.run("shop.list_orders")["reason"]
        world.pin_shop()
        done = edge.run("shop.list_orders", status="open")
        assert (done["status"], [*json.loads(done["output"])]) == ("executed", ["orders"])
        shown = edge.run("notes.environment")["output"]
        assert world.secret not in shown
        assert json.loads(shown)["KEY"] == "SECRET_REF(NOTES_KEY)"
        asked = edge.run("shop.delete_order", order_id="o1")
        assert asked["status"] == "pending", "it was not listed, and deletes"
        assert "argument order_id" in edge.run("shop.get_order", order_id="../products")["reason"]


def test_a_kill_in_the_middle_does_nothing_twice(world: Connected) -> None:
    """A service that knows keys is asked again; of a tool that knows none nobody knows, and a person looks."""
    before, acts = len(world.shop.orders), world.folder / "acts"
    world.shop.faults.append("silent")
    with world.edge() as edge:
        ordering = partial(keyed, edge, "order", "shop.create_order", **ORDER)
        acting = partial(keyed, edge, "act", "notes.silent")
        cut_off(edge, lambda: len(world.shop.orders) > before and acts.exists(), ordering, acting)
    with world.edge() as edge:
        done = keyed(edge, "order", "shop.create_order", **ORDER)
        assert (done["status"], json.loads(done["output"])["customer"]) == ("executed", "c@example.com")
        assert keyed(edge, "order", "shop.create_order", **ORDER)["repeated"]
        answer = keyed(edge, "act", "notes.silent")
        assert (answer["status"], "nobody knows whether it happened" in answer["reason"]) == ("refused", True)
    assert len(world.shop.orders) == before + 1
    assert acts.read_text() == "silent\n"


def test_the_commands_of_the_page_run_in_their_order(world: Connected, monkeypatch: pytest.MonkeyPatch) -> None:
    """docs/adapters.md, with a database beside the two services."""
    world.here.workspace.mkdir(exist_ok=True)
    books = world.here.workspace / "orders.db"
    with closing(sqlite3.connect(books)) as db:
        db.execute("CREATE TABLE orders (id integer PRIMARY KEY, paid integer)")
        db.execute("INSERT INTO orders VALUES (2, 0)")
        db.commit()
    orders = {"adapter": "sql", "target": f"sqlite:///{books}", "options": {"acts_table": "safety_acts"}}
    settings = json.dumps({**json.loads(world.settings), "orders": orders})
    for name, value in {"SAFETY_HOME": str(world.here.home.path), "SAFETY_EDGE_CONNECTIONS": settings}.items():
        monkeypatch.setenv(name, value)
    hand = Hand("adapters.md", {"~/.safety": str(world.here.home.path), "pin notes": "pin notes --yes"})
    assert "orders" in hand.types("safety connection list")
    hand.types("safety connection check")
    hand.types("safety connection pin")
    assert "create_order" in hand.types("safety connection show")
    with world.here.edge(CONNECTIONS=settings) as edge:
        until(lambda: edge.status()["policy"]["state"] == "in force")
        assert '"executed"' in hand.types("curl")
    hand.ended()
    with closing(sqlite3.connect(books)) as db:
        assert db.execute("SELECT paid FROM orders").fetchall() == [(1,)]
