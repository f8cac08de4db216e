"""A stock Open Policy Agent loads and verifies our bundle, and says what the embedded engine says."""

from __future__ import annotations

import asyncio
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import httpx2
import pytest

from safety_core.bundle.archive import pack
from safety_core.bundle.sign import KEY_ID, new_private_pem, public_pem, sign_files
from safety_core.bundle.source import compile_bundle
from safety_core.edge.opa import OpaEngine
from safety_core.edge.rego import RegoEngine
from safety_core.edge.shipped import shipped_sources
from safety_core.model.facts import Action, Facts, Kind, Target, TargetKind, Zone

TOOL = Path(__file__).parents[3] / "tools" / "opa.sh"
KEY = new_private_pem()
CALLS = [
    Facts("exec", "a", (Action(kind, subject, subject, (Target(TargetKind.PATH, "/é", zone),), frozenset(traits)),))
    for kind in Kind
    for subject in ("rm", "git")
    for zone in (Zone.WORKSPACE, Zone.ROOT, Zone.SENSITIVE)
    for traits in ((), ("recursive", "forced"), ("mass",))
]


@cache
def _opa() -> str:
    """Return the path of a stock OPA, built first if this machine has none (one to two minutes)."""
    done = subprocess.run(["sh", TOOL], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@contextmanager
def stock(folder: Path, *arguments: str) -> Iterator[str]:
    """Run an OPA on a free port; gives its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    command = [_opa(), "run", "--server", "--disable-telemetry", "--addr", address, *arguments]
    with (folder / "opa.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            _wait(f"http://{address}/health", process)
            yield f"http://{address}"
        finally:
            process.kill()
            process.wait()


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    with httpx2.Client(timeout=1) as client:
        for _ in range(200):
            if process.poll() is not None:
                raise RuntimeError("opa ended")
            try:
                if client.get(url).status_code == 200:
                    return
            except httpx2.HTTPError:
                process.wait(0.05) if process.poll() is not None else _pause(process)
    raise RuntimeError("opa does not answer")


def _pause(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(0.1)
    except subprocess.TimeoutExpired:
        return


async def test_both_engines_say_the_same_on_every_call(tmp_path: Path) -> None:
    _, bundle = compile_bundle(shipped_sources(), tenant="one")
    embedded = RegoEngine()
    await embedded.load(bundle)
    with stock(tmp_path) as url:
        remote = OpaEngine(url, deadline=10)
        await remote.load(bundle)
        for call in CALLS:
            assert await remote.judge(call) == await embedded.judge(call)
        await remote.close()
    await embedded.close()


def _bundle(folder: Path, files: Mapping[str, bytes]) -> list[str]:
    (folder / "bundle.tar.gz").write_bytes(pack(files))
    (folder / "public.pem").write_text(public_pem(KEY))
    return [
        "--bundle", str(folder / "bundle.tar.gz"), "--verification-key", str(folder / "public.pem"),
        "--verification-key-id", KEY_ID, "--signing-alg", "ES256", "--scope", "one",
    ]  # fmt: skip


async def test_a_stock_opa_verifies_our_signature(tmp_path: Path) -> None:
    files, bundle = compile_bundle(shipped_sources(), tenant="one")
    signed = sign_files(files, KEY, scope="one")
    with stock(tmp_path, *_bundle(tmp_path, signed)) as url:
        async with httpx2.AsyncClient() as client:
            answer = await client.post(f"{url}/v1/data/safety/answer", json={"input": CALLS[0].to_json()})
        assert answer.json()["result"]["revision"] == bundle.revision


@pytest.mark.parametrize("scope", ["one", "two"])
async def test_a_stock_opa_refuses_what_we_refuse(tmp_path: Path, scope: str) -> None:
    files, _ = compile_bundle(shipped_sources(), tenant="one")
    signed = dict(sign_files(files, KEY, scope=scope))
    if scope == "one":
        signed["data.json"] = signed["data.json"].replace(b'"ask_strong"', b'"allow"', 1)
    with pytest.raises(RuntimeError, match="opa ended"), stock(tmp_path, *_bundle(tmp_path, signed)):
        await asyncio.sleep(0)
    log = (tmp_path / "opa.log").read_bytes()
    assert (b"data.json: digest mismatch" if scope == "one" else b"scope mismatch") in log
