"""kill -9 of the edge, in the middle of what must not be lost and must not happen twice."""

from __future__ import annotations

import hashlib
import json
import secrets
import sqlite3
import threading
import time
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2
import pytest
from click.testing import CliRunner

from safety_core.cli.audit import audit
from safety_core.cli.demo.answers import say
from safety_core.cli.demo.model import running
from safety_core.cli.secret import secret
from safety_core.model.usage import Usage
from tests.simulators.site import Edge, Site, site

CLIENT_TOKEN = "e" * 40
TOKENS = 100


@pytest.fixture(scope="module")
def here() -> Generator[Site, None, None]:
    with site() as here, here.hub():
        here.introduce()
        here.publish()
        with here.edge() as edge:  # each test, also alone, finds an edge that has had a policy
            while edge.status()["policy"]["state"] != "in force":
                time.sleep(0.02)
        yield here


@pytest.fixture
def model() -> Generator[str, None, None]:
    with running(say("yes", usage=Usage(TOKENS, 1))) as model:
        yield model.url


def audit_is_whole(here: Site) -> bool:
    done = CliRunner().invoke(
        audit, ["verify"], env={"SAFETY_HOME": str(here.home.path)}, standalone_mode=False, catch_exceptions=False
    )
    return done.return_value == 0


def red() -> dict[str, Any]:
    return {"command": f"git push --force origin branch-{secrets.token_hex(4)}"}


def executions(here: Site) -> int:
    """How often anything ran, by the audit log."""
    with closing(sqlite3.connect(here.home.audit)) as db:
        events = [json.loads(body) for (body,) in db.execute("SELECT body FROM entry")]
    return sum(event["event"] in {"executed", "failed"} for event in events)


def ask_in_vain(edge: Edge, params: dict[str, Any]) -> None:
    with pytest.raises(httpx2.HTTPError):
        edge.run("exec", wait=30.0, **params)


def test_a_kill_while_callers_wait_leaves_one_question_and_one_execution(here: Site) -> None:
    params = red()
    with here.edge() as edge:
        callers = [threading.Thread(target=ask_in_vain, args=(edge, params)) for _ in range(3)]
        for caller in callers:
            caller.start()
        while edge.status()["approvals"] != {"pending": 1, "unsent": 0}:
            time.sleep(0.02)
        pending = edge.run("exec", **params)["approval"]
        edge.kill()
        for caller in callers:
            caller.join()
    here.answer(pending["id"])
    with here.edge() as edge:
        assert edge.run("exec", wait=30.0, **params)["status"] == "executed"
        edge.kill()
    with here.edge() as edge:
        again = edge.run("exec", **params)
        assert again["status"] == "pending"
        assert again["approval"]["id"] != pending["id"]
    assert executions(here) == 1
    assert audit_is_whole(here)


def test_a_question_that_never_reached_the_hub_goes_out_after_the_restart(here: Site) -> None:
    params, before = red(), executions(here)
    with here.edge(HUB_URL="http://127.0.0.1:9") as edge:
        pending = edge.run("exec", **params)["approval"]
        unsent = edge.status()["approvals"]["unsent"]
        assert unsent >= 1
        edge.kill()
    with here.edge() as edge:
        here.answer(pending["id"])
        assert edge.run("exec", wait=30.0, **params)["status"] == "executed"
        assert edge.run("exec", **params)["status"] == "pending"
    assert executions(here) == before + 1
    assert audit_is_whole(here)


def test_usage_is_neither_lost_nor_counted_twice(here: Site, model: str) -> None:
    done = CliRunner().invoke(
        secret, ["set", "MODEL_KEY"], input=secrets.token_hex(20), env={"SAFETY_HOME": str(here.home.path)}
    )
    assert done.exit_code == 0, done.output
    environ = {
        "EGRESS_PROVIDERS": json.dumps({"openai": {"base_url": model, "key_secret": "MODEL_KEY", "private": True}}),
        "CLIENTS": json.dumps({"sdk": hashlib.sha256(CLIENT_TOKEN.encode()).hexdigest()}),
        "HUB_USAGE_FLUSH": "0.02",
    }
    answered = sent = 0
    for round_number in range(2):
        with here.edge(**environ) as edge:
            killer = threading.Timer(0.3 + 0.2 * round_number, edge.kill)
            killer.start()
            while True:
                sent += 1
                try:
                    answered += prompt(edge)
                except httpx2.HTTPError:
                    break
            killer.join()
    with here.edge(**environ) as edge:
        sent, answered = sent + 1, answered + prompt(edge)
        for _ in range(1200):
            if at_hub(here) == at_edge(here):
                break
            time.sleep(0.05)
    requests, tokens = at_hub(here)
    assert (requests, tokens) == at_edge(here)
    assert answered <= requests <= sent
    assert tokens == requests * TOKENS


def prompt(edge: Edge) -> int:
    """Send one prompt; return 1 once its answer is there."""
    answer = httpx2.post(
        f"http://127.0.0.1:{edge.ready['egress']}/v1/chat/completions",
        headers={"Authorization": f"Bearer {CLIENT_TOKEN}"},
        json={"model": "m", "messages": [{"role": "user", "content": "bread?"}]},
        timeout=60,
        trust_env=False,
    )
    assert answer.status_code == 200, answer.text
    return 1


def at_hub(here: Site) -> tuple[int, int]:
    return totals(here.hub_data / "hub.db", "usage")


def at_edge(here: Site) -> tuple[int, int]:
    return totals(here.home.edge_db, "usage_bucket")


def totals(file: Path, table: str) -> tuple[int, int]:
    """Return how many requests and input tokens the table counts."""
    with closing(sqlite3.connect(file)) as db:
        row = db.execute(f"SELECT coalesce(sum(requests), 0), coalesce(sum(input_total), 0) FROM {table}").fetchone()
    return int(row[0]), int(row[1])
