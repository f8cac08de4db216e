"""One customer's site with real processes: a hub, a published policy, an edge; each can be killed and started again.

with site(folder) as here:
    with here.edge() as edge:
        edge.decide("exec", command="ls")
        edge.kill()
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import secrets
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx2
from click.testing import CliRunner
from nacl.signing import SigningKey

from hub.command import hub
from hub.keys import create_keys
from safety_core.approve import key_id
from safety_core.bundle.archive import pack
from safety_core.bundle.roles import Release
from safety_core.bundle.sign import public_pem, sign_files
from safety_core.bundle.source import compile_sources
from safety_core.edge.home import Home
from safety_core.edge.hub import HubClient
from safety_core.edge.key_file import read_or_create_key_file
from safety_core.edge.shipped import shipped_sources
from safety_core.model.policy import KeyKind
from safety_core.model.tool_call import TenantId
from tests.simulators.repository import Repository, bundle_key

TENANT: Final = "bakery"
START_SECONDS: Final = 60.0


@dataclass
class Process:
    """A service in a process of its own, ready to be asked."""

    popen: subprocess.Popen[str]
    ready: dict[str, Any]
    log: Path

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        self.popen.kill()
        self.popen.wait()

    def stop(self) -> int:
        """Ask it to end and return its exit status."""
        if self.popen.poll() is None:
            self.popen.send_signal(signal.SIGTERM)
        return self.popen.wait(30)


@contextmanager
def process(arguments: list[str], log: Path, environ: Mapping[str, str]) -> Generator[Process, None, None]:
    """Start a service and wait for its ready line; whatever happens, it has ended after the block."""
    with log.open("ab") as errors:
        popen = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={**os.environ, **environ},
        )
    assert popen.stdout is not None
    try:
        line = popen.stdout.readline()
        if not line:
            raise AssertionError(f"{arguments[0]} ended with {popen.wait()}: {log.read_text()}")
        yield Process(popen, json.loads(line), log)
    finally:
        if popen.poll() is None:
            popen.kill()
        popen.wait()
        popen.stdout.close()


@dataclass
class Edge(Process):
    """A running edge, with the plugin's side of its control listener."""

    client: httpx2.Client = field(kw_only=True)

    def ask(self, path: str, body: Any, **options: Any) -> Any:
        """Return the answer to a POST."""
        answer = self.client.post(path, json=body, **options)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def decide(self, tool: str, *, wait: float = 0.0, agent: str = "main", **params: Any) -> Any:
        """Ask for permission."""
        return self.ask("/v1/decide", {"call": call(tool, agent=agent, **params), "wait": wait})

    def run(self, tool: str, *, wait: float = 0.0, agent: str = "main", **params: Any) -> Any:
        """Have a tool run."""
        return self.ask("/v1/run", {"call": call(tool, agent=agent, **params), "wait": wait})

    def status(self) -> Any:
        """Return what is in force."""
        return self.client.get("/v1/status").json()


def call(tool: str, *, agent: str = "main", **params: Any) -> dict[str, Any]:
    """Return one call of an agent."""
    return {"id": secrets.token_hex(4), "tool": tool, "params": params, "agent": agent, "session": "s1"}


@dataclass
class Site:
    """The places and keys of one customer. `hub_url` changes when the hub is started again on another port."""

    folder: Path
    repository: Repository
    hub_data: Path
    hub_url: str = ""
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def home(self) -> Home:
        return Home(self.folder / "home")

    @property
    def workspace(self) -> Path:
        return self.folder / "work"

    @contextmanager
    def hub(self, port: int = 0) -> Generator[Process, None, None]:
        """Run the hub."""
        arguments = ["hub", "--data", str(self.hub_data), "serve", "--port", str(port)]
        with process(arguments, self.folder / "hub.log", {}) as running:
            self.hub_url = running.ready["url"]
            yield running

    def introduce(self) -> None:
        """Make the tenant, its publisher and its approver known at the hub, and register the edge's key."""
        key = SigningKey(read_or_create_key_file(self.home.create().edge_key))
        token = self.at_hub("tenant", "add", TENANT)
        for kind in ("publisher", "approver"):
            self.tokens[kind] = self.at_hub(kind, "add", TENANT, "Olga")

        async def register() -> None:
            async with HubClient(self.hub_url, TenantId(TENANT), key) as client:
                await client.register(token)

        asyncio.run(register())

    def at_hub(self, *arguments: str) -> str:
        """Do what an admin does on the hub's own machine, and return what it prints."""
        done = CliRunner().invoke(hub, ["--data", str(self.hub_data), *arguments], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output.strip()

    def publish(self, revision: str = "r1", sources: Mapping[str, bytes] | None = None) -> None:
        """Sign a policy that pins the hub's approval key, and put it into the hub's repository."""
        self.repository.now = time.time()
        self.repository.publish(self.release(revision, sources))
        raw = io.BytesIO()
        with tarfile.open(fileobj=raw, mode="w") as archive:
            for name, content in self.repository.files.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
        with self.as_person("publisher") as publisher:
            answer = publisher.put(f"/v1/tenants/{TENANT}/repository", content=raw.getvalue())
        assert answer.status_code == 200, answer.text

    def release(self, revision: str, sources: Mapping[str, bytes] | None = None) -> Release:
        """Return a signed release of the shipped policy, in which the hub may approve up to red."""
        approvers = json.dumps({"approvers": [self.hub_key()]}).encode()
        files = compile_sources(
            {**shipped_sources(), "approvers.yaml": approvers, **(sources or {})}, tenant=TENANT, revision=revision
        )
        return Release(TENANT, revision, pack(sign_files(files, bundle_key(), scope=TENANT)), public_pem(bundle_key()))

    def hub_key(self) -> dict[str, str | int]:
        """Return the hub's approval key, as a policy pins it."""
        keys = create_keys(self.hub_data / "keys")
        key: dict[str, str | int] = {"id": keys.approvals_id, "kind": "hub", "public": keys.approvals_public}
        return {**key, "up_to": "red", "outward_days": 7}

    def channel_key(self) -> dict[str, str]:
        """Return the edge's key, as a policy pins it for the buttons of a chat."""
        key = SigningKey(read_or_create_key_file(self.home.create().edge_key)).verify_key
        name = key_id(KeyKind.CHANNEL, key)
        return {"id": name, "kind": "channel", "public": key.encode().hex(), "up_to": "yellow_external"}

    def as_person(self, kind: str) -> httpx2.Client:
        """Return a client of the hub that speaks for the publisher or the approver."""
        headers = {"Authorization": f"Bearer {self.tokens[kind]}"}
        return httpx2.Client(base_url=self.hub_url, headers=headers, timeout=60, trust_env=False)

    def answer(self, approval: str, *, allow: bool = True) -> None:
        """Decide a question at the hub, as soon as it is there."""
        answer = self._answered(approval, allow=allow)
        assert answer.status_code == 200, answer.text

    def may_answer(self, approval: str) -> bool:
        """Say yes to a question at the hub, and tell whether the hub took that."""
        return self._answered(approval, allow=True).status_code == 200

    def _answered(self, approval: str, *, allow: bool) -> httpx2.Response:
        with self.as_person("approver") as client:
            for _ in range(1200):
                if client.get(f"/v1/approvals/{approval}").status_code == 200:
                    break
                time.sleep(0.05)
            return client.post(f"/v1/approvals/{approval}/decision", json={"allow": allow})

    @contextmanager
    def edge(self, **environ: str) -> Generator[Edge, None, None]:
        """Run the edge; `environ` holds settings without their prefix (HUB_HEARTBEAT)."""
        self.workspace.mkdir(exist_ok=True)
        (self.folder / "root.json").write_bytes(self.repository.root)
        settings = {
            "HOME": str(self.home.path),
            "TENANT": TENANT,
            "WORKSPACE": str(self.workspace),
            "ROOT": str(self.folder / "root.json"),
            "HUB_URL": self.hub_url,
            "HUB_BUNDLE_POLL": "0.2",
            "HUB_USAGE_FLUSH": "0.2",
            "HUB_HEARTBEAT": "0.5",
            "EGRESS_PORT": "0",
            "ENGINE_DEADLINE": "59",
            **environ,
        }
        named = {f"SAFETY_EDGE_{name}": value for name, value in settings.items() if value}
        with process(["proxy"], self.folder / "edge.log", named) as running, ExitStack() as stack:
            transport = httpx2.HTTPTransport(uds=running.ready["control"])
            client = stack.enter_context(httpx2.Client(transport=transport, base_url="http://edge", timeout=60))
            yield Edge(running.popen, running.ready, running.log, client=client)


@contextmanager
def site() -> Generator[Site, None, None]:
    """Yield a new site in a folder with a short path: Unix sockets have room for 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="site", dir="/tmp") as name:
        folder = Path(name)
        data = folder / "hub"
        data.mkdir()
        create_keys(data / "keys")
        yield Site(folder, Repository(time.time()), data)
