"""`safety hub`: what an admin types, and what a supervisor sees."""

from __future__ import annotations

import asyncio
import json
import os
import signal
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
        async with httpx2.AsyncClient(trust_env=False, verify=False) as http:
            assert (await http.get(ready["url"] + "/v1/health")).status_code == 200
        os.kill(process.pid, signal.SIGTERM)
        await asyncio.wait_for(process.wait(), 30)
        await waiting  # the hub ended its stream in good order
    process._transport.close()  # type: ignore[attr-defined]  # asyncio leaves its pipe to the collector
