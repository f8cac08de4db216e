"""Who stands between a client and the model: nobody, the edge, or a peer. Each proxy is a process of its own.

Proxies have the first core, the model and whoever asks have the other: so a proxy's work is not mixed with theirs.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final

from bench.edge_memory import fill
from bench.measure import cpu_seconds, family
from bench.peers.install import apart, install, package
from bench.worker import ROOT
from safety_core.edge import clock
from safety_core.edge.vault import Vault
from safety_core.edge.vault_key import find_vault_key
from safety_core.model.secret import SecretName, SecretValue
from tests.simulators.site import Site, site

PATIENCE: Final = 120.0
"""Seconds until a peer answers; LiteLLM takes 20 on a quiet machine."""

DEFAULT_PACES: Final = {"HUB_BUNDLE_POLL": "30", "HUB_USAGE_FLUSH": "10", "HUB_HEARTBEAT": "30"}
"""Seconds, as an edge's settings have them; the site of the tests is in more of a hurry."""

PROXY, OTHERS = ({0}, {1}) if (os.cpu_count() or 1) > 1 else ({0}, {0})


@dataclass(frozen=True, slots=True)
class Way:
    """A way to the model.

    Attributes:
        pid: the proxy's process; the model's for the direct way.
        path: in front of "/v1/chat/completions".
        headers: that it asks for.
        version: of a peer.
    """

    name: str
    port: int
    pid: int
    path: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    version: str = ""

    @property
    def target(self) -> str:
        """The path to which a client posts."""
        return f"{self.path}/v1/chat/completions"

    def cpu(self) -> float:
        """Return the CPU seconds that the process and its children have taken."""
        return sum(cpu_seconds(pid) for pid in family(self.pid))


class AbsentError(Exception):
    """A peer that cannot take part; its text says why."""


@contextmanager
def model() -> Generator[Way, None, None]:
    """Run the model."""
    order = [sys.executable, "-m", "bench.egress.upstream"]
    with _running(order, OTHERS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) as popen:
        assert popen.stdout is not None
        yield Way("direct", int(popen.stdout.readline()), popen.pid)


@contextmanager
def bare(upstream: int) -> Generator[Way, None, None]:
    """Run a proxy that only passes on, on the edge's own server and client."""
    order = [sys.executable, "-m", "bench.egress.bare", str(upstream)]
    with _running(order, PROXY, stdout=subprocess.PIPE, cwd=ROOT) as popen:
        assert popen.stdout is not None
        yield Way("bare", int(popen.stdout.readline()), popen.pid)


@contextmanager
def edge(upstream: int) -> Generator[tuple[Site, Way], None, None]:
    """Run hub and edge: the base policy, 1,000 secrets, everything scanned, audited and metered."""
    token = secrets.token_hex(16)
    with site() as here, here.hub():
        here.introduce()
        here.publish()
        fill(here, 1000)
        _put(here, "PROVIDER_KEY", secrets.token_hex(16))
        url = f"http://127.0.0.1:{upstream}"
        providers = {"openai": {"base_url": url, "key_secret": "PROVIDER_KEY", "private": True}}
        settings = {
            **DEFAULT_PACES,
            "EGRESS_PROVIDERS": json.dumps(providers),
            "CLIENTS": json.dumps({"sdk": hashlib.sha256(token.encode()).hexdigest()}),
        }
        with here.edge(**settings) as running:
            pid = running.popen.pid
            for one in family(pid):
                os.sched_setaffinity(one, PROXY)
            bearer = (("authorization", f"Bearer {token}"),)
            yield here, Way("edge", running.ready["egress"], pid, "/openai", bearer, version("safety-gateway"))


def _put(here: Site, name: str, value: str) -> None:
    vault = Vault.open(here.home.vault, find_vault_key(here.home))
    vault.put(SecretName(name), SecretValue(value), now=clock.now())
    vault.close()


@contextmanager
def nginx(upstream: int, folder: Path) -> Generator[Way, None, None]:
    """Run a bare nginx as a reverse proxy with one worker: the physical limit."""
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    if not Path(program).exists():
        raise AbsentError("nginx is not installed: apt-get install nginx-light")
    port = free_port()
    (folder / "nginx.conf").write_text(f"""
        daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
        events {{ worker_connections 4096; }}
        http {{
            access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
            fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
            client_body_buffer_size 2m; keepalive_requests 1000000;
            upstream model {{ server 127.0.0.1:{upstream}; keepalive 64; keepalive_requests 1000000; }}
            server {{ listen 127.0.0.1:{port} backlog=2048; location / {{
                proxy_pass http://model; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off;
            }} }}
        }}
    """)
    with _running([program, "-p", str(folder), "-c", str(folder / "nginx.conf")], PROXY) as popen:
        await_answer(port)
        yield Way("nginx", port, popen.pid, version=_nginx_version(program))


@contextmanager
def mitmproxy(upstream: int) -> Generator[Way, None, None]:
    """Run mitmproxy in reverse mode, without a console."""
    program = _peer("mitmproxy", "mitmdump")
    port = free_port()
    order = [program, "-q", "--mode", f"reverse:http://127.0.0.1:{upstream}", "--listen-host", "127.0.0.1"]
    with _running([*order, "--listen-port", str(port), "--set", f"confdir={_home('mitmproxy')}"], PROXY) as popen:
        await_answer(port)
        yield Way("mitmproxy", port, popen.pid, version=package("mitmproxy").split()[1])


@contextmanager
def litellm(upstream: int, folder: Path, name: str) -> Generator[Way, None, None]:
    """Run LiteLLM's proxy with one worker and no guardrail, for the model `name`."""
    program = _peer("litellm-proxy", "litellm")
    port = free_port()
    to = {"model": "openai/m", "api_base": f"http://127.0.0.1:{upstream}/v1", "api_key": "none"}
    config = folder / "litellm.yaml"  # JSON is YAML
    config.write_text(json.dumps({"model_list": [{"model_name": name, "litellm_params": to}]}))
    order = [program, "--config", str(config), "--host", "127.0.0.1", "--port", str(port), "--telemetry", "False"]
    key = f"sk-{secrets.token_hex(32)}"
    environ = {
        "LITELLM_MASTER_KEY": key,
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_LOG": "ERROR",
        "NO_PROXY": "*",
    }
    with _running([*order, "--num_workers", "1"], PROXY, environ=environ) as popen:
        await_answer(port)
        bearer = (("authorization", f"Bearer {key}"),)
        yield Way("litellm", port, popen.pid, headers=bearer, version=package("litellm-proxy").split(",")[0].split()[1])


def _peer(lock: str, program: str) -> str:
    if reason := install(lock, apart(lock)):
        raise AbsentError(f"{lock} cannot be installed here: {reason}")
    return str(apart(lock).parent / program)


def _nginx_version(program: str) -> str:
    said = subprocess.run([program, "-v"], capture_output=True, text=True, check=False).stderr
    return said.rpartition("/")[2].strip()


def _home(name: str) -> Path:
    return apart(name).parents[1] / "home"


@contextmanager
def _running(
    order: Sequence[str],
    cores: set[int],
    *,
    environ: dict[str, str] | None = None,
    stdin: int = subprocess.DEVNULL,
    stdout: int = subprocess.DEVNULL,
    cwd: Path | None = None,
) -> Generator[subprocess.Popen[str], None, None]:
    popen = subprocess.Popen(
        ["taskset", "-c", ",".join(str(core) for core in sorted(cores)), *order],
        stdin=stdin,
        stdout=stdout,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=cwd,
        env={**os.environ, **(environ or {})},
    )
    try:
        yield popen
    finally:
        popen.terminate()
        try:
            popen.wait(15)
        except subprocess.TimeoutExpired:
            popen.kill()
            popen.wait()


def free_port() -> int:
    """Return a port of loopback that was free a moment ago."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def await_answer(port: int) -> None:
    """Wait until somebody listens. Raises AbsentError."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise AbsentError(f"does not listen after {PATIENCE:.0f} s")
