"""Compose, Dockerfile, nginx and Prometheus: what these files name is there, and what they promise is in them."""

from __future__ import annotations

import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml

from hub.settings import load_settings
from proxy.watching.metrics import Levels, exposition
from proxy.watching.traffic import Traffic
from safety_core.edge.vault_key import KEY_CREDENTIAL
from tests.simulators import nginx
from tests.simulators.certificates import certificate
from tests.simulators.serving import held_port

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())


@pytest.mark.parametrize("service", ["edge", "hub", "postgresql"])
def test_a_container_has_no_privilege_no_root_and_bounds(service: str) -> None:
    told = COMPOSE["services"][service]
    assert told["read_only"] is True
    assert told["cap_drop"] == ["ALL"]
    assert told["security_opt"] == ["no-new-privileges:true"]
    assert told["user"] in {"10001:10001", "postgres"}
    assert {"mem_limit", "pids_limit", "healthcheck", "restart", "logging"} <= told.keys()
    assert not {"privileged", "cap_add", "network_mode", "pid", "ipc"} & told.keys()
    assert "docker.sock" not in str(told)


def test_secrets_are_files_and_all_are_used() -> None:
    named = {secret for told in COMPOSE["services"].values() for secret in told.get("secrets", ())}
    assert named == set(COMPOSE["secrets"])
    assert KEY_CREDENTIAL in COMPOSE["services"]["edge"]["secrets"]
    assert COMPOSE["services"]["edge"]["environment"]["CREDENTIALS_DIRECTORY"] == "/run/secrets"


def test_only_this_machine_reaches_a_port() -> None:
    ports = [port for told in COMPOSE["services"].values() for port in told.get("ports", ())]
    assert ports == ["127.0.0.1:8200:8200"]


def test_only_the_hub_reaches_the_database() -> None:
    near = {name for name, told in COMPOSE["services"].items() if "database" in told.get("networks", ())}
    assert near == {"hub", "postgresql"}
    assert COMPOSE["services"]["postgresql"]["networks"] == ["database"]
    assert COMPOSE["networks"] == {"database": {"internal": True}}


def test_the_image_is_made_of_locks_with_hashes_and_what_it_copies_is_there() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    copied = re.findall(r"^COPY (?!--from)(\S+)", text, re.MULTILINE)
    assert [path for path in copied if path != "dist/*.whl" and not (ROOT / path).exists()] == []
    assert text.count("--require-hashes") == text.count("FROM base AS") - 2
    targets = set(re.findall(r"^FROM \S+ AS (\S+)", text, re.MULTILINE))
    assert {told["build"]["target"] for told in COMPOSE["services"].values() if "build" in told} <= targets
    assert text.count("USER safety") == 2


def test_variables_of_the_hub_are_settings() -> None:
    names = re.findall(
        r"(SAFETY_HUB_\w+)[=:]", (DEPLOY / "Dockerfile").read_text() + (DEPLOY / "compose.yaml").read_text()
    )
    values = {"SAFETY_HUB_URL": "https://hub.example", "SAFETY_HUB_HOST": "0.0.0.0"}
    told = load_settings(None, {name: values.get(name, "/x") for name in names})
    assert (told.origin, told.host) == ("https://hub.example", "0.0.0.0")


def test_an_empty_variable_is_the_default() -> None:
    """Compose hands on what is not set as an empty text."""
    told = load_settings(None, {"SAFETY_HUB_URL": "", "SAFETY_HUB_DATABASE": "", "SAFETY_HUB_DATA": "/x"})
    assert (told.origin, told.database_url) == ("http://localhost:8200", "sqlite:////x/hub.db")


def test_nginx_takes_its_file(tmp_path: Path) -> None:
    whole = nginx.settings(tmp_path, certificate(tmp_path, "hub.example"))
    done = subprocess.run([nginx.PROGRAM, "-t", "-q", "-e", str(tmp_path / "error"), "-c", str(whole)],
                          capture_output=True, text=True, timeout=60, check=False)  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


class _Answering(BaseHTTPRequestHandler):
    """One request a connection: no connection outlives its server."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def _answering(port: int) -> Iterator[None]:
    with ThreadingHTTPServer(("127.0.0.1", port), _Answering) as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.01,))
        serving.start()
        try:
            yield
        finally:
            server.shutdown()
            serving.join()


def test_processes_are_started_anew_one_after_the_other_and_every_request_is_answered(tmp_path: Path) -> None:
    """nginx would set the first one aside for a while, and then find the second one stopped."""
    with ExitStack() as stack:
        ports = (stack.enter_context(held_port()), stack.enter_context(held_port()))
        front = stack.enter_context(nginx.nginx(tmp_path / "nginx", ports))
        client = httpx2.Client(base_url=front.url, verify=front.context(), timeout=60, trust_env=False)
        ask = stack.enter_context(client)
        for stopped, running in (ports, ports[::-1], ports):
            with _answering(running):
                assert [ask.post("/", content=b"x").status_code for _ in range(4)] == [204] * 4, stopped


def test_alerts_ask_for_metrics_that_an_edge_has() -> None:
    levels = Levels(policy_age=1.0, cost=(("openai", "m", 1),), budgets={("main", "day"): 0.5})
    families = re.findall(r"^# TYPE (\S+)", exposition(Traffic(), levels).decode(), re.MULTILINE)
    rules = [rule for group in yaml.safe_load((DEPLOY / "alerts.yml").read_text())["groups"] for rule in group["rules"]]
    assert len({rule["alert"] for rule in rules}) == len(rules) > 5
    for rule in rules:
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert rule["annotations"].keys() == {"summary", "fix"}
        for metric in re.findall(r"\bsafety_\w+", rule["expr"]):
            assert metric.removesuffix("_bucket") in families, metric


def test_prometheus_scrapes_what_is_served() -> None:
    told = yaml.safe_load((DEPLOY / "prometheus.yml").read_text())
    assert told["rule_files"] == ["alerts.yml"]
    assert {job["job_name"] for job in told["scrape_configs"]} == {"safety-edge", "safety-hub"}
    jobs = set(re.findall(r'job="([\w-]+)"', (DEPLOY / "alerts.yml").read_text()))
    assert jobs == {"safety-edge", "safety-hub"}
