"""The forward proxy as the edge runs it: off by default; by the policy in force and the kill switch."""

from __future__ import annotations

import asyncio
import hashlib
import socket
from collections.abc import AsyncGenerator, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from proxy.app import Edge, _forwarding, _troubles, opened
from proxy.forward.target import Target
from proxy.upstream.addresses import AddressInfo
from safety_core.edge import clock
from safety_core.edge.audit_log import AuditLog
from safety_core.edge.home import Home
from safety_core.edge.local_ca import make_ca
from safety_core.model.forward import ForwardPolicy, ForwardRule, How
from safety_core.model.tool_call import AgentId
from safety_core.wire.halts import Halt
from tests.proxy.control.setting import bundle, settings_in

TOKEN = "client-token-" + "of-a-test-1"
LISTED = ForwardPolicy(
    (
        ForwardRule("shop.example", (443,), How.TUNNEL),
        ForwardRule(".openai.com", (443,), How.TUNNEL),
        ForwardRule("git.example", (443,), How.INTERCEPT),
    )
)
SETTINGS = {
    "SAFETY_EDGE_EGRESS_FORWARD_PORT": "0",
    "SAFETY_EDGE_CLIENTS": f'{{"main": "{hashlib.sha256(TOKEN.encode()).hexdigest()}"}}',
    "SAFETY_EDGE_EGRESS_PROVIDERS": '{"openai": {"base_url": "https://api.openai.com"}}',
}


async def inside(target: Target) -> Sequence[AddressInfo]:
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", target.port))]


@asynccontextmanager
async def running(folder: Path) -> AsyncGenerator[tuple[Edge, int], None]:
    """Run the forward proxy of an edge, whose resolver leads every name to this machine."""
    async with opened(settings_in(folder, **SETTINGS)) as edge:
        assert edge.forward is not None
        edge.forward.dialer.lookup = inside  # type: ignore[method-assign]
        with ExitStack() as sockets:
            async with _forwarding(edge, sockets):
                port = edge.status.listeners["forward"]
                assert isinstance(port, int)
                yield edge, port


async def asked(port: int, host: str) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"CONNECT {host}:443 HTTP/1.1\r\nHost: {host}\r\nProxy-Authorization: Bearer {TOKEN}\r\n\r\n"
    writer.write(head.encode())
    said = await reader.read(1 << 16)
    writer.close()
    return said.decode()


async def in_force(edge: Edge) -> None:
    made = bundle()
    await edge.in_force.activate(replace(made, policy=replace(made.policy, forward=LISTED)))


async def test_it_is_off_by_default(tmp_path: Path) -> None:
    async with opened(settings_in(tmp_path)) as edge:
        assert edge.forward is None
        with ExitStack() as sockets:
            async with _forwarding(edge, sockets):
                assert (await edge.status.to_json())["forward"] is None


async def test_it_goes_by_what_is_in_force(tmp_path: Path) -> None:
    async with running(tmp_path) as (edge, port):
        assert "no trusted policy is in force" in await asked(port, "shop.example")
        await in_force(edge)
        assert "leads to an address that is not public" in await asked(port, "shop.example")
        assert "is not listed for the forward proxy" in await asked(port, "other.example")
        assert "is an LLM provider" in await asked(port, "api.openai.com")
        assert "safety contain ca" in await asked(port, "git.example")
        await edge.control.turns.halt(Halt(AgentId("main"), halt=True, reason="enough"))
        assert "was halted by a person: enough" in await asked(port, "shop.example")
        forward = (await edge.status.to_json())["forward"]
        assert isinstance(forward, dict)
        assert (forward["allowed"], forward["refused"], forward["open"]) == (1, 6, 0)
        audit = edge.status.services.audit
        assert isinstance(audit, AuditLog)
        assert await audit.size() == 8  # six refusals, one tunnel that was granted, one halt


async def test_a_check_tells_what_listed_hosts_would_stumble_over(tmp_path: Path) -> None:
    async with running(tmp_path) as (edge, _):
        await in_force(edge)
        told = [str(error) for error in _troubles(edge)]
        assert any(".openai.com: would tunnel to the LLM provider api.openai.com" in one for one in told)
        assert any("ca.pem: cannot be read" in one or "ca.key: cannot be read" in one for one in told)
        make_ca(Home(edge.settings.home), ["git.example"], clock.now())
        assert len([*_troubles(edge)]) == len(told) - 1


async def test_a_port_that_is_taken_is_told_at_the_start(tmp_path: Path) -> None:
    from safety_core.errors import InputError

    async with running(tmp_path) as (edge, port):
        settings = replace(edge.settings, egress=replace(edge.settings.egress, forward_port=port))
        with ExitStack() as sockets, pytest.raises(InputError, match=f"127.0.0.1:{port}"):
            async with _forwarding(replace(edge, settings=settings), sockets):
                raise AssertionError
