"""The control listener on a real socket, over real stores and the shipped policy; who answers for the hub is here."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import httpx2
from nacl.signing import SigningKey

from proxy.app import Edge, opened
from proxy.control.routes import control_app
from proxy.serve import Listener, serve
from proxy.settings import Settings
from proxy.settings_source import load_settings
from proxy.sockets import listen_unix
from safety_core.bundle.contents import TrustedBundle
from safety_core.bundle.source import compile_bundle
from safety_core.edge import clock
from safety_core.edge.shipped import shipped_sources
from safety_core.model.approval import RequestId
from safety_core.model.level import Level
from safety_core.model.policy import KeyKind
from safety_core.model.secret import SecretName, SecretValue
from tests.simulators.policies import approver, signed_grant

HUB = SigningKey(bytes([1]) * 32)


@cache
def bundle(agents: str = "default_tier: trusted\nagents: {}\n", revision: str = "r1") -> TrustedBundle:
    """Return the shipped policy with these agents, and a hub's key that may approve up to red."""
    made = compile_bundle({**shipped_sources(), "agents.yaml": agents.encode()}, tenant="bakery")[1]
    keys = (approver(HUB, "hub", KeyKind.HUB, Level.RED),)
    policy = replace(made.policy, approvers=keys, patterns=(), revision=f"{revision:0>16}")
    return replace(made, policy=policy, expires=clock.now() + 3600)


def settings_in(folder: Path, **environ: str) -> Settings:
    """Return the settings of an edge whose home and workspace lie in `folder`."""
    workspace = folder / "workspace"
    workspace.mkdir(exist_ok=True)
    (folder / "root.json").write_text("{}")
    named = {"SAFETY_EDGE_TENANT": "bakery", "SAFETY_EDGE_WORKSPACE": str(workspace), "SAFETY_HOME": str(folder / "h")}
    return load_settings(None, {**named, "SAFETY_EDGE_ROOT": str(folder / "root.json"), **environ})


@dataclass
class Setting:
    """A running control listener, and what is behind it."""

    edge: Edge
    client: httpx2.AsyncClient
    workspace: Path

    async def ask(self, path: str, body: Any) -> Any:
        answer = await self.client.post(path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def decide(self, tool: str, *, agent: str = "main", wait: float = 0.0, **params: Any) -> Any:
        return await self.ask("/v1/decide", {"call": call(tool, agent=agent, **params), "wait": wait})

    async def redeem(self, ticket: str) -> Any:
        return await self.ask("/v1/redeem", {"ticket": ticket})

    def put(self, **values: str) -> None:
        for name, value in values.items():
            self.edge.control.calls.services.secrets._vault.put(SecretName(name), SecretValue(value), now=clock.now())

    async def approve(self, request: str, *, allow: bool = True) -> None:
        """Let the hub's answer arrive, as the approvals' task does."""
        store = self.edge.control.calls.services.approvals
        known = await store.wait(RequestId(request), 0.0)
        await store.settle(signed_grant(HUB, known.request, allow=allow), clock.now())

    async def log(self) -> list[dict[str, Any]]:
        """Return the audit log as far as it has been written."""
        return [json.loads(raw) async for _, raw in self.edge.control.calls.services.audit.entries()]


def call(tool: str, *, agent: str = "main", session: str = "s1", **params: Any) -> dict[str, Any]:
    """Return a call as the plugin sends it."""
    return {"id": clock.new_id(), "tool": tool, "params": params, "agent": agent, "session": session}


@asynccontextmanager
async def control(
    folder: Path, policy: TrustedBundle | None = None, environ: Mapping[str, str] | None = None
) -> AsyncGenerator[Setting, None]:
    """Serve the control listener on a Unix socket in `folder`, whose path must be short."""
    async with AsyncExitStack() as stack:
        edge = await stack.enter_async_context(opened(settings_in(folder, **(environ or {}))))
        await edge.in_force.activate(policy or bundle())
        up, stop = asyncio.Event(), asyncio.Event()
        listener = Listener(control_app(edge.control, local=True), listen_unix(folder / "s"))
        serving = asyncio.create_task(serve([listener], up.set, edge.control.callers.dismiss, stop))
        await up.wait()
        try:
            transport = httpx2.AsyncHTTPTransport(uds=str(folder / "s"))
            async with httpx2.AsyncClient(transport=transport, base_url="http://edge", timeout=30) as client:
                yield Setting(edge, client, folder / "workspace")
        finally:
            stop.set()
            await serving
