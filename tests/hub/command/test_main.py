"""`safety hub`: what an admin types, and what a supervisor sees."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from pathlib import Path

import httpx2
import pytest
from nacl.signing import SigningKey

from hub.keys import load_keys
from safety_core.cli.main import run
from safety_core.edge.hub import HubClient
from safety_core.edge.shipped import bundle_of, shipped_sources
from safety_core.model.level import Level
from safety_core.model.policy import ApproverKey, KeyKind
from safety_core.model.tool_call import TenantId

Answer = tuple[int, str, str]


def safety(capfd: pytest.CaptureFixture[str], data: Path, *arguments: str) -> Answer:
    capfd.readouterr()
    status = run(["hub", "--data", str(data), *arguments])
    return (status, *capfd.readouterr())


def approvers_of(printed: str) -> tuple[ApproverKey, ...]:
    """Put what was printed where it says that it belongs, and let the policy compiler read it."""
    sources = {**shipped_sources(), "approvers.yaml": printed.encode()}
    return bundle_of(sources).policy.approvers


def test_init_draws_its_keys_once_and_prints_what_policy_pins(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    status, printed, _ = safety(capfd, tmp_path, "init")
    keys = load_keys(tmp_path / "keys")
    assert status == 0
    assert approvers_of(printed) == (ApproverKey(keys.approvals_id, KeyKind.HUB, keys.approvals_public, Level.RED),)
    assert safety(capfd, tmp_path, "init")[1] == printed
    assert safety(capfd, tmp_path, "migrate")[0] == 0
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "keys").iterdir()} == {0o600}


def test_people_are_added_to_tenants_that_are_there(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    safety(capfd, tmp_path, "init")
    status, _, said = safety(capfd, tmp_path, "approver", "add", "acme", "olga")
    assert (status, said) == (1, "error: tenant acme: is not there. Fix: safety hub tenant add acme\n")
    tokens = {
        safety(capfd, tmp_path, *arguments)[1].strip().rpartition("-")[0][:16]
        for arguments in (
            ("tenant", "add", "acme"),
            ("approver", "add", "acme", "olga"),
            ("publisher", "add", "acme", "ci"),
        )
    }
    assert {token.split("-")[1] for token in tokens} == {"register", "approver", "publisher"}
    assert safety(capfd, tmp_path, "tenant", "list")[1] == "acme  waits for its edge to register\n"


def test_a_key_is_taken_back_and_another_log_let_in_where_there_is_one(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    safety(capfd, tmp_path, "init")
    safety(capfd, tmp_path, "tenant", "add", "acme")
    status, _, said = safety(capfd, tmp_path, "tenant", "revoke", "acme")
    assert (status, said) == (1, "error: tenant acme: has no key that counts\n")
    status, _, said = safety(capfd, tmp_path, "tenant", "accept-log", "acme")
    assert (status, said) == (1, "error: tenant acme: has no audit log that the hub knows\n")


def test_a_hub_without_keys_or_with_open_ones_does_not_start(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    status, _, said = safety(capfd, tmp_path, "serve", "--port", "0")
    assert status == 2
    assert "safety hub init" in said
    safety(capfd, tmp_path, "init")
    (tmp_path / "keys" / "approvals.key").chmod(0o644)
    status, printed, said = safety(capfd, tmp_path, "serve", "--port", "0")
    assert (status, printed) == (1, "")
    assert "open to others" in said


def test_a_key_that_policies_pin_is_missed_and_the_consoles_own_is_drawn(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    safety(capfd, tmp_path, "init")
    keys = tmp_path / "keys"
    (keys / "console.key").unlink()  # as a hub from before the console left it
    assert safety(capfd, tmp_path, "tenant", "list")[0] == 0
    assert (keys / "console.key").stat().st_mode & 0o777 == 0o600
    (keys / "approvals.key").unlink()
    status, _, said = safety(capfd, tmp_path, "tenant", "list")
    assert status == 2
    assert "approvals.key: is not there. Fix: restore it from your backup" in said
    assert not (keys / "approvals.key").exists()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"SMTP": "mail.example:465", "MAIL_FROM": "safety@hub.example"}, "smtp: must be smtp://host:port or smtps://"),
        ({"STRIPE_KEY_FILE": "/nowhere"}, "/nowhere: cannot be read. Fix: put Stripe's restricted key into it"),
        (
            {f"OIDC_{name}": "https://id.example" for name in ("ISSUER", "CLIENT", "SECRET_FILE", "NAME")},
            "Fix: put the client's secret into it",
        ),
    ],
)
def test_what_a_setting_points_at_is_missed_before_anything_listens(
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    given: dict[str, str],
    said: str,
) -> None:
    safety(capfd, tmp_path, "init")
    for name, value in given.items():
        monkeypatch.setenv(f"SAFETY_HUB_{name}", value)
    status, printed, error = safety(capfd, tmp_path, "serve", "--port", "0")
    assert status != 0
    assert printed == ""
    assert said in error


def test_a_port_in_use_is_named(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    safety(capfd, tmp_path, "init")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        _, _, said = safety(capfd, tmp_path, "serve", "--port", str(port))
    fix = "end what listens there, or give another --port"
    assert said == f"error: 127.0.0.1:{port}: cannot be listened on (Address already in use). Fix: {fix}\n"


async def test_a_hub_says_when_it_is_ready_and_stops_in_time(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    await asyncio.to_thread(safety, capfd, tmp_path, "init")
    _, token, _ = await asyncio.to_thread(safety, capfd, tmp_path, "tenant", "add", "acme")
    command = [sys.executable, "-m", "hub", "--data", str(tmp_path), "serve", "--port", "0"]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    ready = json.loads(await process.stdout.readline())
    assert ready["ready"] is True
    async with HubClient(ready["url"], TenantId("acme"), SigningKey.generate()) as edge:
        await edge.register(token.strip())
        heard: asyncio.Queue[str] = asyncio.Queue()
        waiting = asyncio.create_task(edge.listen(heard.put_nowait))
        assert await heard.get() == ""
        async with httpx2.AsyncClient(trust_env=False, verify=False, timeout=60) as http:
            assert (await http.get(ready["url"] + "/v1/health")).status_code == 200
        os.kill(process.pid, signal.SIGTERM)
        await asyncio.wait_for(process.wait(), 30)
        await waiting  # the hub ended its stream in good order
    process._transport.close()  # type: ignore[attr-defined]  # asyncio leaves its pipe to the collector
