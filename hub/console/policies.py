"""Which tenant runs which revision; releases in waves; what one revision says otherwise than another; replay."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from starlette.responses import Response

from hub.console.visit import PageRoutes, Visit
from hub.errors import ForbiddenError, NotFoundError
from hub.policy import reading, releases
from hub.policy.endpoints import REASON_LIMIT, action_of, printable
from hub.policy.lifecycle import Action, possible
from hub.policy.reading import Revision
from hub.policy.releases import Seen
from hub.policy.replaying import replayed
from hub.roles import EVERYWHERE, Role
from hub.store import deeds, rollouts, running
from hub.store.rollouts import StoredRelease
from hub.store.running import Running
from safety_core.bundle.diff import Change, differences
from safety_core.errors import InputError
from safety_core.model.tool_call import TenantId

PAGE: Final = 50
"""Tenants on one page."""

LOOSENING: Final = frozenset({Action.START, Action.RESUME, Action.PROMOTE})
"""What brings a policy to more tenants asks for a fresh confirmation; what stops it never waits."""


@dataclass(frozen=True, slots=True)
class Row:
    """One tenant at a glance. `behind`: what runs is not what is published."""

    tenant: TenantId
    published: Revision | None
    runs: Running | None

    @property
    def behind(self) -> bool:
        """Tell whether something newer is published than runs."""
        return self.published is not None and (self.runs is None or self.runs.version < self.published.version)


async def overview(visit: Visit) -> Response:
    """Show all tenants with what they run, and the releases."""
    context, after = visit.context, visit.request.query_params.get("after", "")
    mine = await visit.tenants()
    tenants = [name for name in mine if name > after]
    async with context.database.read() as connection:
        runs = {item.tenant: item for item in await running.current(connection)}
        stored = await rollouts.listed(connection, _whose(visit, mine), limit=20)
    shown = tenants[:PAGE]
    rows = [Row(name, await reading.newest(context, name), runs.get(name)) for name in shown]
    return visit.render(
        "policies.html",
        rows=rows,
        releases=[await releases.seen(context, item) for item in stored],
        older=f"/policies?after={shown[-1]}" if len(tenants) > PAGE else "",
        newest="/policies" if after else "",
    )


def _whose(visit: Visit, tenants: tuple[TenantId, ...]) -> tuple[TenantId, ...] | None:
    """Return whose releases the visitor may see; None for all."""
    return None if visit.roles.sees(EVERYWHERE) else tenants


async def of_tenant(visit: Visit) -> Response:
    """Show what was published for a tenant and what ran since when, with the forms to compare two revisions."""
    tenant = _tenant(visit, Role.VIEWER)
    return await _tenant_page(visit, tenant)


async def _tenant_page(visit: Visit, tenant: TenantId, **more: Any) -> Response:
    published = await reading.revisions(visit.context, tenant)
    async with visit.context.database.read() as connection:
        ran = await running.history(connection, tenant)
    options = [(str(item.version), f"version {item.version}: {item.revision}") for item in published]
    asked = visit.request.query_params
    values: dict[str, Any] = {
        "tenant": tenant,
        "published": published,
        "ran": ran,
        "options": options,
        "old": asked.get("old", options[1][0] if len(options) > 1 else ""),
        "new": asked.get("new", options[0][0] if options else ""),
        "may_replay": visit.roles.has(Role.AUTHOR, tenant),
        "parts_of": None,
        "found": None,
    }
    return visit.render("policies_tenant.html", **{**values, **more})


async def diff(visit: Visit) -> Response:
    """Show in words what one revision says otherwise than another."""
    tenant = _tenant(visit, Role.VIEWER)
    asked = visit.request.query_params
    old, new = _version(asked.get("old", "")), _version(asked.get("new", ""))
    before = await reading.bundle_at(visit.context, tenant, old)
    after = await reading.bundle_at(visit.context, tenant, new)
    changes = await asyncio.to_thread(differences, before, after)
    return await _tenant_page(
        visit, tenant, parts_of=_grouped(changes), loosened=sum(change.loosens is True for change in changes)
    )


def _grouped(changes: tuple[Change, ...]) -> list[tuple[str, list[Change]]]:
    return [(part, [*found]) for part, found in groupby(changes, key=lambda change: change.part)]


async def replay(visit: Visit) -> Response:
    """Judge the calls that an author brings by two revisions."""
    tenant = _tenant(visit, Role.AUTHOR)
    form = await visit.upload()
    paths, versions = [], []
    published = {item.version: item for item in await reading.revisions(visit.context, tenant)}
    for name in ("old", "new"):
        version = _version(form.get(name, b"").decode("ascii", "replace"))
        if version not in published:
            raise NotFoundError(f"version {version}", "is not in the repository")
        versions.append(version)
        await reading.bundle_at(visit.context, tenant, version)  # what cannot be verified is not run
        paths.append(reading.archive(visit.context, tenant, published[version].sha256))
    found = await replayed(visit.context, paths[0], paths[1], form.get("calls", b""))
    return await _tenant_page(visit, tenant, found=found, old=str(versions[0]), new=str(versions[1]))


async def release(visit: Visit) -> Response:
    """Show one release with its tenants."""
    stored = await _release(visit)
    return await _release_page(visit, stored)


async def act(visit: Visit) -> Response:
    """Start, halt, resume, promote or abandon a release."""
    stored = await _release(visit)
    if not _may_act(visit, stored):
        raise ForbiddenError("release", "asks for the role author or admin", "ask an admin of the hub for it")
    form = await visit.form()
    action, reason = action_of(form.get("action", "")), form.get("reason", "").strip()[:REASON_LIMIT]
    if action in LOOSENING:
        visit.require_fresh(f"/releases/{stored.id}")
    await releases.act(visit.context, stored, action, printable(reason, "reason") if reason else "")
    async with visit.context.database.write() as connection:
        await deeds.note(connection, visit.deed(f"release {action.value}", stored.id, stored.tenant))
    return visit.go(f"/releases/{stored.id}")


async def _release_page(visit: Visit, stored: StoredRelease) -> Response:
    seen: Seen = await releases.seen(visit.context, stored)
    async with visit.context.database.read() as connection:
        items = await rollouts.all_staged(connection, stored.id)
    troubled = [
        item for item in items if item.note or (item.state == "staged" and item.expires < visit.context.clock())
    ]
    return visit.render(
        "release.html",
        seen=seen,
        items=items[:PAGE],
        rest=max(0, len(items) - PAGE),
        troubled=troubled[:PAGE],
        actions=possible(seen.state) if _may_act(visit, stored) else (),
        loosening=LOOSENING,
    )


async def _release(visit: Visit) -> StoredRelease:
    stored = await releases.found(visit.context, visit.request.path_params["id"], EVERYWHERE)
    if not _may_see(visit, stored):
        raise NotFoundError("release", "is not there")
    return stored


def _may_see(visit: Visit, stored: StoredRelease) -> bool:
    return visit.roles.sees(stored.tenant)


def _may_act(visit: Visit, stored: StoredRelease) -> bool:
    return visit.roles.has(Role.AUTHOR, stored.tenant) or visit.roles.has(Role.ADMIN, stored.tenant)


def _tenant(visit: Visit, role: Role) -> TenantId:
    tenant = TenantId(visit.request.path_params["tenant"])
    visit.require(role, tenant)
    return tenant


def _version(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 10:
        raise InputError("version", "must be a number", "choose two revisions of the list")
    return int(text)


ROUTES: Final[PageRoutes] = (
    ("GET", "/policies", overview),
    ("GET", "/policies/{tenant}", of_tenant),
    ("GET", "/policies/{tenant}/diff", diff),
    ("POST", "/policies/{tenant}/replay", replay),
    ("GET", "/releases/{id}", release),
    ("POST", "/releases/{id}", act),
)
