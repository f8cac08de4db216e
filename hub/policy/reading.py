"""What is in a tenant's repository, as the tenant's own edge would verify it: from the tenant's first root on.

For pages, and for what the hub may ask of approvers. Nothing at an edge rests on it: each edge verifies for itself,
from the root that it has pinned. Expiry is not looked at here: what was published stays readable.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from hub.context import Context
from hub.errors import NotFoundError
from hub.repository.files import HUB_REPOSITORY, Repositories
from hub.repository.publication import TIMESTAMP
from safety_core.bundle.contents import TrustedBundle
from safety_core.bundle.roles import bundle_path
from safety_core.bundle.target import Released, check_archive, read_archive, released
from safety_core.bundle.trust import Known, Update, refresh
from safety_core.edge.bundles import replay
from safety_core.errors import BundleError, InputError, PolicyError, UnavailableError
from safety_core.model.policy import Policy
from safety_core.model.prices import Prices
from safety_core.model.tool_call import TenantId

ROOT: Final = "root/1.json"
AGES: Final = 50 * 365 * 86400.0
"""Grace for reading: no document lives as long."""


MOST: Final = 200
"""Revisions that are looked at; older ones stay in the repository."""


@dataclass(frozen=True, slots=True)
class Revision:
    """One publication in a tenant's repository. `version` is that of its targets document."""

    version: int
    revision: str
    sha256: str


async def policy_of(context: Context, tenant: TenantId) -> Policy | None:
    """Return the policy that was published last for a tenant, without what only judging needs.

    That is: patterns, catalogue, volatile arguments and prices. None where there is none, or where what is there cannot
    be verified: an edge would not follow it either. Cheap enough for every card: a file is read again only when it is
    another one.
    """
    files = context.repositories
    key = (tenant, files.stamp(tenant, ROOT), files.stamp(tenant, TIMESTAMP))
    if None in key:
        return None
    found = context.policies.look(key)
    if found is not None:
        return found[0]
    try:
        return await asyncio.to_thread(context.policies.take, key, lambda: _slim(context, tenant))
    except UnavailableError:
        return None


def _slim(context: Context, tenant: TenantId) -> Policy | None:
    try:
        bundle = _newest(context, tenant)
    except (BundleError, PolicyError):
        return None
    if bundle is None:
        return None
    return replace(bundle.policy, patterns=(), catalogue={}, volatile={}, prices=Prices())


async def revisions(context: Context, tenant: TenantId) -> tuple[Revision, ...]:
    """Return what was published for a tenant, the newest first; what cannot be verified is left out."""
    return await asyncio.to_thread(_revisions, context.repositories, tenant)


async def newest(context: Context, tenant: TenantId) -> Revision | None:
    """Return what was published last for a tenant, without opening it."""
    found = await asyncio.to_thread(_revisions, context.repositories, tenant, 1)
    return next(iter(found), None)


def archive(context: Context, tenant: TenantId, sha256: str) -> Path:
    """Return where a published bundle lies on the hub's disk."""
    return context.repositories.path(tenant, bundle_path(sha256))


async def bundle_at(context: Context, tenant: TenantId, version: int) -> TrustedBundle:
    """Return the bundle that was published for a tenant under this version. Raises NotFoundError."""
    return await asyncio.to_thread(_at, context, tenant, version)


def verified(files: Repositories | None, tenant: TenantId, now: float, *, given: dict[str, bytes]) -> Update:
    """Follow a publication that has not been put in place, over what is in the repository already.

    Raises:
        BundleError: it is not what an edge would take up at `now`.
        InputError: it is genuine, and its contents are wrong; or a file that it names is not in it.
        UnavailableError: the hub's own disk fails.
    """

    def get(name: str) -> bytes | None:
        return given.get(name) or (_raw(files, tenant, name) if files is not None else None)

    root = (_raw(files, tenant, ROOT) if files is not None else None) or given.get(ROOT)
    if root is None:
        raise InputError(ROOT, "is not in the publication", "the first publication for a tenant brings the root")
    try:
        return replay(refresh(Known((root,)), tenant=tenant, now=now), get)
    except PolicyError as error:
        raise InputError(error.thing, error.reason, error.fix) from error
    except UnavailableError as error:
        if error.thing == HUB_REPOSITORY:
            raise
        raise InputError(error.thing, "is not in the publication", error.fix) from error


def _newest(context: Context, tenant: TenantId) -> TrustedBundle | None:
    files = context.repositories
    timestamp, root = files.get(tenant, TIMESTAMP), files.get(tenant, ROOT)
    if timestamp is None or root is None:
        return None

    def read() -> TrustedBundle:
        steps = refresh(Known((root.raw,)), tenant=tenant, now=context.clock(), grace=AGES)
        return replay(steps, lambda name: _raw(files, tenant, name)).bundle

    return context.bundles.take((tenant, root.etag, timestamp.etag), read)


def _raw(files: Repositories, tenant: TenantId, name: str) -> bytes | None:
    found = files.get(tenant, name)
    return None if found is None else found.raw


def _revisions(files: Repositories, tenant: TenantId, limit: int = MOST) -> tuple[Revision, ...]:
    roots, found = _roots(files, tenant), []
    for number in sorted(files.versions(tenant, "targets"), reverse=True)[:limit]:
        item = _released(files, tenant, number, roots)
        if item is not None:
            found.append(Revision(item.version, item.target.revision, item.target.sha256))
    return tuple(found)


def _released(files: Repositories, tenant: TenantId, number: int, roots: tuple[bytes, ...]) -> Released | None:
    raw = _raw(files, tenant, f"targets/{number}.json")
    try:
        return None if raw is None else released(roots, raw, tenant)
    except BundleError:
        return None


def _roots(files: Repositories, tenant: TenantId) -> tuple[bytes, ...]:
    names = [f"root/{number}.json" for number in sorted(files.versions(tenant, "root"))]
    return tuple(raw for raw in (_raw(files, tenant, name) for name in names) if raw is not None)


def _at(context: Context, tenant: TenantId, version: int) -> TrustedBundle:
    files = context.repositories
    item = _released(files, tenant, version, _roots(files, tenant))
    raw = None if item is None else _raw(files, tenant, item.target.path)
    if item is None or raw is None:
        raise NotFoundError(f"version {version} of {tenant}", "is not in the repository")
    check_archive(item.target, raw)
    key = (tenant, hashlib.sha256(item.target.key.encode()).hexdigest(), item.target.sha256, str(item.version))
    return context.bundles.take(key, lambda: read_archive(item.target, raw, tenant=tenant, version=item.version))
