"""What the edge carries out, on disk before it begins and when it ends: a crash in between is seen.

One row for each execution, in the file of the approval cache. Of an act that has a key the output is kept, too (as the
agent saw it: without secrets), so that who asks again with the key is told it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from safety_core.canonical import Digest
from safety_core.edge.database import Database
from safety_core.edge.execute import Limits, execute
from safety_core.errors import BusyError, InputError
from safety_core.flow.effects import Execute
from safety_core.model.execution import Ending, Execution, ExecutionId, ExecutionState
from safety_core.model.tool_call import AgentId, CallId, ToolResult, Undo

SCHEMA: Final = """
PRAGMA cache_size = -256;
CREATE TABLE IF NOT EXISTS execution (
    id TEXT PRIMARY KEY, agent TEXT NOT NULL, key TEXT, tool TEXT NOT NULL, call TEXT NOT NULL, act TEXT NOT NULL,
    revision TEXT NOT NULL, at REAL NOT NULL, state TEXT NOT NULL, ended REAL, outcome TEXT, UNIQUE (agent, key)
) STRICT;
CREATE INDEX IF NOT EXISTS execution_at ON execution (at);
CREATE INDEX IF NOT EXISTS execution_state ON execution (state)
"""

KEPT_SECONDS: Final = 30 * 86400.0
"""How long an execution is remembered: longer than anybody goes on with a workflow that was cut off."""

KEPT_BYTES: Final = 256 * 1024
"""Of an output, for who asks again. A longer one is kept cut off, and says so."""

SEEN: Final = "done, as a person found out; its output is not known"
"""What is told of it to whoever asks again with its key."""

FIELDS: Final = "id, agent, key, tool, call, act, revision, at, state, outcome"

PUT: Final = f"""
INSERT INTO execution ({FIELDS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL) ON CONFLICT DO NOTHING RETURNING id
"""  # noqa: S608 - the fields above


class Journal:
    """Executions in one SQLite file; without one, nothing is written down (for flows that never execute)."""

    def __init__(self, database: Database | None = None, limits: Limits | None = None) -> None:
        self._database = database
        self._limits = limits or Limits()
        self._live: set[ExecutionId] = set()

    @classmethod
    async def open(cls, path: Path, limits: Limits | None = None) -> Journal:
        """Open or make the file. Raises UnavailableError.

        Args:
            limits: what bounds every execution; None for those that stand in `Limits`.
        """
        return cls(Database(path, SCHEMA), limits)

    async def aclose(self) -> None:
        """Close the file."""
        if self._database is not None:
            await self._database.aclose()

    async def interrupted(self) -> tuple[Execution, ...]:
        """Return what had begun and not ended, and that this process does not work on."""
        found = await self._rows("state = ? ORDER BY at", (ExecutionState.BEGUN,))
        return tuple(execution for execution in found if execution.id not in self._live)

    async def find(self, agent: AgentId, key: str) -> Execution | None:
        """Return the execution for which `agent` used `key`; one that nobody works on any more is `unknown`."""
        found = await self._rows("agent = ? AND key = ?", (agent, key))
        if not found:
            return None
        (execution,) = found
        cut = execution.state is ExecutionState.BEGUN and execution.id not in self._live
        return replace(execution, state=ExecutionState.UNKNOWN) if cut else execution

    async def get(self, execution: ExecutionId) -> Execution | None:
        """Return one execution, None where there is none of this id."""
        found = await self._rows("id = ?", (execution,))
        return found[0] if found else None

    async def latest(self, limit: int) -> tuple[Execution, ...]:
        """Return the last executions, the newest first."""
        return await self._rows("TRUE ORDER BY at DESC, id LIMIT ?", (limit,))

    async def unknown(self) -> int:
        """Return of how many executions nobody knows whether they came about."""
        if self._database is None:
            return 0
        count = "SELECT count(*) FROM execution WHERE state = ?"
        return int(await self._database.read(lambda db: db.execute(count, (ExecutionState.UNKNOWN,)).fetchone()[0]))

    async def begin(self, execution: Execution, *, again: bool = False) -> None:
        """Write down that it begins.

        Args:
            again: an earlier try is known, and may have come about.

        Raises:
            BusyError: its key is another's that has begun, or is done, or of which nobody knows and nobody knew before.
        """

        def job(db: sqlite3.Connection) -> None:
            db.execute("DELETE FROM execution WHERE at < ?", (execution.at - KEPT_SECONDS,))
            if execution.key:  # a try that failed, or of which nobody knows, makes room for the next
                find = "SELECT id, state FROM execution WHERE agent = ? AND key = ? AND state != ?"
                earlier = db.execute(find, (execution.agent, execution.key, ExecutionState.DONE)).fetchone()
                known = earlier is not None and (again or earlier[1] == ExecutionState.FAILED)
                if known and earlier[0] not in self._live:
                    db.execute("DELETE FROM execution WHERE id = ?", earlier[:1])
            if not db.execute(PUT, _row(execution)).fetchall():
                raise BusyError("the call", "is under way, or is done", "ask again with the same key")

        self._live.add(execution.id)
        try:
            if self._database is not None:
                await self._database.write(job)
        except BaseException:
            self._live.discard(execution.id)
            raise

    async def end(self, execution: ExecutionId, state: ExecutionState, ending: Ending | None, now: float) -> None:
        """Write down what became of it."""
        self._live.discard(execution)
        if self._database is None:
            return
        end = "UPDATE execution SET state = ?, ended = ?, outcome = ? WHERE id = ? AND state = ?"
        row = (state, now, None if ending is None else _told(ending), execution, ExecutionState.BEGUN)
        await self._database.write(lambda db: db.execute(end, row))

    async def settle(self, execution: ExecutionId, *, done: bool, now: float) -> Execution:
        """Write down what a person found out about an execution of which nobody knew.

        Raises:
            InputError: there is none of this id, or what became of it is known.
        """
        known = await self.get(execution)
        if known is None or known.state is not ExecutionState.UNKNOWN:
            reason = "is not one that was cut off" if known else "is not one that the edge remembers"
            raise InputError(f"execution {execution}", reason, "see `safety executions list --unknown`")
        state, told = (ExecutionState.DONE, _told(Ending(SEEN))) if done else (ExecutionState.FAILED, None)
        settle = "UPDATE execution SET state = ?, ended = ?, outcome = ? WHERE id = ? AND state = ?"
        row = (state, now, told, execution, ExecutionState.UNKNOWN)
        if self._database is not None:
            await self._database.write(lambda db: db.execute(settle, row))
        return known

    async def performed(self, effect: Execute) -> ToolResult:
        """Run the tool. Who asks with its key while it runs is told that it does."""
        try:
            return await execute(effect.plan, effect.values, self._limits, key=effect.key, again=effect.again)
        except BaseException:
            self._live.discard(effect.id)  # what is cancelled is not ended by its flow
            raise

    async def _rows(self, where: str, given: Sequence[object]) -> tuple[Execution, ...]:
        if self._database is None:
            return ()
        find = f"SELECT {FIELDS} FROM execution WHERE {where}"  # noqa: S608 - one of the clauses above
        rows = await self._database.read(lambda db: db.execute(find, given).fetchall())
        return tuple(_execution(row) for row in rows)


def _row(execution: Execution) -> tuple[object, ...]:
    named = (execution.id, execution.agent, execution.key or None, execution.tool, execution.call)
    return (*named, execution.act, execution.revision, execution.at, execution.state)


def _execution(row: tuple[Any, ...]) -> Execution:
    identity, agent, key, tool, call, act, revision, at, state, told = row
    known = (ExecutionId(identity), AgentId(agent), key or "", tool, CallId(call), Digest(act), revision, at)
    return Execution(*known, ExecutionState(state), None if told is None else _ending(told))


def _told(ending: Ending) -> str:
    raw = ending.output.encode("utf-8", "replace")
    undo = None if ending.undo is None else {"tool": ending.undo.tool, "params": ending.undo.params}
    return json.dumps(
        {
            "output": raw[:KEPT_BYTES].decode("utf-8", "ignore"),
            "status": ending.status,
            "truncated": ending.truncated or len(raw) > KEPT_BYTES,
            "undo": undo,
        }
    )


def _ending(told: str) -> Ending:
    body = json.loads(told)
    undo = body["undo"]
    return Ending(body["output"], body["status"], body["truncated"], None if undo is None else Undo(**undo))
