"""State files that are cut or flipped, in a copy, while the service is down; and what a start on that copy does.

It must refuse to start and name what is wrong, or start and permit nothing that it would not have: nobody's word may
count for more on a broken file than on a whole one. The service itself is started again on its good state.
"""

from __future__ import annotations

import json
import os
import random
import secrets
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

import httpx2

from soak.fleet import Service, python
from soak.journal import Journal

START_SECONDS: Final = 60.0
LEFT_OUT: Final = (".sock", "-shm", "filler")
"""What is no state: a socket, an index that is made anew, the soak's own."""

Environ = Callable[[Path], dict[str, str]]


@dataclass(frozen=True, slots=True)
class Corruption:
    """Makes trials.

    Attributes:
        environ: what an edge on a copy of the state is started with: no hub, no model, no shop.
        spent: a command whose permission has been used up by now, if there is one.
        trials: copies that are broken each time.
        left: by service, the files that have not had their turn.
    """

    spare: Path
    environ: Environ
    journal: Journal
    spent: Callable[[], str | None]
    trials: int = 1
    left: dict[str, list[Path]] = field(default_factory=dict)

    def of_edge(self, edge: Service, chance: random.Random) -> dict[str, Any]:
        """Stop the edge, copy its state, start it again, and try broken copies."""
        return self._tried(edge, Path(edge.environ["SAFETY_EDGE_HOME"]), chance)

    def of_hub(self, hub: Service, chance: random.Random) -> dict[str, Any]:
        """The same with the hub."""
        return self._tried(hub, Path(hub.order[hub.order.index("--data") + 1]), chance)

    def _tried(self, service: Service, state: Path, chance: random.Random) -> dict[str, Any]:
        with tempfile.TemporaryDirectory(dir=self.spare) as name:
            good = Path(name) / "good"
            service.stop()
            shutil.copytree(state, good, ignore=shutil.ignore_patterns(*(f"*{end}" for end in LEFT_OUT)))
            start = self._hub_on if service.name == "hub" else partial(self._edge_on, self.spent())
            service.start()
            for _ in range(self.trials):
                file = self._next(service.name, good, chance)
                broken = Path(name) / "x"
                shutil.copytree(good, broken)
                how = damage(broken / file, chance)
                outcome = start(broken)
                if file.name == "audit.db" and outcome["came"] == "started":
                    outcome["changed"] = _entries(good / file) != _entries(broken / file)
                    outcome["verified"] = self._verified(broken)
                self.journal.note("trial", who=service.name, file=str(file), how=how, **outcome)
                shutil.rmtree(broken)
        return {"who": service.name, "trials": self.trials}

    def _next(self, name: str, good: Path, chance: random.Random) -> Path:
        """Return the file whose turn it is: each comes once before one comes again."""
        files = {path.relative_to(good) for path in good.rglob("*") if path.is_file() and path.stat().st_size}
        left = [file for file in self.left.get(name, ()) if file in files]
        if not left:
            left = sorted(files)
            chance.shuffle(left)
        self.left[name] = left[1:]
        return left[0]

    def _edge_on(self, spent: str | None, state: Path) -> dict[str, Any]:
        environ = self.environ(state)
        return _on(python("proxy"), environ, lambda ready: self._probe_edge(ready["control"], spent))

    def _probe_edge(self, socket: str, used: str | None) -> dict[str, Any]:
        """Ask for what is never permitted, for what asks, and for what has been used up."""
        token = secrets.token_hex(4)
        asked = {"forbidden": "systemctl stop safety-edge", "asks": f"git push --force origin branch-{token}"}
        probes = {**asked, **({} if used is None else {"used": used})}
        told: dict[str, Any] = {}
        with httpx2.Client(transport=httpx2.HTTPTransport(uds=socket), base_url="http://edge", timeout=30) as edge:
            for name, command in probes.items():
                call = {"id": token, "tool": "exec", "params": {"command": command}, "agent": "main", "session": "s1"}
                with suppress(httpx2.HTTPError, ValueError):
                    answer = edge.post("/v1/decide", json={"call": call, "wait": 0}).json()
                    told[name] = str(answer.get("decision", "error"))
        return {"told": told}

    def _hub_on(self, state: Path) -> dict[str, Any]:
        order = python("hub", "--data", str(state), "serve", "--port", "0")
        return _on(order, {}, lambda ready: _probe_hub(ready["url"]))

    def _verified(self, state: Path) -> bool:
        order = python("safety_core.cli", "audit", "verify")
        done = subprocess.run(order, env=_environ({"SAFETY_HOME": str(state)}), capture_output=True, check=False)
        return done.returncode == 0


def damage(file: Path, chance: random.Random) -> str:
    """Cut a file off, or flip bits of it; return what was done."""
    raw = bytearray(file.read_bytes())
    how = chance.choice(("cut", "flip", "flip", "noise"))
    if how == "cut":
        del raw[chance.randrange(len(raw)) :]
        told = f"cut to {len(raw)} bytes"
    elif how == "flip":
        places = [chance.randrange(len(raw) * 8) for _ in range(chance.choice((1, 1, 8, 64)))]
        for place in places:
            raw[place // 8] ^= 1 << place % 8
        told = f"{len(places)} bits flipped"
    else:
        start = chance.randrange(len(raw))
        raw[start : start + 4096] = chance.randbytes(len(raw[start : start + 4096]))
        told = f"4096 bytes of noise at {start}"
    file.write_bytes(raw)
    return told


def _probe_hub(url: str) -> dict[str, Any]:
    """Ask as nobody, with a token that nobody was given, and with an unsigned request."""
    told: dict[str, Any] = {}
    stranger = {"Authorization": f"Bearer {secrets.token_hex(20)}"}
    asked = {
        "nobody": ("GET", "/v1/approvals", {}),
        "stranger": ("GET", "/v1/approvals", stranger),
        "unsigned": ("GET", "/v1/orders", {}),
        "answers": ("POST", f"/v1/approvals/{'0' * 32}/decision", stranger),
    }
    with httpx2.Client(base_url=url, timeout=20, trust_env=False) as hub:
        for name, (method, path, headers) in asked.items():
            with suppress(httpx2.HTTPError):
                body = b'{"allow": true}' if method == "POST" else None
                told[name] = hub.request(method, path, headers=headers, content=body).status_code
    return {"told": told}


def _on(order: list[str], environ: Mapping[str, str], probe: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    """Start a service; return that it started and what it was asked, or that it refused and how loudly."""
    with tempfile.TemporaryFile() as errors:
        with subprocess.Popen(order, stdout=subprocess.PIPE, stderr=errors, env=_environ(environ)) as popen:
            assert popen.stdout is not None
            line = b""
            try:
                line = popen.stdout.readline()
                found = {"came": "started", **probe(json.loads(line))} if line else {"came": "refused"}
            finally:
                if line:
                    popen.kill()
                code = popen.wait(START_SECONDS)
        errors.seek(0)
        said = errors.read().decode(errors="replace")
    if found["came"] == "refused":
        found |= {"code": code}
    return {**found, "traceback": "Traceback" in said, "said": said[-1500:]}


def _environ(given: Mapping[str, str]) -> dict[str, str]:
    return {**os.environ, **given}


def _entries(file: Path) -> list[tuple[Any, ...]] | None:
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro&immutable=1", uri=True)) as db:
            return db.execute("SELECT number, body FROM entry ORDER BY number").fetchall()
    except sqlite3.Error:
        return None


def last_spent(agent_notes: Path) -> str | None:
    """Return the command of the last permission that the agent has used up and asks for no more."""
    found: str | None = None
    with suppress(OSError):
        for line in agent_notes.read_text().splitlines():
            if '"what": "spent"' in line:
                found = str(json.loads(line)["command"])
    return found
