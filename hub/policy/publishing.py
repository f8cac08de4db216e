"""Who may publish for whom, and what must not be put in place past a release that it is staged in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from starlette.requests import Request

from hub.context import Context
from hub.errors import ConflictError, ForbiddenError, NotFoundError
from hub.policy.lifecycle import OPEN
from hub.store import deeds, rollouts, tenants
from hub.store.deeds import Deed
from hub.store.tokens import Token
from safety_core.bundle.roles import bundle_path, target_path
from safety_core.model.tool_call import TenantId
from safety_core.wire.reader import Reader


async def tenant_for(context: Context, token: Token, name: str) -> TenantId:
    """Return the tenant `name`, if this publisher may publish there.

    Raises:
        ForbiddenError: it belongs to somebody else.
        NotFoundError: a publisher for all tenants named one that is not there.
    """
    tenant = TenantId(name)
    if token.tenant:
        if token.tenant != tenant:
            raise ForbiddenError("repository", "belongs to another tenant than the token's")
        return tenant
    async with context.database.read() as connection:
        if await tenants.find(connection, tenant) is None:
            raise NotFoundError("tenant", "is not there", "safety hub tenant list")
    return tenant


def check_tenant(tenant: TenantId, files: Mapping[str, bytes]) -> None:
    """Refuse what was signed for somebody else: every edge would, and its tenant would be left without news.

    Raises:
        ForbiddenError: a targets document names another tenant.
        InputError: one cannot be read.
    """
    for name, raw in files.items():
        if not name.startswith("targets/"):
            continue
        signed = Reader.parse(raw, name).object("signed")
        named = signed.mapping("targets") if signed.has("targets") else {}
        if any(path != target_path(tenant) for path in named):
            raise ForbiddenError(
                name, f"is for another tenant than {tenant}", "publish it for the tenant that it names"
            )


def newest_targets(files: Iterable[str]) -> str:
    """Return in words which version these files publish; empty where they only renew one."""
    found = [int(name[len("targets/") : -len(".json")]) for name in files if name.startswith("targets/")]
    return f"version {max(found)}" if found else ""


async def noted(request: Request, context: Context, token: Token, deed: str, subject: str, tenant: TenantId) -> None:
    """Write down in the hub's audit what a publisher did."""
    address = request.client.host if request.client else ""
    async with context.database.write() as connection:
        await deeds.note(connection, Deed(context.clock(), token.name, tenant, deed, subject, address))


async def check_unstaged(context: Context, tenant: TenantId, names: Iterable[str]) -> None:
    """Raise ConflictError for files that bring a publication ahead of the wave that it waits for."""
    found = set(names)
    states = frozenset(state.value for state in OPEN)
    async with context.database.read() as connection:
        for release in await rollouts.open_for(connection, tenant, states):
            item = await rollouts.find_staged(connection, release.id, tenant)
            if item is not None and {bundle_path(item.sha256), f"targets/{item.version}.json"} <= found:
                raise ConflictError(
                    f"version {item.version}",
                    f"waits for its wave in release {release.id}",
                    "renew it there (--release), promote the release, or abandon it",
                )
