"""A hub of the version before brings its questions and answers over: nothing is asked, told or answered twice."""

from __future__ import annotations

import json
import secrets
from typing import Any

from alembic import command
from sqlalchemy import Connection, text

from hub.migrations.migrate import config_for, migrate
from hub.store import approvals, feed, tenants
from hub.store.engine import open_database
from safety_core.canonical import canonical_bytes
from safety_core.model.approval import ApprovalRequest
from safety_core.model.tool_call import TenantId
from safety_core.wire.approvals import grant_to_json, request_to_json
from safety_core.wire.feed import item_from_json
from safety_core.wire.reader import Reader
from tests.simulators.hub import question
from tests.simulators.passkeys import Authenticator

ACME = TenantId("acme")
OLD = text(
    "INSERT INTO approvals (tenant, id, state, request, received, expires, grant_json, feed)"
    " VALUES ('acme', :id, :state, :request, :received, :expires, :grant, :feed)"
)


def row(asked: ApprovalRequest, state: str, received: float, answer: bytes | None, place: int | None) -> dict[str, Any]:
    request = canonical_bytes(request_to_json(asked))
    times = {"received": received, "expires": received + 60}
    return {"id": asked.id, "state": state, "request": request, **times, "grant": answer, "feed": place}


async def test_what_was_asked_and_answered_before_is_brought_over_and_back(empty_url: str) -> None:
    database = open_database(empty_url)
    olga, alike = Authenticator.fresh(), secrets.token_hex(32)
    answered = [question(params={"command": f"nul \x00 {n}"}) for n in range(2)]
    grants = [olga.grant(asked, allow=not n) for n, asked in enumerate(answered)]
    open_ones = [question(action_digest=alike) for _ in range(2)]
    rows = [
        *(
            row(asked, "granted" if grant.allow else "denied", n, canonical_bytes(grant_to_json(grant)), n + 1)
            for n, (asked, grant) in enumerate(zip(answered, grants, strict=True))
        ),
        *(row(asked, "pending", 10 + n, None, None) for n, asked in enumerate(open_ones)),
    ]

    def begin(connection: Connection) -> None:
        command.upgrade(config_for(connection), "0004")
        connection.execute(text("INSERT INTO tenants (id, created, decisions) VALUES ('acme', 0, 2)"))
        connection.execute(OLD, rows)

    async with database.write() as connection:
        await connection.run_sync(begin)
    await migrate(database)
    async with database.read() as connection:
        told = await feed.after(connection, ACME, 0, 10)
        assert [place for place, _ in told] == [1, 2]
        assert [item_from_json(Reader.parse(raw, "item")) for _, raw in told] == grants
        assert await tenants.last_decision(connection, ACME) == 2
        shown = await approvals.listed(connection, [ACME], None, 0.0, 10)
        assert [item.state.value for item in shown] == ["pending", "cancelled", "denied", "granted"]
        kept = await approvals.answers_of(connection, shown)
        assert [json.loads(raw)["approver"] for item in shown for raw in kept[ACME, item.id]] == ["Olga", "Olga"]
        assert len(await approvals.settled(connection, [ACME], ["nul", "shop"], 0.0, None, 10)) == 2

    async with database.write() as connection:
        await connection.run_sync(lambda sync: command.downgrade(config_for(sync), "0004"))
        assert (await connection.execute(text("SELECT count(*) FROM approvals"))).scalar_one() == 4
    await database.close()
