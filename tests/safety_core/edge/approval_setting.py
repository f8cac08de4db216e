"""Questions, answers to them, and who is owed those."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from safety_core.canonical import Digest
from safety_core.edge.approvals import ApprovalStore
from safety_core.model.approval import ApprovalRequest, Asker, Grant, KeyId, RequestId
from safety_core.model.level import Level
from safety_core.model.tool_call import AgentId, SessionId, TenantId

CHILDREN = Path(__file__).parents[2] / "simulators" / "approval_children.py"
SHOP = (AgentId("shop"),)


def request(number: int, digest: int | None = None) -> ApprovalRequest:
    return ApprovalRequest(
        RequestId(f"{number:032x}"),
        TenantId("acme"),
        AgentId("shop"),
        SessionId("s1"),
        "exec",
        {"command": "rm -r SECRET_REF(folder)", "n": 1.5},
        Level.RED,
        False,
        False,
        ("rule-a",),
        "deletes files",
        Digest(f"{number if digest is None else digest:064x}"),
        "r1",
        1000.0,
        2000.0,
    )


def grant(question: ApprovalRequest, *, allow: bool = True, nonce: int = 1) -> Grant:
    return Grant(
        question.id,
        question.action_digest,
        "r1",
        allow,
        "owner",
        "cli",
        f"{nonce:032x}",
        1100.5,
        1700.25,
        KeyId("k"),
        "0" * 128,
    )


def child(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, str(CHILDREN), *arguments], stdout=subprocess.PIPE, text=True)


def asker(asked: ApprovalRequest, session: str = "") -> Asker:
    return Asker(asked.id, SessionId(session or asked.session))


async def owed(store: ApprovalStore, agents: tuple[AgentId, ...] = SHOP) -> list[tuple[int, str]]:
    return [(int(item.approval.request.id, 16), item.approval.state) for item in await store.decided(agents, 0.0)]


async def sessions(store: ApprovalStore) -> list[str]:
    return [item.session for item in await store.decided(SHOP, 0.0)]
