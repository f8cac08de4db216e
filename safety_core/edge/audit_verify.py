"""Examines an audit log on disk: recomputes all of it and compares with everything that was signed about it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias

from nacl.signing import VerifyKey

from safety_core.audit.checkpoint import Checkpoint, verified
from safety_core.audit.examine import Contradiction, Report, examine
from safety_core.edge.audit_rows import SCHEMA, checkpoint_file, kept_hash
from safety_core.edge.database import connect
from safety_core.errors import AuditError, UnavailableError

Paced: TypeAlias = Callable[[Iterable[tuple[int, bytes]]], Iterator[tuple[int, bytes]]]

PACE: Final = 500
"""Entries between two pauses: some milliseconds of work."""

CACHE_KIB: Final = 256
"""Of SQLite's pages: each is read once, and an edge that reads its log through has no memory to spare."""


def verify(
    path: Path,
    public: VerifyKey,
    external: Sequence[str] = (),
    witnessed: Sequence[Checkpoint] = (),
    *,
    most: int | None = None,
    pause: Callable[[], None] | None = None,
) -> Report:
    """Return what the log at `path` holds and every contradiction in it.

    Args:
        public: the edge's key.
        external: signed checkpoints that somebody else kept (the hub), which nobody on this machine can change.
        witnessed: what the hub itself says that it has cosigned, whichever key had signed it then.
        most: stop where so many contradictions are found; None: never.
        pause: called every `PACE` entries, for whoever has other things to do meanwhile.

    Raises:
        AuditError: there is no log, or an external checkpoint was not signed by this key.
        UnavailableError: the file is not a database.
    """
    if not path.exists():
        raise AuditError(str(path), "does not exist", "name the edge's folder with --home or SAFETY_HOME")
    outside = [*witnessed, *(verified(note, public) for note in external)]
    with closing(connect(path, SCHEMA)) as db:
        db.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        db.execute("BEGIN")  # one state of the log, though the edge may be appending to it
        try:
            return _examined(db, path, public, outside, partial(_paced, pause=pause), most)
        except sqlite3.Error as error:
            raise UnavailableError(str(path), f"cannot be read ({error.sqlite_errorname})") from error


def _examined(
    db: sqlite3.Connection, path: Path, public: VerifyKey, outside: list[Checkpoint], paced: Paced, most: int | None
) -> Report:
    found: list[Contradiction] = []
    signed = [*outside]
    for what, size, note in _notes(db, path):
        try:
            checkpoint = verified(note, public)
        except AuditError as error:
            found.append(Contradiction(0, f"the {what} does not hold: {error}"))
            continue
        signed.append(checkpoint)
        if size not in {None, checkpoint.size}:
            found.append(Contradiction(checkpoint.size, f"the {what} is signed for another size than {size}"))
    count = int(db.execute("SELECT count(*) FROM hash").fetchone()[0])
    rows = db.execute("SELECT number, body FROM entry ORDER BY number")
    report = examine(paced(rows), partial(kept_hash, db), count, signed, most)
    if most is not None and len(report.contradictions) >= most:
        return report  # it was not read to its end
    if db.execute("SELECT size FROM head").fetchone() != (report.size,):
        found.append(Contradiction(report.size, "the signed head does not end with the last entry"))
    return Report(report.size, report.root, tuple(sorted({*report.contradictions, *found})))


def _paced(rows: Iterable[tuple[int, bytes]], pause: Callable[[], None] | None) -> Iterator[tuple[int, bytes]]:
    for count, row in enumerate(rows):
        if pause is not None and count % PACE == PACE - 1:
            pause()
        yield row


def _notes(db: sqlite3.Connection, path: Path) -> Iterator[tuple[str, int | None, str]]:
    """Yield every signed text there is, with the size that it is kept under.

    The file beside the log comes first: the log is seen as of the first look into it, and an edge at work may write a
    newer checkpoint right behind that.
    """
    side = checkpoint_file(path)
    if side.exists():
        yield "checkpoint file", None, side.read_text(encoding="utf-8", errors="replace")
    yield from (("head", size, note) for size, note in db.execute("SELECT size, note FROM head"))
    yield from (("checkpoint", size, note) for size, note in db.execute("SELECT size, note FROM checkpoint"))
