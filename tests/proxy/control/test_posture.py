"""What `safety doctor` finds is in the status of a running edge, which only its own user and root can tell."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.proxy.control.setting import control
from tests.simulators.tenant_network import by_root


async def test_the_doctor_hands_what_it_found_to_the_edge(short_path: Path) -> None:
    async with control(short_path) as here:
        (short_path / "edge.sock").symlink_to(short_path / "s")
        doctor = (sys.executable, "-m", "safety_core.cli", "doctor", "--as", "40001", "--home", str(short_path))
        process = await asyncio.create_subprocess_exec(
            *by_root(), "unshare", "--net", *doctor, stdout=asyncio.subprocess.PIPE
        )
        shown = (await process.communicate())[0].decode()
        posture = (await here.client.get("/v1/status")).json()["posture"]
        assert posture["uid"] == 40_001, shown
        assert posture["results"]["tcp_443"] == "unknown"  # nobody can leave that namespace: no proof
        assert "is the network up?" in shown
        assert posture["results"]["proc_environ"] == "blocked"
        assert posture["results"]["control_socket"] == "blocked"
