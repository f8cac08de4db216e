"""Releases by HTTP, for `safety policy publish --release` and `rollback`: by publishers, each for their tenants."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hub.auth.bodies import body_of
from hub.auth.callers import bearer
from hub.context import Context
from hub.policy import reading, releases
from hub.policy.health import Counts, Health
from hub.policy.lifecycle import Action, possible
from hub.policy.plan import plan_from_json
from hub.policy.publishing import noted, tenant_for
from hub.repository.publication import unpack
from hub.store import rollouts, running
from hub.store.rollouts import Staged
from hub.store.tokens import TokenKind
from safety_core.canonical import Json, JsonObject
from safety_core.errors import InputError
from safety_core.wire.reader import Reader

NAME_LIMIT: Final = 100
REASON_LIMIT: Final = 500


async def make(request: Request, context: Context) -> Response:
    """Make a release: {"name", "waves"?}."""
    token = await bearer(request, context, TokenKind.PUBLISHER)
    body = Reader.parse(await body_of(request), "release")
    name, plan = printable(body.text("name", limit=NAME_LIMIT), "release.name"), plan_from_json(body)
    body.done()
    stored = await releases.make(context, token.tenant, token.name, name, plan)
    await noted(request, context, token, "release made", stored.id, stored.tenant)
    return JSONResponse(shown(await releases.seen(context, stored)), 201)


async def listed(request: Request, context: Context) -> Response:
    """Show the newest releases, without their tenants."""
    token = await bearer(request, context, TokenKind.PUBLISHER)
    async with context.database.read() as connection:
        mine = await rollouts.listed(connection, (token.tenant,) if token.tenant else None)
    return JSONResponse({"releases": [shown(await releases.seen(context, stored)) for stored in mine]})


async def show(request: Request, context: Context) -> Response:
    """Show one release with each of its tenants."""
    token = await bearer(request, context, TokenKind.PUBLISHER)
    stored = await releases.found(context, request.path_params["id"], token.tenant)
    async with context.database.read() as connection:
        items = await rollouts.all_staged(connection, stored.id)
    return JSONResponse(
        {**shown(await releases.seen(context, stored)), "tenants": [staged_json(item) for item in items]}
    )


async def stage(request: Request, context: Context) -> Response:
    """Take a tenant's publication (a tar, as for its repository) into a release."""
    token = await bearer(request, context, TokenKind.PUBLISHER)
    stored = await releases.found(context, request.path_params["id"], token.tenant)
    tenant = await tenant_for(context, token, request.path_params["tenant"])
    item = await releases.stage(context, stored, tenant, unpack(await body_of(request)))
    return JSONResponse(staged_json(item))


async def act(request: Request, context: Context) -> Response:
    """Start, halt, resume, promote or abandon a release: {"action", "reason"?}."""
    token = await bearer(request, context, TokenKind.PUBLISHER)
    stored = await releases.found(context, request.path_params["id"], token.tenant)
    body = Reader.parse(await body_of(request), "action")
    action, reason = action_of(body.text("action", limit=16)), body.text("reason", "", limit=REASON_LIMIT)
    body.done()
    await releases.act(context, stored, action, printable(reason, "action.reason") if reason else "")
    await noted(request, context, token, f"release {action.value}", stored.id, stored.tenant)
    return JSONResponse(shown(await releases.seen(context, stored)))


async def revisions(request: Request, context: Context) -> Response:
    """Show what was published for a tenant, and what its edge ran since when."""
    token = await bearer(request, context, TokenKind.PUBLISHER)
    tenant = await tenant_for(context, token, request.path_params["tenant"])
    async with context.database.read() as connection:
        history = await running.history(connection, tenant)
    published: list[Json] = [
        {"version": item.version, "revision": item.revision, "sha256": item.sha256}
        for item in await reading.revisions(context, tenant)
    ]
    ran: list[Json] = [{"version": item.version, "revision": item.revision, "since": item.since} for item in history]
    return JSONResponse({"published": published, "running": ran})


def action_of(word: str) -> Action:
    """Return the action that `word` names, or raise InputError."""
    if word not in set(Action):
        raise InputError("action", "must be one of " + ", ".join(Action))
    return Action(word)


def printable(text: str, what: str) -> str:
    """Return text that people will read, or raise InputError."""
    if not text.strip() or not text.isprintable():
        raise InputError(what, "must be text without control characters")
    return text


def shown(seen: releases.Seen) -> JsonObject:
    """Return a release as it goes over the wire."""
    stored = seen.stored
    return {
        "id": stored.id,
        "name": stored.name,
        "by": stored.made_by,
        "state": stored.state,
        "reason": stored.reason,
        "created": stored.created,
        "started": stored.started,
        "wave": stored.wave,
        "wave_at": stored.wave_at,
        "waves": [wave_json(seen, number) for number in range(len(seen.plan.waves))],
        "unassigned": sum(count for (wave, _), count in seen.counts.items() if wave is None),
        "health": health_json(seen.health),
        "actions": [action.value for action in possible(seen.state)],
    }


def wave_json(seen: releases.Seen, number: int) -> JsonObject:
    """Return one wave with its progress."""
    counts: JsonObject = {place: seen.counts.get((number, place), 0) for place in ("staged", "placed", "failed")}
    return {**seen.plan.waves[number].to_json(), **counts}


def health_json(health: Health) -> JsonObject:
    """Return how a release goes."""
    numbers: JsonObject = {name: getattr(health, name) for name in ("placed", "running", "alive", "troubled", "silent")}
    return {**numbers, **{name: _counts(getattr(health, name)) for name in ("after", "before", "others")}}


def _counts(counts: Counts) -> JsonObject:
    return {"calls": counts.calls, "denied": counts.denied, "failed": counts.failed}


def staged_json(item: Staged) -> JsonObject:
    """Return one tenant's publication in a release."""
    return {
        "tenant": item.tenant,
        "state": item.state,
        "wave": item.wave,
        "revision": item.revision,
        "version": item.version,
        "sha256": item.sha256,
        "expires": item.expires,
        "placed": item.placed,
        "note": item.note,
    }
