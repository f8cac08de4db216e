"""The call that takes an insertion back, where the statement itself returned the new row's key: one row, one column."""

from __future__ import annotations

import re
from typing import Final

from safety_core.canonical import Json, JsonObject
from safety_core.edge.adapters.request import Request
from safety_core.edge.adapters.sql.job import Job
from safety_core.edge.adapters.sql.rows import Rows
from safety_core.edge.adapters.sql.session import Session
from safety_core.model.tool_call import Undo

ROOM: Final = 256 * 1024
"""Bytes of a table's columns."""

_NAME: Final = re.compile(r"[a-z_][a-z0-9_]*")
_INSERT: Final = re.compile(
    r"insert\s+into\s+(?P<table>[a-z_]\w*(?:\.[a-z_]\w*)?)[\s(](?P<rest>.*)\breturning\s+(?:\*|[a-z_]\w*(?:\s*,\s*[a-z_]\w*)*)",
    re.IGNORECASE | re.DOTALL,
)
"""A plain insertion that returns columns by their own names."""

_ELSE: Final = re.compile(r"\bon\s+(?:conflict|duplicate)\b", re.IGNORECASE)
"""It may have changed a row that was there before, which is not taken back by deleting it."""


async def undo_of(request: Request, job: Job, session: Session, answer: JsonObject) -> Undo | None:
    """Return the call, None where there is no honest one. The transaction is still open.

    What triggers did besides stays done.
    """
    plain = _INSERT.fullmatch(job.steps[0].text)
    if len(job.steps) != 1 or plain is None or _ELSE.search(plain["rest"]):
        return None
    table = plain["table"]
    column = await _key(session, table.rpartition(".")[2])
    key = _returned(answer["statements"], column)
    if not isinstance(key, str | int):
        return None
    statement = f"DELETE FROM {table} WHERE {column} = {session.mark(1)}"  # noqa: S608 - plain names
    return Undo("sql_execute", {"connection": request.connection.name, "statement": statement, "parameters": [key]})


async def _key(session: Session, table: str) -> str:
    """Return the name of the one column that is the table's key, "" where there is none or several."""
    rows = Rows(10_000, ROOM)
    await session.schema(table, rows)
    columns = [row for row in rows.rows if isinstance(row, list)]
    tables, keys = {str(row[0]) for row in columns}, [str(row[1]) for row in columns if row[4]]
    return keys[0] if len(keys) == 1 and len(tables) == 1 and _NAME.fullmatch(keys[0]) else ""


def _returned(statements: Json, column: str) -> Json:
    """Return what stands in that column of the one row that was returned."""
    done = statements[0] if isinstance(statements, list) else None
    if not isinstance(done, dict) or done.get("changed") != 1:
        return None
    columns, rows = done.get("columns"), done.get("rows")
    if not isinstance(columns, list) or not isinstance(rows, list) or column not in columns or len(rows) != 1:
        return None
    (first,) = rows
    return first[columns.index(column)] if isinstance(first, list) else None
