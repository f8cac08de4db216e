"""A database and a container engine behind a real edge that is killed between the act and its record: never twice."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from click.testing import CliRunner

from safety_core.cli.main import cli
from tests.simulators import databases
from tests.simulators.containers import IMAGE, ContainerEngine, podman
from tests.simulators.databases import Database
from tests.simulators.relay import relay
from tests.simulators.site import Edge, Site, call, site
from tests.simulators.sql_calls import Calls

STATEMENT = "INSERT INTO notes (text) VALUES ($1) RETURNING id"
INSERT = {"connection": "shop", "statement": STATEMENT, "parameters": ["once"]}
RUN = {"connection": "box", "image": IMAGE, "command": ["echo", "once"]}


@dataclass
class World:
    """A site with a database, a file of SQLite and a container engine."""

    here: Site
    database: Database
    file: Database
    engine: ContainerEngine

    @contextmanager
    def edge(self, *, port: int = 0, socket: Path | None = None) -> Generator[Edge, None, None]:
        """Run an edge that is connected to all of them, or to a relay in front of one."""
        acts = {"acts_table": "safety_acts"}
        secrets = {"password": "SHOP_PASSWORD"}
        shop = {"adapter": "sql", "user": "agent", "private": True, "options": acts}
        settings = {
            "shop": {**shop, "target": self.database.target(port, "127.0.0.1"), "secrets": secrets},
            "file": {**shop, "target": self.file.target()},
            "box": {"adapter": "docker", "target": f"unix://{socket or self.engine.socket}", "private": True},
        }
        with self.here.edge(CONNECTIONS=json.dumps(settings)) as edge:
            until(lambda: edge.status()["policy"]["state"] == "in force")
            yield edge


@pytest.fixture(scope="module")
def world() -> Generator[World, None, None]:
    with (
        site() as here,
        here.hub(),
        databases.postgresql() as database,
        databases.sqlite() as file,
        podman() as box,
    ):
        here.introduce()
        here.publish()
        typed, environ = database.password, {"SAFETY_HOME": str(here.home.path)}
        done = CliRunner().invoke(cli, ["secret", "set", "SHOP_PASSWORD"], input=typed, env=environ)
        assert done.exit_code == 0, done.output
        yield World(here, database, file, box)


def until(true: Callable[[], bool]) -> None:
    while not true():
        time.sleep(0.02)


def keyed(edge: Edge, key: str, tool: str, **params: Any) -> Any:
    return edge.ask("/v1/run", {"call": call(tool, **params), "wait": 0, "key": key})


def cut_off(edge: Edge, reached: threading.Event, key: str, tool: str, **params: Any) -> None:
    """Kill the edge once the service has been told."""

    def ask() -> None:
        with pytest.raises(httpx2.HTTPError):
            keyed(edge, key, tool, **params)

    asking = threading.Thread(target=ask)
    asking.start()
    assert reached.wait(60)
    edge.kill()
    asking.join()


def test_agents_use_them(world: World) -> None:
    with world.edge() as edge:
        world.database.wipe()
        done = keyed(edge, "first", "sql_execute", **INSERT)
        assert done["status"] == "executed", done
        assert world.database.notes() == ["once"]
        found = edge.run("sql_query", connection="shop", query="SELECT text FROM notes")
        assert json.loads(found["output"])["rows"] == [["once"]]
        asked = edge.run("sql_execute", connection="shop", statement="DELETE FROM notes")
        assert asked["status"] == "pending"
        kept = edge.run("sql_execute", connection="file", statement="INSERT INTO notes (text) VALUES ('a')")
        assert (kept["status"], world.file.notes()) == ("executed", ["a"])
        ran = edge.run("docker_run", **RUN)
        assert (ran["status"], ran["output"]) == ("executed", "once\n")
        world.engine.wipe()


@pytest.mark.parametrize("passed", [False, True], ids=["before the commit", "after the commit"])
def test_a_change_of_records_happens_once_though_the_edge_is_killed(world: World, *, passed: bool) -> None:
    world.database.wipe()
    key = f"insert-{passed}"
    Calls(world.database, options=(("acts_table", "safety_acts"),)).insert("made the table of acts")
    with (
        relay(world.database.port, at=b"COMMIT", passed=passed, hold=True) as line,
        world.edge(port=line.port) as edge,
    ):
        cut_off(edge, line.reached, key, "sql_execute", **INSERT)
    with world.edge() as edge:
        done = keyed(edge, key, "sql_execute", **INSERT)
        assert done["status"] == "executed", done
        assert json.loads(done["output"]).get("already_done", False) is passed
        assert keyed(edge, key, "sql_execute", **INSERT)["repeated"]
    assert world.database.notes().count("once") == 1


@pytest.mark.parametrize("at", [b"/containers/create", b"/start"], ids=["creating", "starting"])
def test_a_container_runs_once_though_the_edge_is_killed(world: World, tmp_path: Path, at: bytes) -> None:
    key = f"run-{at.decode()}"
    with (
        relay(world.engine.socket, tmp_path / "s", at=at, passed=True, hold=True) as line,
        world.edge(socket=tmp_path / "s") as edge,
    ):
        cut_off(edge, line.reached, key, "docker_run", **RUN)
    with world.edge() as edge:
        done = keyed(edge, key, "docker_run", **RUN)
        assert (done["status"], done["output"]) == ("executed", "once\n"), done
    assert len(world.engine.containers()) == 1
    world.engine.wipe()


def test_what_an_engine_cannot_tell_is_left_to_a_person(world: World, tmp_path: Path) -> None:
    world.engine.ask("run", "--detach", "--name", "web", "--network", "none", IMAGE, "sleep", "600")
    inside = {"connection": "box", "container": "web", "command": ["touch", "/tmp/x"]}
    with (
        relay(world.engine.socket, tmp_path / "s", at=b"/start", passed=True, hold=True) as line,
        world.edge(socket=tmp_path / "s") as edge,
    ):
        cut_off(edge, line.reached, "touch", "docker_exec", **inside)
    with world.edge() as edge:
        again = keyed(edge, "touch", "docker_exec", **inside)
        assert again["status"] != "executed"
        assert "earlier try" in again["reason"]
    world.engine.wipe()
