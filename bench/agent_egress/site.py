"""The hub, the policy and the edge that are tried. The policy lists every host that a case names, so that no case is
blocked merely because nobody has listed its host; what cannot be listed (addresses, bare names) is not."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import sys
import time
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import yaml
from click.testing import CliRunner

from bench.agent_egress import mcp_program
from bench.agent_egress.case import Case
from bench.agent_egress.client import Client
from bench.agent_egress.world import World
from safety_core.bundle.forward import NAME, catchers_of
from safety_core.cli.main import cli
from safety_core.edge import clock
from safety_core.edge.home import Home
from safety_core.edge.local_ca import make_ca
from safety_core.edge.shipped import shipped_sources
from safety_core.edge.vault import Vault
from safety_core.edge.vault_key import find_vault_key
from tests.simulators.site import Edge, Site, site

BLOCKED: Final = "exfil-collector.example.net"
"""The host that cases of a blocklist have listed there."""

AGENT: Final = "main"
ANSWER: Final = "bench.answer"
"""The tool of an MCP server whose result a case says."""

_PLAIN, _SECURED = {80}, {443}
_SCHEMES: Final = {"http": 80, "ws": 80, "https": 443, "wss": 443}


@dataclass
class Tried:
    """What is tried: the edge, ways to it, and the world beyond it."""

    here: Site
    edge: Edge
    client: Client
    world: World
    folder: Path
    environ: dict[str, str]

    def safety(self, *words: str) -> tuple[int, str]:
        """Return exit status and output of a command of `safety`, run here."""
        done = CliRunner().invoke(cli, words, env=self.environ)
        return done.exit_code, done.output

    def forget(self) -> None:
        """Take what the edge has found and kept out of its vault, so that no case is known by an earlier one."""
        vault = Vault.open(self.here.home.vault, find_vault_key(self.here.home))
        found = vault.names()
        for name in found:
            vault.remove(name)
        vault.close()
        if found:
            self.edge.client.post("/v1/reload", json={})

    def record(self, subject: str, *events: str) -> str:
        """Return the newest entry of the audit log about `subject` that is one of these events, or nothing."""
        for line in reversed(
            self.safety("audit", "tail", "-n", "12", "--home", str(self.here.home.path))[1].splitlines()
        ):
            words = line.split()
            if len(words) > 3 and words[2] in events and subject in line:
                return " ".join(words[2:])
        return ""


@contextmanager
def tried(cases: Sequence[Case], folder: Path) -> Generator[Tried, None, None]:
    """Run the world, a hub and an edge for these cases."""
    folder.joinpath("world").mkdir()
    ca = make_ca(Home(folder / "world").create(), None, clock.now())
    trusted = folder / "world.pem"
    trusted.write_bytes(ca.pem)
    world = World(ca)
    places = _ports(cases)
    world.listen(places[False], places[True])
    token = secrets.token_urlsafe(24)
    hosts = _hosts(cases)
    with site() as here, here.hub():
        here.introduce()
        here.publish(sources=_sources(hosts, places))
        make_ca(here.home.create(), sorted(hosts), clock.now())
        environ = {
            "SAFETY_HOME": str(here.home.path),
            "SAFETY_EDGE_CONNECTIONS": mcp_program.connections(sys.executable, folder),
        }
        mcp_program.say(folder, [mcp_program.tool("answer")])
        CliRunner().invoke(cli, ["connection", "pin", "bench", "--yes"], env=environ)
        settings = {
            "EGRESS_FORWARD_PORT": "0",
            "CLIENTS": json.dumps({AGENT: hashlib.sha256(token.encode()).hexdigest()}),
            "CONNECTIONS": environ["SAFETY_EDGE_CONNECTIONS"],
        }
        with _trusting(trusted), here.edge(**settings) as edge:
            while edge.status()["policy"]["state"] != "in force":
                time.sleep(0.05)
            client = Client(edge.ready["forward"], token, str(here.home.keys / "ca.pem"))
            yield Tried(here, edge, client, world, folder, environ)


@contextmanager
def _trusting(trusted: Path) -> Generator[None, None, None]:
    """Have processes that are started within trust the world's CA, as they would those of the system."""
    os.environ["SSL_CERT_FILE"] = str(trusted)
    try:
        yield
    finally:
        del os.environ["SSL_CERT_FILE"]


def _hosts(cases: Iterable[Case]) -> set[str]:
    shipped = yaml.safe_load(shipped_sources()["hosts.yaml"])
    catchers = {*catchers_of(shipped), BLOCKED}
    return {
        case.host
        for case in cases
        if len(case.host) <= 253
        and NAME.fullmatch(case.host)
        and not any(f".{case.host}".endswith(f".{catcher}") for catcher in catchers)
    }


def _ports(cases: Iterable[Case]) -> dict[bool, set[int]]:
    """Return the ports that cases name, by whether TLS is spoken there."""
    found: dict[bool, set[int]] = {False: {*_PLAIN}, True: {*_SECURED}}
    for case in cases:
        try:
            parts = urlsplit(case.url)
            port = parts.port or _SCHEMES.get(parts.scheme, 443)
        except ValueError:
            continue
        found[parts.scheme in {"https", "wss"}].add(port)
    found[False] -= found[True]
    return found


def _sources(hosts: Iterable[str], places: dict[bool, set[int]]) -> dict[str, bytes]:
    """Return what the policy says otherwise than the shipped one."""
    listed: list[dict[str, Any]] = []
    for host in sorted(hosts):
        for secured, how in ((True, "intercept"), (False, "plain")):
            entry = {"host": host, "how": how, "ports": sorted(places[secured])[:16], "strict": True}
            listed.append(entry)
    known = yaml.safe_load(shipped_sources()["hosts.yaml"])
    known["hosts"]["catchers"].append(BLOCKED)
    tools = {"tools": {ANSWER: {"effect": "read", "words": "looks something up", "harmless": ["question"]}}}
    return {
        "egress.yaml": json.dumps({"forward": {"default": "refuse", "hosts": listed}}).encode(),
        "hosts.yaml": json.dumps(known).encode(),
        "catalogue/bench.yaml": json.dumps(tools).encode(),
    }
