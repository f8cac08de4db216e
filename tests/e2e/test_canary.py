"""A canary between an agent, the edge, a model and the hub: it is taken out where it is seen, and people are told."""

from __future__ import annotations

import hashlib
import json
import secrets
import sqlite3
import time
from contextlib import closing
from typing import Any

import httpx2
from click.testing import CliRunner

from safety_core.cli.demo.answers import Queue, say
from safety_core.cli.demo.model import running
from safety_core.cli.secret import secret
from tests.simulators.site import Edge, Site, call, site

TOKEN = "t" * 40
PATIENCE = 60.0


def prompt(edge: Edge, text: str) -> str:
    body = {"model": "m", "messages": [{"role": "user", "content": text}]}
    url = f"http://127.0.0.1:{edge.ready['egress']}/v1/chat/completions"
    answer = httpx2.post(url, json=body, headers={"authorization": f"Bearer {TOKEN}"}, trust_env=False, timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.text


def alerts(here: Site) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(f"file:{here.hub_data / 'hub.db'}?mode=ro", uri=True)) as db:
        return db.execute("SELECT kind, reason FROM alerts WHERE kind = 'canary seen'").fetchall()


def audited(here: Site) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(f"file:{here.home.audit}?mode=ro", uri=True)) as db:
        entries = [json.loads(body) for (body,) in db.execute("SELECT body FROM entry ORDER BY number")]
    return [entry for entry in entries if entry["event"] == "canary"]


def test_it_rings_wherever_it_is_seen() -> None:
    script = Queue()
    with site() as here, here.hub(), running(script) as model:
        here.introduce()
        here.publish()
        home = {"SAFETY_HOME": str(here.home.path)}
        done = CliRunner().invoke(secret, ["set", "provider_key"], input=secrets.token_hex(20), env=home)
        assert done.exit_code == 0, done.output
        bait = CliRunner().invoke(secret, ["canary", "old_key", "--kind", "github"], env=home).stdout.strip()
        provider = {"base_url": model.url, "key_secret": "provider_key", "private": True}
        environ = {
            "EGRESS_PROVIDERS": json.dumps({"openai": provider}),
            "CLIENTS": json.dumps({"sdk": hashlib.sha256(TOKEN.encode()).hexdigest()}),
            "HUB_HEARTBEAT": "1",
        }
        with here.edge(**environ) as edge:
            assert edge.run("exec", command=f"echo {bait}", agent="shell")["rule"] == "CanaryError"
            told = {"call": call("exec", command="cat .env", agent="reader"), "result": f"TOKEN={bait}"}
            answers = json.dumps(edge.ask("/v1/result", told))
            script.next(say("thank you"))
            answers += prompt(edge, f"I found {bait}")
            script.next(say(f"is it {bait} that you found?"))
            answers += prompt(edge, "what was it?")
            assert "SECRET_REF(old_key)" in answers
            assert bait not in answers + "".join(request.body.decode() for request in model.requests)
            until = time.monotonic() + PATIENCE
            wanted = {"shell", "reader", "sdk"}
            while time.monotonic() < until and not (alerts(here) and {one["agent"] for one in audited(here)} >= wanted):
                time.sleep(0.2)
            assert {one["agent"] for one in audited(here)} == wanted
            assert {one["subject"] for one in audited(here)} == {"old_key"}
            ((_, reason),) = alerts(here)
            assert reason.startswith("a secret that nobody uses was seen")
            (seen,) = edge.status()["canaries"]
            assert (seen["name"], seen["times"] >= 3) == ("old_key", True)
        used = CliRunner().invoke(secret, ["log", "provider_key", "--json"], env=home).stdout
        assert {(use["agent"], use["tool"]) for use in map(json.loads, used.splitlines())} == {("sdk", "prompt")}
