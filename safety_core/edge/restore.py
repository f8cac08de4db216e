"""A backup put into an edge's empty folder, and what must not come back with it.

A backup is of the past. Between it and its restore, people may have answered, and calls may have run. So what was open
or permitted then is over: no yes of before the restore, whoever still has it, lets a call run a second time.

    .restore-in-progress/    a restore that was cut off; no edge starts beside it, and another one ends it

The hub is told what became of the questions. That the log is older than what the hub has cosigned, it sees by itself.
"""

from __future__ import annotations

import re
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from nacl.signing import SigningKey

from safety_core.edge import approval_rows as rows
from safety_core.edge import clock
from safety_core.edge.approvals import SCHEMA
from safety_core.edge.audit_rows import checkpoint_file
from safety_core.edge.audit_verify import verify
from safety_core.edge.backup import MANIFEST, Backups, copy_file, manifest_of, sync
from safety_core.edge.backup_seal import check_seal
from safety_core.edge.database import connect, writing
from safety_core.edge.home import Home
from safety_core.edge.key_file import edge_key, read_key_file
from safety_core.edge.vault import Vault
from safety_core.edge.vault_key import find_vault_key
from safety_core.errors import SafetyError, UnavailableError
from safety_core.model.approval import ApprovalState, RequestId

BY: Final = "restore"
"""Who ended the questions, as the hub shows it."""

KEYS: Final = ("vault.key", "edge.key")

_LAPSE: Final = "SELECT id, state FROM approval WHERE state IN ('pending', 'granted')"
_ACTS: Final = re.compile(r"\b(?:CONFLICT|GENERATED|VIRTUAL|AS)\b", re.IGNORECASE)
"""In what makes a table: words by which a column or a row is not what is written into it. None of ours has one."""

_STILL: Final = (
    "SELECT 1 FROM approval NOT INDEXED WHERE state IN ('pending', 'granted')",
    "SELECT 1 FROM plan_call NOT INDEXED",
    "SELECT 1 FROM standing_grant NOT INDEXED WHERE ended = ''",
)
"""What must not be there any more, whatever the database made of what it was told; looked for without an index."""

_LAPSED: Final = (
    "DELETE FROM plan_call",
    "UPDATE standing_grant SET ended = 'restored', told = 0 WHERE ended = ''",
)


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back.

    Attributes:
        at: when the backup was made, seconds since the epoch.
        entries: of the audit log.
        lapsed: questions and permissions that were open then, and are over.
        contradictions: what in the audit log does not hold, in words.
        vault: why the vault does not open; empty: it does.
    """

    at: int
    entries: int
    lapsed: int
    contradictions: tuple[str, ...]
    vault: str


def restore(home: Home, folder: Path, keys: Path | None = None, *, unsigned: bool = False) -> Restored:
    """Put a backup in place. Everything here reads and writes disks.

    Args:
        home: an edge's folder that holds no more than keys and backups. No edge runs there.
        keys: the folder where `vault.key` and `edge.key` were kept; None: they are in their place.
        unsigned: take it whoever made it: one of an earlier version, or where the edge's key is lost.

    Raises:
        SafetyError: the backup is damaged, or not signed by the edge's key, or there is something that would be lost;
            nothing has changed then. Or it was changed meanwhile, or a permission in it could not be ended: no edge
            starts beside what was copied.
        UnavailableError: a file cannot be read or written. Another try goes on.
    """
    if not unsigned:
        _demand_signed(home, folder, keys)
    _demand_sound(home, folder)
    _demand_empty(home)
    try:
        home.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.rmtree(home.restoring, ignore_errors=True)
        home.restoring.mkdir(mode=0o700)
        sync(home.path)
        at = _copied(home, folder, keys, unsigned=unsigned)
        for name in KEYS if keys else ():
            _bring_key(Path(keys or ""), home, name)
        lapsed = _lapse(home.restoring / home.edge_db.name, clock.now())
        _take_places(home)
    except (OSError, sqlite3.Error) as error:
        reason = (error.strerror if isinstance(error, OSError) else "") or type(error).__name__
        raise UnavailableError("restore", f"was cut off ({reason})", "look at the disk, then restore again") from error
    return _looked_at(home, at, lapsed)


def _copied(home: Home, folder: Path, keys: Path | None, *, unsigned: bool) -> int:
    """Copy a backup, and return when it was made. What is checked is the copy: whoever can write where backups are kept
    may do so until the last byte is read."""
    copy_file(folder / MANIFEST, home.restoring / MANIFEST)
    if not unsigned:
        _demand_signed(home, home.restoring, keys)
    at, files = manifest_of(home.restoring)
    for name in files:
        _demand_ours(home, folder, name)
        copy_file(folder / name, home.restoring / name)
    _demand_sound(home, home.restoring)
    (home.restoring / MANIFEST).unlink()
    return at


def _demand_signed(home: Home, folder: Path, keys: Path | None) -> None:
    """Refuse what this edge did not make: from it would come who may use a secret, and which policy is trusted."""
    places = [home.edge_key, *([keys / home.edge_key.name] if keys else [])]
    place = next((path for path in places if path.exists()), None)
    if place is None:
        fix = "name with --keys the folder that has it; or add --unsigned, once you know that nobody changed the backup"
        raise SafetyError("keys/edge.key", "is not there: nobody can tell whether this edge made the backup", fix)
    check_seal(folder / MANIFEST, SigningKey(read_key_file(place)).verify_key)


def _demand_sound(home: Home, folder: Path) -> None:
    if damage := Backups(home).damage(folder):
        raise SafetyError(str(folder), f"is damaged: {damage[0]} is not what it was", "take another backup")
    for name in manifest_of(folder)[1]:
        _demand_ours(home, folder, name)
        if Path(name).suffix == ".db" and not _only_tables(folder / name):
            raise SafetyError(str(folder), f"has in {name} what acts by itself", "take another backup")


def _demand_ours(home: Home, folder: Path, name: str) -> None:
    files = {home.vault.name, home.audit.name, checkpoint_file(home.audit).name, home.edge_db.name, home.runs.name}
    parts = Path(name).parts
    inside = len(parts) > 1 and parts[0] in {home.bundle_dir.name, home.connections.name}
    if ".." in parts or not (inside or name in files):
        raise SafetyError(str(folder), f"holds {name!r}, which no backup does", "take another backup")


def _only_tables(database: Path) -> bool:
    """Tell whether nothing in it would undo, make up or hide what is read, ended or used: no trigger or view, no table
    that keeps what it is told to change, no index that says otherwise than its table."""
    with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as db:
        try:
            made = db.execute("SELECT type, sql FROM sqlite_master").fetchall()
            if any(kind not in {"table", "index"} or _ACTS.search(text or "") for kind, text in made):
                return False
            return bool(db.execute("PRAGMA integrity_check(1)").fetchall() == [("ok",)])
        except sqlite3.Error:
            return False


def _demand_empty(home: Home) -> None:
    """Refuse where an edge has been, unless what is there is part of a restore that was cut off."""
    if home.restoring.exists():
        return
    kept = (home.vault, home.audit, home.edge_db, home.runs, home.bundle_dir, home.connections)
    there = [path for path in kept if path.is_file() or (path.is_dir() and any(path.iterdir()))]
    if there:
        fix = "stop the edge, and move its folder away as it is: it says what happened since the backup"
        raise SafetyError(str(there[0]), "is there, and would be lost", fix)


def _bring_key(keys: Path, home: Home, name: str) -> None:
    """Copy a key, where there is one and none in its place: a vault may be opened by a credential."""
    if (keys / name).exists() and not (home.keys / name).exists():
        read_key_file(keys / name)
        copy_file(keys / name, home.restoring / "keys" / name)


def _lapse(edge_db: Path, now: float) -> int:
    """End what was open or permitted when the backup was made, and note that what the hub tells again of outward grants
    until `now` counts for nothing: nobody here knows how often they were used. Return how much was ended."""
    with closing(connect(edge_db, SCHEMA, rows.GROWN)) as db:
        with writing(db):
            found = db.execute(_LAPSE).fetchall()
            for request, state in found:
                end = ApprovalState.CANCELLED if state == ApprovalState.PENDING else ApprovalState.EXPIRED
                rows.close(RequestId(request), end, BY, db)
            for statement in _LAPSED:
                db.execute(statement)
            db.execute("INSERT OR REPLACE INTO restored VALUES (1, ?)", (now,))
            if any(db.execute(statement).fetchone() for statement in _STILL):
                raise SafetyError(edge_db.name, "keeps a permission that was ended", "take another backup")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return len(found)


def _take_places(home: Home) -> None:
    """Move all of it out of the folder whose presence keeps an edge from starting, and that one away at last.

    What was in place of a cut-off restore is replaced: only another restore has been here since.
    """
    for path in sorted(path for path in home.restoring.rglob("*") if path.is_file()):
        target = home.path / path.relative_to(home.restoring)
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.replace(target)
        sync(target.parent)
    shutil.rmtree(home.restoring)
    sync(home.path)


def _looked_at(home: Home, at: int, lapsed: int) -> Restored:
    entries, vault = 0, ""
    contradictions: tuple[str, ...] = ("keys/edge.key is not there: nobody can tell whether it signed the log",)
    if home.edge_key.exists() and home.audit.exists():
        report = verify(home.audit, edge_key(home).verify_key)
        entries, contradictions = report.size, tuple(one.reason for one in report.contradictions)
    if home.vault.exists():
        try:
            Vault.open(home.vault, find_vault_key(home)).close()
        except SafetyError as error:
            vault = str(error)
    return Restored(at, entries, lapsed, contradictions, vault)
