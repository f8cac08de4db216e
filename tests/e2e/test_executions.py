"""What the edge carries out, in real processes: a key acts once, a kill in the middle is told, and it can be undone."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Generator
from typing import Any

import httpx2
import pytest
from click.testing import CliRunner

from proxy.control.routes import EXECUTIONS
from safety_core.cli.audit import audit
from safety_core.cli.main import cli
from tests.simulators.site import Edge, Site, call, site


@pytest.fixture(scope="module")
def here() -> Generator[Site, None, None]:
    with site() as here, here.hub():
        here.introduce()
        here.publish()
        yield here


@pytest.fixture
def edge(here: Site) -> Generator[Edge, None, None]:
    with in_force(here) as edge:
        yield edge


class in_force:  # noqa: N801 - reads as a context manager
    """An edge that has its policy."""

    def __init__(self, here: Site) -> None:
        self._running = here.edge()

    def __enter__(self) -> Edge:
        edge = self._running.__enter__()
        until(lambda: edge.status()["policy"]["state"] == "in force")
        return edge

    def __exit__(self, *error: Any) -> None:
        self._running.__exit__(*error)


def until(true: Callable[[], bool]) -> None:
    while not true():
        time.sleep(0.02)


def safety(here: Site, *words: str) -> tuple[int, str]:
    done = CliRunner().invoke(cli, words, env={"SAFETY_HOME": str(here.home.path)}, standalone_mode=False)
    return done.return_value or 0, done.output


def listed(here: Site, *words: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in safety(here, "executions", "list", "--json", *words)[1].splitlines()]


def keyed(edge: Edge, key: str, tool: str, **params: Any) -> Any:
    return edge.ask("/v1/run", {"call": call(tool, **params), "wait": 0, "key": key})


def test_a_key_acts_once_also_over_a_restart(here: Site) -> None:
    command = {"command": "echo once >> counted; cat counted"}
    with in_force(here) as edge:
        first = keyed(edge, "count", "exec", **command)
        assert (first["status"], first["output"], first["repeated"]) == ("executed", "once\n", False)
        edge.kill()
    with in_force(here) as edge:
        again = keyed(edge, "count", "exec", **command)
        assert (again["output"], again["repeated"], again["execution"]) == ("once\n", True, first["execution"])
        other = keyed(edge, "count", "exec", command="echo twice")
        assert other["status"] == "refused"
    assert (here.workspace / "counted").read_text() == "once\n"


def test_a_kill_in_the_middle_is_on_record_and_nothing_is_done_twice(here: Site) -> None:
    command = {"command": "echo begun >> cut; sleep 300"}
    with in_force(here) as edge:

        def ask() -> None:
            with pytest.raises(httpx2.HTTPError):
                keyed(edge, "cut", "exec", **command)

        asking = threading.Thread(target=ask)
        asking.start()
        until((here.workspace / "cut").exists)
        edge.kill()
        asking.join()
    with in_force(here) as edge:
        assert edge.status()["executions"] == {"unknown": 1}
        answer = keyed(edge, "cut", "exec", **command)
        assert answer["status"] == "refused"
        assert "nobody knows whether it happened" in answer["reason"]
        (cut,) = listed(here, "--unknown")
        assert (cut["tool"], cut["key"], cut["state"]) == ("exec", "cut", "unknown")
        assert "cut off" in safety(here, "status")[1]
        assert f"safety executions settle {cut['id']}" in answer["reason"]
        assert safety(here, "executions", "settle", cut["id"], "--done") == (0, "written down\n")
        again = keyed(edge, "cut", "exec", **command)
        assert (again["status"], again["repeated"]) == ("executed", True)
        assert "as a person found out" in again["output"]
        assert edge.status()["executions"] == {"unknown": 0}
        tried = CliRunner().invoke(
            cli, ["executions", "settle", cut["id"], "--not-done"], env={"SAFETY_HOME": str(here.home.path)}
        )
        assert "is not one that was cut off" in str(tried.exception)
    assert (here.workspace / "cut").read_text() == "begun\n"
    events = CliRunner().invoke(
        audit, ["export"], env={"SAFETY_HOME": str(here.home.path)}, standalone_mode=False, catch_exceptions=False
    )
    names = [json.loads(line)["event"] for line in events.output.splitlines()]
    assert (names.count("interrupted"), names.count("settled")) == (1, 1)


def test_what_was_written_over_can_be_taken_back(here: Site, edge: Edge) -> None:
    (here.workspace / "prices.txt").write_text("bread 3\n")
    done = edge.run("write", path="prices.txt", content="bread 300\n")
    assert done["undoable"]
    fresh = edge.run("write", path="new.txt", content="x")
    assert not fresh["undoable"], "there was nothing"
    for _ in range(EXECUTIONS):
        assert edge.run("read", path="new.txt")["status"] == "executed"
    assert done["execution"] not in {told["id"] for told in listed(here)}, "others came since"
    status, told = safety(here, "executions", "undo", done["execution"])
    assert (status, told) == (0, "executed: write done: prices.txt\n")
    assert (here.workspace / "prices.txt").read_text() == "bread 3\n"
    edge.run("write", path="prices.txt", content="bread 4\n")
    assert safety(here, "executions", "undo", done["execution"])[0] == 0
    assert (here.workspace / "prices.txt").read_text() == "bread 4\n", "it is taken back once"


def test_what_has_no_way_back_says_so(here: Site, edge: Edge) -> None:
    done = edge.run("exec", command="true")
    for name, reason in ((done["execution"], "has no way back"), ("f" * 32, "is not one that the edge remembers")):
        tried = CliRunner().invoke(cli, ["executions", "undo", name], env={"SAFETY_HOME": str(here.home.path)})
        assert reason in str(tried.exception)
    assert "can be undone" not in safety(here, "executions", "list")[1].splitlines()[0]
