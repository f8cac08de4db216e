"""The real, pinned OpenClaw with our plugin: a gateway in a folder of its own, and conversations with its agents."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path
from typing import Any, Final

from tests.simulators.openclaw_host import MEDDLER, PLUGIN, Host
from tests.simulators.openclaw_operator import Turn, operator

READY_SECONDS: Final = 300.0
STOP_SECONDS: Final = 20.0
COMMAND_SECONDS: Final = 200.0


def install() -> Path:
    """Return the folder of the pinned Node and OpenClaw, installed first if it has to be (a minute, from npm)."""
    done = subprocess.run([PLUGIN / "runtime" / "install.sh"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


class Gateway:
    """One OpenClaw gateway. Making it starts it; speak to it after `await_ready`, end it with `stop`."""

    def __init__(self, host: Host) -> None:
        """Start it, after `set_up`; getting ready takes it 10 s of computing."""
        self.host = host
        self.folder = host.folder
        self._process = self._run("gateway", "run")

    @property
    def log(self) -> str:
        """Return what it has written to stdout and stderr."""
        return (self.folder / "gateway.log").read_text("utf-8", "replace")

    def stop(self) -> None:
        """End it; it may take a while to drain."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def say(self, message: str, *, agent: str = "main", session: str = "") -> Turn:
        """Send a user message, in a new session or in one that is there, and wait for the end of the turn."""
        key = session or f"agent:{agent}:{uuid.uuid4().hex[:8]}"

        async def turn() -> Turn:
            async with operator(self.host.port) as client:
                return await client.turn(key, message)

        return asyncio.run(turn())

    def call(self, method: str, **params: Any) -> Any:
        """Return the answer to one request of an operator."""

        async def ask() -> Any:
            async with operator(self.host.port) as client:
                return await client.call(method, params)

        return asyncio.run(ask())

    def restart(self) -> None:
        """End it, start it anew, and wait until it serves."""
        self.stop()
        self._process = self._run("gateway", "run")
        self.await_ready()

    def plugin(self) -> Path:
        """Return the folder from which it loads our plugin."""
        config = json.loads((self.folder / "openclaw.json").read_bytes())
        return next(path for path in map(Path, config["plugins"]["load"]["paths"]) if path != MEDDLER)

    def command(self, *arguments: str) -> tuple[int, str]:
        """Run `openclaw` as its owner does, beside the gateway; return its exit status and what it printed."""
        log = self.folder / f"command-{uuid.uuid4().hex[:8]}.log"
        process = self._run(*arguments, log=log)
        try:
            process.wait(COMMAND_SECONDS)
        finally:
            process.kill()
            process.wait()
        return process.returncode, log.read_text("utf-8", "replace")

    def await_ready(self) -> None:
        """Wait until it serves."""
        url = f"http://127.0.0.1:{self.host.port}/readyz"
        end = time.monotonic() + READY_SECONDS
        while time.monotonic() < end:
            assert self._process.poll() is None, f"the gateway ended:\n{self.log[-2000:]}"
            try:
                with urllib.request.urlopen(url, timeout=2) as answer:
                    if answer.status == 200:
                        return
            except urllib.error.HTTPError as error:
                error.close()
            except OSError:
                pass
            time.sleep(0.1)
        raise AssertionError(f"the gateway was not ready after {READY_SECONDS} s:\n{self.log[-2000:]}")

    def _run(self, *arguments: str, log: Path | None = None) -> subprocess.Popen[bytes]:
        command = [str(self.folder / "bin" / "openclaw"), *arguments]
        with (log or self.folder / "gateway.log").open("ab") as out:
            return subprocess.Popen(command, env=environment(self.folder), cwd=self.folder, stdout=out, stderr=out)


def set_up(host: Host) -> Path:
    """Write the configuration of an OpenClaw that has not been started yet, and return the program `openclaw`."""
    (host.folder / "openclaw.json").write_text(json.dumps(host.config(), indent=2))
    home = install()
    program = host.folder / "bin" / "openclaw"
    program.parent.mkdir()
    module = home / "openclaw/node_modules/openclaw/openclaw.mjs"
    program.write_text(f'#!/bin/sh\nexec "{home}/bin/node" "{module}" "$@"\n')
    program.chmod(0o755)
    (program.parent / "node").symlink_to(home / "bin" / "node")
    return program


def environment(folder: Path) -> dict[str, str]:
    """Return what the programs of the OpenClaw in `folder` are started with."""
    kept = {name: os.environ[name] for name in ("LANG", "TZ") if name in os.environ}
    return kept | {
        "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
        "HOME": str(folder),
        "OPENCLAW_CONFIG_PATH": str(folder / "openclaw.json"),
        "OPENCLAW_STATE_DIR": str(folder / "state"),
        "OPENCLAW_NO_AUTO_UPDATE": "1",
        "OPENCLAW_DISABLE_BONJOUR": "1",
        "OPENCLAW_OFFLINE": "1",
        "NO_COLOR": "1",
        # Nothing listens there: what OpenClaw sends through its proxy is lost, and the plugin must not be among it.
        "OPENCLAW_PROXY_URL": "http://127.0.0.1:9",
    }
