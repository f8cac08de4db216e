"""What people did at the hub, and what the hub has cosigned of tenants' own audit logs: searched, and as CSV."""

from __future__ import annotations

import csv
import io
import time
from typing import Final
from urllib.parse import urlencode

from starlette.responses import Response

from hub.console.render import SECURITY_HEADERS
from hub.console.visit import PageRoutes, Visit
from hub.roles import EVERYWHERE, Role
from hub.store import checkpoints, deeds
from hub.store.checkpoints import Cosigned
from hub.store.deeds import Deed
from safety_core.errors import InputError
from safety_core.model.tool_call import TenantId

PAGE: Final = 50
CSV_ROWS: Final = 100_000
SEARCH_CHARACTERS: Final = 100

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet would calculate."""

Found = tuple[tuple[int, Deed], ...]


async def show(visit: Visit) -> Response:
    """Show deeds, the newest first, and the checkpoints of the tenant that is asked for."""
    asked = visit.request.query_params
    words, wanted = asked.get("q", "")[:SEARCH_CHARACTERS], TenantId(asked.get("tenant", ""))
    mine, before = await visit.tenants(), _number(asked.get("before", ""))
    found = await _found(visit, wanted, words, PAGE + 1, before)
    kept: tuple[Cosigned, ...] = ()
    if wanted:
        async with visit.context.database.read() as connection:
            kept = await checkpoints.kept(connection, wanted, 31)
    query = {"q": words, "tenant": wanted}
    older = f"/audit?{urlencode({**query, 'before': found[PAGE - 1][0]})}" if len(found) > PAGE else ""
    return visit.render(
        "audit.html",
        found=[deed for _, deed in found[:PAGE]],
        words=words,
        tenant=wanted,
        tenants=[("", "All"), *((name, name) for name in mine)],
        kept=kept,
        older=older,
        newest=f"/audit?{urlencode(query)}" if before is not None else "",
        download=f"/audit.csv?{urlencode(query)}",
    )


async def as_csv(visit: Visit) -> Response:
    """Send every deed that is found."""
    asked = visit.request.query_params
    wanted = TenantId(asked.get("tenant", ""))
    found = await _found(visit, wanted, asked.get("q", "")[:SEARCH_CHARACTERS], CSV_ROWS, None)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("at", "person", "tenant", "deed", "subject", "address"))
    for _, deed in found:
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(deed.at))
        writer.writerow([at, *map(_cell, (deed.person, deed.tenant, deed.deed, deed.subject, deed.address))])
    return _file(text.getvalue(), "audit.csv")


async def checkpoints_as_csv(visit: Visit) -> Response:
    """Send every checkpoint of a tenant's log that was cosigned, one of each day, with its signatures."""
    tenant = TenantId(visit.request.query_params.get("tenant", ""))
    visit.require(Role.VIEWER, tenant)
    async with visit.context.database.read() as connection:
        kept = await checkpoints.kept(connection, tenant, CSV_ROWS)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("day", "log", "at", "size", "root", "note"))
    for item in kept:
        day = time.strftime("%Y-%m-%d", time.gmtime(item.day))
        writer.writerow([day, item.log, f"{item.at:.0f}", item.size, item.root, _cell(item.note)])
    return _file(text.getvalue(), f"checkpoints-{tenant}.csv")


async def _found(visit: Visit, wanted: TenantId, words: str, limit: int, before: int | None) -> Found:
    """Return deeds at tenants that the person may see; those of the hub as a whole to its admins alone."""
    if wanted:
        visit.require(Role.VIEWER, wanted)
    among = {wanted} if wanted else set(await visit.tenants())
    if not wanted and visit.roles.has(Role.ADMIN, EVERYWHERE):
        among.add(EVERYWHERE)
    async with visit.context.database.read() as connection:
        return await deeds.found(connection, among, words, limit, before)


def _number(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise InputError("before", "must be a number")
    return int(text)


def _cell(text: str) -> str:
    return "'" + text if text.startswith(_FORMULA) else text


def _file(text: str, name: str) -> Response:
    headers = {**SECURITY_HEADERS, "Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)


ROUTES: Final[PageRoutes] = (
    ("GET", "/audit", show),
    ("GET", "/audit.csv", as_csv),
    ("GET", "/audit/checkpoints.csv", checkpoints_as_csv),
)
