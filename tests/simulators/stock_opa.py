"""A stock Open Policy Agent, run for one test."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import httpx2

TOOL = Path(__file__).parents[2] / "tools" / "opa.sh"


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
    with httpx2.Client(timeout=10) as client:
        for _ in range(1200):
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
