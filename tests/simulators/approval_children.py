"""Processes that fight over one approval cache: `approval_children.py race|work|spend|change <file> [first number]`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from safety_core.canonical import Digest
from safety_core.edge.approvals import ApprovalStore
from safety_core.edge.standing import StandingStore
from safety_core.errors import ReplayedGrantError
from safety_core.model.approval import ApprovalRequest, Asker, Grant, KeyId, RequestId
from safety_core.model.level import Level
from safety_core.model.tool_call import AgentId, SessionId, TenantId


async def race(store: ApprovalStore) -> None:
    """Try to use every grant there is; print the ids of those won."""
    number = 0
    while approval := await store.get(RequestId(f"{number:032x}")):
        number += 1
        try:
            assert approval.grant is not None
            await store.use(approval.grant)
        except ReplayedGrantError:
            continue
        print(approval.request.id, flush=True)


async def work(store: ApprovalStore, number: int) -> None:
    """Open, grant and use one request after the other, printing each step once it is acknowledged, until killed."""
    while True:
        number += 1
        identity, digest = RequestId(f"{number:032x}"), Digest(f"{number:064x}")
        who = (TenantId("t"), AgentId("a"), SessionId("s"))
        asked = ApprovalRequest(identity, *who, "exec", {}, Level.RED, False, False, (), "", digest, "r", 1.0, 2.0)
        await store.open_request(asked)
        print("opened", identity, flush=True)
        answer = Grant(identity, digest, "r", True, "o", "cli", f"{number:032x}", 1.0, 2.0, KeyId("k"), "0" * 128)
        await store.settle(answer, 1.5)
        print("granted", identity, flush=True)
        await store.use(answer)
        print("used", identity, flush=True)


async def spend(store: ApprovalStore) -> None:
    """Use up the outward grants there are, all of them at a time, printing each use once it is acknowledged."""
    standing = StandingStore(store.database)
    ids = tuple(held.grant.id for held in await standing.held())
    while True:
        try:
            await standing.use(ids, 1.0)
        except ReplayedGrantError:
            return
        print("used", flush=True)


async def change(store: ApprovalStore) -> None:
    """Open one question after the other and put another in its place, printing each once it is acknowledged."""
    for number in range(1, 100_000, 2):
        who = (TenantId("t"), AgentId("a"), SessionId("s"))
        old, new = (
            ApprovalRequest(
                RequestId(f"{each:032x}"),
                *who,
                "exec",
                {},
                Level.RED,
                False,
                False,
                (),
                "",
                Digest(f"{each:064x}"),
                "r",
                1.0,
                2.0,
            )
            for each in (number, number + 1)
        )
        await store.open_request(old)
        await store.owe(Asker(old.id, old.session))
        await store.replace(old.id, new, "o")
        print("changed", old.id, flush=True)
        await store.close(new.id)


async def main() -> None:
    """Do what the command line says."""
    store = ApprovalStore.open(Path(sys.argv[2]))
    try:
        match sys.argv[1]:
            case "race":
                await race(store)
            case "change":
                await change(store)
            case "spend":
                await spend(store)
            case _:
                await work(store, int(sys.argv[3]))
    finally:
        await store.aclose()


if __name__ == "__main__":
    asyncio.run(main())
