"""A guarded agent at a real edge: it is killed between a decision and the next prompt, and while an agent is halted."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import httpx2
import pytest
from click.testing import CliRunner

from safety_core.cli.agent import agent
from safety_core.cli.demo.answers import say
from safety_core.cli.demo.model import Model, running
from safety_core.cli.secret import secret
from tests.simulators.full_check_in import full_check_in
from tests.simulators.site import Edge, Site, call, site

TOKEN = secrets.token_hex(16)
TRACE = "c" * 32


@pytest.fixture(scope="module")
def here() -> Generator[Site, None, None]:
    with site() as here, here.hub():
        here.introduce()
        here.publish()
        environ = {"SAFETY_HOME": str(here.home.path)}
        done = CliRunner().invoke(secret, ["set", "PROVIDER_KEY"], input=secrets.token_hex(16), env=environ)
        assert done.exit_code == 0, done.output
        yield here


@pytest.fixture(scope="module")
def model() -> Generator[Model, None, None]:
    with running(say("hello")) as model:
        yield model


@contextmanager
def guarding(here: Site, model: Model) -> Generator[Edge, None, None]:
    providers = {"openai": {"base_url": model.url, "key_secret": "PROVIDER_KEY", "private": True}}
    with here.edge(
        EGRESS_PROVIDERS=json.dumps(providers),
        EGRESS_REQUIRE_PLUGIN='["main"]',
        CLIENTS=json.dumps({"main": hashlib.sha256(TOKEN.encode()).hexdigest()}),
    ) as edge:
        yield edge


def prompt(edge: Edge, *results: str) -> httpx2.Response:
    told = [{"role": "tool", "tool_call_id": result, "content": "bread"} for result in results]
    return httpx2.post(
        f"http://127.0.0.1:{edge.ready['egress']}/openai/v1/chat/completions",
        json={"model": "m-1", "messages": [{"role": "user", "content": "hello"}, *told]},
        headers={"authorization": f"Bearer {TOKEN}", "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"},
        timeout=60,
        trust_env=False,
    )


def turn(edge: Edge) -> Any:
    return edge.ask("/v1/turn", {"agent": "main", "session": "s1", "run": "r1", "trace": TRACE})


def test_a_turn_goes_on_at_the_edge_that_was_started_again(here: Site, model: Model) -> None:
    with guarding(here, model) as edge:
        edge.ask("/v1/check-in", full_check_in())
        assert turn(edge)["ok"]
        edge.ask("/v1/decide", {"call": {**call("exec", command="ls"), "id": "call_1"}, "wait": 0})
        edge.kill()
    with guarding(here, model) as edge:
        answer = prompt(edge, "call1")
        assert answer.status_code == 424, "nobody has checked in with this edge yet"
        assert edge.ask("/v1/check-in", full_check_in(nonce=secrets.token_hex(16)))["ok"]
        assert prompt(edge, "call1").status_code == 200
        assert prompt(edge, "call1", "call_2").status_code == 424


def test_who_is_halted_is_halted_still_after_a_kill(here: Site, model: Model) -> None:
    environ = {"SAFETY_HOME": str(here.home.path)}
    with guarding(here, model) as edge:
        done = CliRunner().invoke(agent, ["halt", "main", "--reason", "odd mails"], env=environ)
        assert (done.exit_code, done.output) == (0, "main halted\n")
        edge.kill()
    with guarding(here, model) as edge:
        edge.ask("/v1/check-in", full_check_in())
        told = turn(edge)
        assert told["ok"] is False
        assert "odd mails" in told["reason"]
        assert edge.decide("exec", command="ls")["decision"] == "block"
        assert prompt(edge).status_code == 424
        assert CliRunner().invoke(agent, ["resume", "main"], env=environ).exit_code == 0
        assert turn(edge)["ok"]
        assert prompt(edge).status_code == 200
