"""`safety audit`: what happened, and the proof that nothing of it was changed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeAlias

import click
from nacl.signing import VerifyKey

from safety_core.audit.checkpoint import Checkpoint, size_of
from safety_core.audit.tree import Hash
from safety_core.canonical import Json, JsonObject
from safety_core.cli.home import there_option
from safety_core.edge.audit_log import AuditLog
from safety_core.edge.audit_verify import verify as examine
from safety_core.edge.files import read_input
from safety_core.edge.home import Home
from safety_core.edge.key_file import edge_key
from safety_core.errors import AuditError, InputError
from safety_core.wire.signed import tenant_id

Entries: TypeAlias = AsyncGenerator[tuple[int, JsonObject], None]
WORDS: Final = ("event", "agent", "subject", "level", "outcome", "approver")
"""What `tail` shows of an entry, where it is not empty."""
JOINED: Final = ("foreseen", "changed", "unforeseen")
"""Of a call that a host reported: its model proposed it so, proposed it otherwise, or did not propose it."""
SHOWN: Final = 8
"""Digits of an exchange's id that tell two of them apart."""


@click.group()
def audit() -> None:
    """Read the audit log, and check that it is whole."""


@audit.command()
@click.option("--public", help="The edge's public key, 64 hexadecimal digits. [default: from its key file]")
@click.option(
    "--checkpoint",
    "checkpoints",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A signed checkpoint kept elsewhere, at the hub for example; may be repeated.",
)
@click.option("--hub", help="The hub's URL: compare with what it has cosigned of this log, day by day.")
@click.option("--tenant", help="As whom to ask the hub; needed with --hub.")
@there_option
def verify(public: str | None, checkpoints: tuple[Path, ...], hub: str | None, tenant: str | None, home: Home) -> int:
    """Recompute the whole log, and compare it with what was signed.

    What the hub has cosigned nobody on this machine can change: with --hub, also a log that was cut, rewritten or set
    back as a whole, and signed anew, is found.

    Exit status 1 if an entry was changed, removed, moved or cut off; each is named.
    """
    _demand_log(home)
    external = [_kept(path) for path in checkpoints]
    witnessed = _witnessed(hub, tenant, home) if hub else ()
    report = examine(home.audit, _key(public, home), external, witnessed)
    if hub:
        click.echo(f"the hub has cosigned {len(witnessed)} checkpoints of this log")
    for item in report.contradictions:
        click.echo(f"entry {item.index}: {item.reason}")
    state = "does not hold" if report.contradictions else "holds"
    click.echo(f"{report.size} entries, root {report.root.hex()}: the log {state}")
    return 1 if report.contradictions else 0


@audit.command()
@click.option("-n", "count", default=20, show_default=True, type=click.IntRange(min=0), help="Entries.")
@there_option
def tail(count: int, home: Home) -> None:
    """Show the last entries, a line each."""
    asyncio.run(_show(_entries(home, last=count), _told))


@audit.command()
@there_option
def export(home: Home) -> None:
    """Write every entry as a line of JSON, with its index."""
    asyncio.run(_show(_entries(home), _exported))


def _demand_log(home: Home) -> None:
    """Whoever looks makes no log, and no key for one. Raises AuditError."""
    if not home.audit.exists():
        raise AuditError(str(home.audit), "does not exist", "name the edge's folder with --home or SAFETY_HOME")


def _kept(path: Path) -> str:
    """Return a checkpoint that was kept elsewhere. Raises InputError where the file holds none."""
    note = read_input(path).decode("utf-8", "replace")
    try:
        size_of(note)
    except AuditError as error:
        fix = "name a copy of audit.checkpoint, or what the hub has shown"
        raise InputError(str(path), f"holds no checkpoint: {error}", fix) from error
    return note


def _key(public: str | None, home: Home) -> VerifyKey:
    if public is None:
        return edge_key(home).verify_key
    try:
        return VerifyKey(bytes.fromhex(public))
    except ValueError as error:
        raise InputError("--public", "must be 64 hexadecimal digits") from error


def _witnessed(hub: str, tenant: str | None, home: Home) -> tuple[Checkpoint, ...]:
    """Return what the hub has cosigned. Raises InputError, RefusedError or UnavailableError."""
    if not tenant:
        raise InputError("--tenant", "is not given", "name the tenant that this edge is registered as")
    from safety_core.edge.hub import HubClient  # late: the other commands need no network

    owner, key = tenant_id(tenant), edge_key(home)

    async def ask() -> tuple[tuple[int, str], ...]:
        async with HubClient(hub, owner, key) as client:
            return await client.checkpoints()

    return tuple(Checkpoint("hub", size, Hash(bytes.fromhex(root))) for size, root in asyncio.run(ask()))


async def _entries(home: Home, last: int | None = None) -> Entries:
    """Yield all entries, or the last few. Raises AuditError: there is no log."""
    _demand_log(home)
    log = await AuditLog.open(home.audit, edge_key(home))
    try:
        start = 0 if last is None else max(0, await log.size() - last)
        async for index, body in log.entries(start):
            yield index, json.loads(body)
    finally:
        await log.aclose()


async def _show(entries: Entries, line: Callable[[int, JsonObject], str]) -> None:
    async with aclosing(entries):
        async for index, entry in entries:
            click.echo(line(index, entry))


def _told(index: int, entry: JsonObject) -> str:
    """Return one entry as a line to read."""
    when = datetime.fromtimestamp(float(str(entry["at"])), UTC).isoformat(timespec="seconds")
    rules = entry["rules"]
    words = [*(entry[name] for name in WORDS), ",".join(map(str, rules)) if isinstance(rules, list) else ""]
    words += _joined(entry)
    return f"{index} {when} " + " ".join(str(word) for word in words if word)


def _joined(entry: JsonObject) -> list[Json]:
    """Return how a proposed call stands to what models proposed: by which exchange, or how it was foreseen."""
    if exchange := entry.get("exchange"):
        return [f"by response {str(exchange)[:SHOWN]}"]
    counts = entry["counts"]
    return [word for word in JOINED if isinstance(counts, dict) and counts.get(word)]


def _exported(index: int, entry: JsonObject) -> str:
    return json.dumps({"index": index, **entry}, separators=(",", ":"))
