"""`safety approvals outward`: the outward grants that approvers made from cards, as this machine's edge holds them."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime

import click

from safety_core.canonical import JsonObject
from safety_core.cli.home import home_option
from safety_core.edge import clock
from safety_core.edge.approvals import ApprovalStore
from safety_core.edge.audit_log import AuditLog
from safety_core.edge.home import Home
from safety_core.edge.key_file import edge_key
from safety_core.edge.standing import Held, StandingStore
from safety_core.errors import InputError
from safety_core.model.record import AuditEntry, Event
from safety_core.wire.feed import standing_to_json
from safety_core.wire.names import plain


@click.command()
@click.option("--withdraw", "withdrawn", metavar="ID", help="End this one now, for good, whatever the hub says.")
@click.option("--all", "past", is_flag=True, help="Also those that have ended or are used up.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
@home_option
def outward(home: Home, withdrawn: str | None, past: bool, as_json: bool) -> None:
    """List the outward grants of this machine's agents, or end one.

    They were made from cards at the hub; those of the policy stand in policies/outward.yaml. The running edge looks
    at each call, so what is ended here covers no call any more.
    """
    if withdrawn is not None:
        asyncio.run(_end(home, withdrawn))
        click.echo(f"{withdrawn} withdrawn")
        return
    found = [held for held in asyncio.run(_held(home)) if past or _live(held)]
    for held in found:
        click.echo(json.dumps(_json(held)) if as_json else _line(held))
    if not found and not as_json:
        click.echo("none", err=True)


async def _held(home: Home) -> tuple[Held, ...]:
    store = ApprovalStore.open(home.edge_db)
    try:
        return await StandingStore(store.database).held()
    finally:
        await store.aclose()


async def _end(home: Home, identity: str) -> None:
    store = ApprovalStore.open(home.edge_db)
    try:
        standing = StandingStore(store.database)
        held = next((held for held in await standing.held() if held.grant.id == identity), None)
        if held is None:
            raise InputError(
                f"outward grant {plain(identity, 64)}", "is not held here", "see `safety approvals outward`"
            )
        log = await AuditLog.open(home.audit, edge_key(home))
        try:
            grant = held.grant
            entry = AuditEntry(
                clock.now(),
                Event.OUTWARD_GRANT,
                grant.agent,
                grant.tool,
                grant.id,
                outcome="withdrawn",
                rules=("here",),
            )
            await log.append(entry)
        finally:
            await log.aclose()
        await standing.end(identity, "withdrawn here")
    finally:
        await store.aclose()


def _live(held: Held) -> bool:
    return not held.ended and held.remaining > 0 and clock.now() < held.grant.not_after


def _json(held: Held) -> JsonObject:
    return {**standing_to_json(held.grant), "remaining": held.remaining, "ended": held.ended}


def _line(held: Held) -> str:
    grant = held.grant
    until = datetime.fromtimestamp(grant.not_after, UTC).strftime("%Y-%m-%d %H:%M UTC")
    left = held.ended or (f"{held.remaining} of {grant.uses} left" if _live(held) else "over")
    what = f"{plain(grant.agent, 60)}  {plain(grant.tool, 60)} to {plain(grant.recipient, 254)}"
    return f"{grant.id}  {what}  until {until}, {left}  by {plain(grant.approver, 60)}"
