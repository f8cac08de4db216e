"""The stage: a hub, a signed policy, a vault and an edge on loopback, set up with the commands that a user would type.

Everything lies in one temporary folder: keys and secrets are made up at run time and are gone at the end. Processes are
started here and ended here, by id.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from safety_core.cli.demo.agent import NAME
from safety_core.cli.demo.story import SHOP_KEY
from safety_core.edge.shipped import shipped_folder
from safety_core.errors import UnavailableError

TENANT: Final = "bakery"
PATIENCE: Final = 300.0
"""Seconds for one command to end, or one service to listen; each takes one or two, and far more on a busy machine."""

BUSY: Final = "try again when the machine is less busy"

STOP_SECONDS: Final = 10
OPENAI_KEY: Final = "openai_key"
ANTHROPIC_KEY: Final = "anthropic_key"

PROGRAMS: Final = {
    "newsletter": """#!/bin/sh
# As much of a newsletter program as a demo needs: writes down what it was asked to publish.
[ "$1" = publish ] || { echo "usage: newsletter publish FILE --to LIST" >&2; exit 2; }
printf '%s to %s\\n' "$2" "$4" >> outbox.txt
echo "published to $4"
""",
    "stock": """#!/bin/sh
# Asks the shop what is left; prints its key, as careless programs do.
[ "$SHOP_KEY" = "$(sed -n 's/^key = //p' shop.ini)" ] || { echo "the shop refuses this key" >&2; exit 1; }
echo "asked the shop with $SHOP_KEY: 12 spelt, 9 rye"
""",
}
"""The shop's own programs, by name."""

CATALOGUE: Final = """
programs:
  newsletter:
    effect: unknown
    commands:
      publish: {effect: outward, words: publishes a newsletter, options: {--to: "=recipient"}}
"""
"""What the shop's security author adds to the base policy: one program of the shop's own."""


@dataclass(frozen=True, slots=True)
class Set:
    """Where everything is while the stage stands."""

    hub: str
    approver_file: str
    control: Path
    egress: str


@dataclass(slots=True)
class Stage:
    """One folder with everything in it. The values of all secrets are drawn in `__post_init__`."""

    folder: Path
    model_url: str
    values: dict[str, str] = field(init=False)
    token: str = field(init=False)

    def __post_init__(self) -> None:
        self.values = {
            SHOP_KEY: "shop-" + secrets.token_urlsafe(24),
            OPENAI_KEY: "sk-demo-" + secrets.token_urlsafe(24),
            ANTHROPIC_KEY: "sk-ant-demo-" + secrets.token_urlsafe(24),
        }
        self.token = secrets.token_urlsafe(24)

    @property
    def workspace(self) -> Path:
        """The folder in which the agent works."""
        return self.folder / "shop"

    @property
    def home(self) -> Path:
        """The edge's own folder."""
        return self.folder / "edge"

    @property
    def outbox(self) -> list[str]:
        """What really went out through the newsletter program, a line each."""
        path = self.workspace / "outbox.txt"
        return path.read_text().splitlines() if path.exists() else []

    @contextmanager
    def set(self, tell: Callable[[str], None]) -> Iterator[Set]:
        """Set everything up, yield where it is, and clear it away. `tell` hears what is being done."""
        tell("the shop's files, a hub with its own keys, an owner called olga")
        self._furnish()
        data = ("hub", "--data", str(self.folder / "hub"))
        pinned = self.safety(*data, "init")
        registration, approver, publisher = (
            self.safety(*data, kind, "add", TENANT, *name).strip()
            for kind, name in (("tenant", ()), ("approver", ("olga",)), ("publisher", ("demo",)))
        )
        with self._service(*data, "serve", "--port", "0") as hub:
            tell("a policy, signed with keys that were drawn a moment ago, published to the hub")
            root = self._publish(hub["url"], pinned, publisher)
            tell("secrets, sealed in the edge's vault; the edge, registered at the hub")
            for name, value in self.values.items():
                self.safety("secret", "set", name, given=value)
            self.safety(
                "tenant", "register", TENANT, "--hub", hub["url"], "--token-file", self._file("register", registration)
            )
            with self._service("edge", "--config", self._edge_config(hub["url"], root)) as edge:
                yield Set(
                    hub["url"],
                    self._file("approver", approver),
                    Path(edge["control"]),
                    f"http://127.0.0.1:{edge['egress']}",
                )

    def _furnish(self) -> None:
        self.workspace.mkdir()
        (self.workspace / "orders.csv").write_text("order,customer,item\n1042,Anna,spelt bread\n1043,Bert,rye bread\n")
        (self.workspace / "shop.ini").write_text(f"[shop]\nurl = https://shop.example\nkey = {self.values[SHOP_KEY]}\n")
        for name, text in PROGRAMS.items():
            program = self.workspace / name
            program.write_text(text)
            program.chmod(0o755)

    def _publish(self, hub: str, pinned: str, token: str) -> str:
        """Publish the base policy with the shop's own additions; return the file with the root of trust."""
        policies, keys, bundle = (
            self.folder / "policies",
            str(self.folder / "policy-keys"),
            str(self.folder / "bundle.tar.gz"),
        )
        shutil.copytree(shipped_folder(), policies)
        (policies / "approvers.yaml").write_text(pinned)
        (policies / "catalogue" / "bakery.yaml").write_text(CATALOGUE)
        self.safety("policy", "keys", keys)
        self.safety("policy", "build", "--policies", str(policies), "--tenant", TENANT, "-o", bundle)
        self.safety("policy", "sign", bundle, "--keys", keys)
        target = (
            "--repository",
            str(self.folder / "repository"),
            "--hub",
            hub,
            "--token-file",
            self._file("publish", token),
        )
        self.safety("policy", "publish", bundle, "--keys", keys, *target)
        return f"{keys}/root.json"

    def _edge_config(self, hub: str, root: str) -> str:
        provider = "[egress.providers.{name}]\nbase_url = {url}\nkey_secret = {key}\nprivate = true\n"
        providers = "".join(
            provider.format(name=name, url=json.dumps(self.model_url), key=json.dumps(key))
            for name, key in (("openai", OPENAI_KEY), ("anthropic", ANTHROPIC_KEY))
        )
        lines = {"home": str(self.home), "tenant": TENANT, "workspace": str(self.workspace), "root": root}
        text = "".join(f"{name} = {json.dumps(value)}\n" for name, value in lines.items())
        others = ("hub", "policy-keys", "approver", "publish", "register")  # on real machines these are elsewhere
        text += f"[execute]\nhidden = {json.dumps([str(self.folder / name) for name in others])}\n"
        text += f"[hub]\nurl = {json.dumps(hub)}\nbundle_poll = 1\ndecisions_poll = 1\nusage_flush = 1\nheartbeat = 1\n"
        text += f"[egress]\nport = 0\n{providers}"
        text += f"[clients]\n{NAME} = {json.dumps(hashlib.sha256(self.token.encode()).hexdigest())}\n"
        return self._file("edge.toml", text)

    def _file(self, name: str, text: str) -> str:
        path = self.folder / name
        path.touch(mode=0o600)
        path.write_text(text)
        return str(path)

    def safety(self, *arguments: str, given: str = "") -> str:
        """Run one `safety` command to its end and return what it printed."""
        environ = {**os.environ, "SAFETY_HOME": str(self.home)}
        try:
            done = subprocess.run(
                [sys.executable, "-m", "safety_core.cli", *arguments],
                input=given,
                env=environ,
                capture_output=True,
                text=True,
                check=False,
                timeout=PATIENCE,
            )
        except subprocess.TimeoutExpired as error:
            raise UnavailableError(f"safety {arguments[0]}", f"took more than {PATIENCE:.0f} s", BUSY) from error
        if done.returncode:
            raise UnavailableError(
                f"safety {arguments[0]}", f"ended with {done.returncode}: {done.stderr.strip()[-400:]}"
            )
        return done.stdout

    @contextmanager
    def _service(self, *arguments: str) -> Iterator[Mapping[str, Any]]:
        """Run a service until the block ends; yield its ready line."""
        with (self.folder / f"{arguments[0]}.log").open("wb") as log:
            child = subprocess.Popen(
                [sys.executable, "-m", "safety_core.cli", *arguments], stdout=subprocess.PIPE, stderr=log
            )
        try:
            yield self._ready(child, arguments[0])
        finally:
            _stop(child)

    def _ready(self, child: subprocess.Popen[bytes], name: str) -> Mapping[str, Any]:
        late = threading.Event()

        def give_up() -> None:
            late.set()
            child.kill()

        watchdog = threading.Timer(PATIENCE, give_up)
        watchdog.start()
        try:
            line = child.stdout.readline() if child.stdout else b""
        finally:
            watchdog.cancel()
        if not line and late.is_set():
            raise UnavailableError(f"safety {name}", f"was not ready after {PATIENCE:.0f} s", BUSY)
        if not line:
            log = (self.folder / f"{name}.log").read_text(errors="replace")
            raise UnavailableError(f"safety {name}", f"did not start: {log.strip()[-400:]}")
        ready: Mapping[str, Any] = json.loads(line)
        return ready


def _stop(child: subprocess.Popen[bytes]) -> None:
    """End a process, by its id; kill it if it does not go."""
    child.terminate()
    try:
        child.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    if child.stdout:
        child.stdout.close()
