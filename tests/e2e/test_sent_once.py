"""Mail and calendars behind a real edge that is killed in the middle: the same key again does nothing twice."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from click.testing import CliRunner

from safety_core.cli.main import cli
from tests.simulators.dav_house import DavHouse, dav_house
from tests.simulators.mail_house import MailHouse, mail_house
from tests.simulators.relay import Relay, relay
from tests.simulators.site import Edge, Site, call, site

GRANTED = b"""
outward:
  - {agent: main, tool: mail_send, recipient: "@mill.example", not_after: 4000000000}
"""
LETTER = {"connection": "office", "to": "bo@mill.example", "subject": "one act", "body": "four loaves"}
TASTING = {"connection": "diary", "title": "one act", "start": "2026-03-02"}


@dataclass
class World:
    here: Site
    mail: MailHouse
    dav: DavHouse

    @contextmanager
    def edge(self, smtp: int = 0, dav: int = 0) -> Generator[Edge, None, None]:
        """Run the edge; its mail and its calendar by these ports, by the servers' own otherwise."""
        office = {
            "adapter": "mail", "target": f"imaps://localhost:{self.mail.imaps}", "user": "anna", "private": True,
            "secrets": {"password": "OFFICE_MAIL"},
            "options": {
                "smtp": f"smtp://localhost:{smtp or self.mail.open}", "smtp_user": "", "from": "anna@shop.example",
                "ca": str(self.mail.trusted.chain),
            },
        }  # fmt: skip
        target = f"http://localhost:{dav or self.dav.plain}/"
        diary = {
            "adapter": "calendar", "target": target, "user": "anna", "private": True, "secrets": {"password": "DIARY"}
        }  # fmt: skip
        with self.here.edge(CONNECTIONS=json.dumps({"office": office, "diary": diary})) as edge:
            while edge.status()["policy"]["state"] != "in force":
                time.sleep(0.02)
            yield edge

    def store(self, name: str, value: str) -> None:
        environ = {"SAFETY_HOME": str(self.here.home.path)}
        done = CliRunner().invoke(cli, ["secret", "set", name], input=value, env=environ, catch_exceptions=False)
        assert done.exit_code == 0, done.output


@pytest.fixture(scope="module")
def world() -> Generator[World, None, None]:
    with site() as here, here.hub(), mail_house() as mail, dav_house() as dav:
        here.introduce()
        here.publish(sources={"outward.yaml": GRANTED})
        world = World(here, mail, dav)
        world.store("OFFICE_MAIL", mail.password)
        world.store("DIARY", dav.password)
        yield world


@pytest.fixture(autouse=True)
def _empty(world: World) -> None:
    world.mail.empty()
    world.dav.empty()


def keyed(edge: Edge, key: str, tool: str, params: dict[str, Any]) -> Any:
    return edge.ask("/v1/run", {"call": call(tool, **params), "wait": 0, "key": key}, timeout=60)


def cut_off(edge: Edge, line: Relay, key: str, tool: str, params: dict[str, Any]) -> None:
    """Kill the edge while the line is held."""

    def ask() -> None:
        with pytest.raises(httpx2.HTTPError):
            keyed(edge, key, tool, params)

    asking = threading.Thread(target=ask)
    asking.start()
    assert line.reached.wait(60)
    time.sleep(0.5 * line.passed)
    edge.kill()
    asking.join()


def test_an_edge_killed_before_the_message_ended_sends_it_the_next_time(world: World) -> None:
    with relay(world.mail.open, at=b"DATA\r\n", hold=True) as line, world.edge(smtp=line.port) as edge:
        cut_off(edge, line, "before", "mail_send", LETTER)
    assert world.mail.messages() == []
    with world.edge() as edge:
        assert keyed(edge, "before", "mail_send", LETTER)["status"] == "executed"
        assert keyed(edge, "before", "mail_send", LETTER)["repeated"]
    assert len(world.mail.messages()) == 1
    assert len(world.mail.messages("Sent")) == 1


def test_an_edge_killed_behind_the_message_says_that_nobody_knows(world: World) -> None:
    with relay(world.mail.open, at=b"\r\n.\r\n", passed=True, hold=True) as line, world.edge(smtp=line.port) as edge:
        cut_off(edge, line, "behind", "mail_send", LETTER)
    with world.edge() as edge:
        told = keyed(edge, "behind", "mail_send", LETTER)
        assert told["status"] != "executed"
        assert "marked as a draft" in json.dumps(told)
    assert len(world.mail.messages()) == 1


def test_an_edge_killed_when_an_event_was_added_finds_it_there(world: World) -> None:
    with relay(world.dav.plain, at=b"PUT /", passed=True, hold=True) as line, world.edge(dav=line.port) as edge:
        cut_off(edge, line, "event", "calendar_add", TASTING)
    assert len(world.dav.names("/anna/home/")) == 1
    with world.edge() as edge:
        assert keyed(edge, "event", "calendar_add", TASTING)["status"] == "executed"
    assert len(world.dav.names("/anna/home/")) == 1
