"""Runs of blueprints, on disk before each call and after it: whoever is killed in between goes on from there.

One row for each run, in a file of its own (`runs.db`), which only the command line opens. Two processes that work on
one run at the same time are told apart by the row's version: the later one stops.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from safety_core.blueprint.run import ENDS, Run, RunState
from safety_core.blueprint.stored import run_from_json, run_to_json
from safety_core.edge import clock
from safety_core.edge.database import connect, writing
from safety_core.errors import InputError, UnavailableError
from safety_core.wire.reader import Reader

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS run (
    id        TEXT PRIMARY KEY,
    blueprint TEXT NOT NULL,
    state     TEXT NOT NULL,
    begun     REAL NOT NULL,
    changed   REAL NOT NULL,
    version   INTEGER NOT NULL,
    body      BLOB NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS run_by_time ON run (begun)
"""

KEPT_SECONDS: Final = 30 * 86400.0
"""How long a run that is over is kept with what its steps gave back, which may be about people."""

LISTED: Final = 100
"""Runs of one list."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A run in a list. Times are seconds since the epoch."""

    id: str
    blueprint: str
    state: RunState
    begun: float
    changed: float


class RunStore:
    """Runs in one SQLite file. Close it, or use it by `opened`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection = connect(path, SCHEMA)
        self._versions: dict[str, int] = {}

    @classmethod
    @contextmanager
    def opened(cls, path: Path) -> Iterator[RunStore]:
        """Open or make the file, and close it after the block."""
        store = cls(path)
        try:
            yield store
        finally:
            store.close()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def add(self, run: Run) -> None:
        """Keep a new run, and forget those that were over long ago."""
        now = clock.now()
        row = (run.id, run.blueprint.id, run.state.value, now, now, 1, _body(run))
        with self._writing() as db:
            ends = [state.value for state in ENDS]
            marks = ", ".join("?" * len(ends))
            forget = f"DELETE FROM run WHERE changed < ? AND state IN ({marks})"  # noqa: S608 - marks alone
            db.execute(forget, (now - KEPT_SECONDS, *ends))
            db.execute("INSERT INTO run VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        self._versions[run.id] = 1

    def save(self, run: Run) -> None:
        """Put a run on disk as it stands. It is durable when this returns.

        Raises:
            InputError: another process works on it.
        """
        body, version = _body(run), self._versions[run.id]
        step = "UPDATE run SET state = ?, changed = ?, version = version + 1, body = ? WHERE id = ? AND version = ?"
        with self._writing() as db:
            if db.execute(step, (run.state.value, clock.now(), body, run.id, version)).rowcount != 1:
                raise InputError(f"run {run.id}", "is worked on by another process", "let that one go on")
        self._versions[run.id] = version + 1

    def get(self, name: str) -> Run:
        """Return the run whose id is, or begins with, `name`. Raises InputError where there is not exactly one."""
        if not name or not all(sign in "0123456789abcdef" for sign in name):
            raise InputError("run", "must be named by the first digits of its id", "safety blueprint status lists them")
        query = "SELECT id, version, body FROM run WHERE substr(id, 1, ?) = ? LIMIT 2"
        found = self._connection.execute(query, (len(name), name)).fetchall()
        if len(found) != 1:
            reason = "is more than one run" if found else "is not a run on this machine"
            raise InputError(f"run {name[:40]}", reason, "safety blueprint status lists them")
        identity, version, body = found[0]
        self._versions[identity] = version
        return run_from_json(Reader.parse(body, f"run {identity}"))

    def latest(self) -> tuple[Listed, ...]:
        """Return the last runs, the newest first."""
        query = "SELECT id, blueprint, state, begun, changed FROM run ORDER BY begun DESC, id LIMIT ?"
        rows = self._connection.execute(query, (LISTED,)).fetchall()
        return tuple(Listed(row[0], row[1], RunState(row[2]), row[3], row[4]) for row in rows)

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        try:
            with writing(self._connection) as db:
                yield db
        except sqlite3.Error as error:
            raise UnavailableError(str(self._path), f"cannot be written ({error})", "is its disk full?") from error


def _body(run: Run) -> bytes:
    """Return a run as it is kept: not in canonical form, which writes 15.0 as 15; a call made of it would differ."""
    return json.dumps(run_to_json(run), ensure_ascii=False).encode("utf-8", "replace")
