"""The operations, and what is certain when one fails.

What fails before the transaction is told to commit did not happen: the server takes it back when the line is gone. From
that word on until the server's answer nobody knows. A statement that the server commits by itself is such a word too.
"""

from __future__ import annotations

import asyncio
import importlib
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final

from safety_core.canonical import Json, JsonObject
from safety_core.edge.adapters.request import CHECK, Request
from safety_core.edge.adapters.sql.acts import Acts
from safety_core.edge.adapters.sql.alike import check_alike
from safety_core.edge.adapters.sql.job import Job, Step, job_of
from safety_core.edge.adapters.sql.place import Place, place_of
from safety_core.edge.adapters.sql.rows import Rows
from safety_core.edge.adapters.sql.session import Deadline, FaultError, Session
from safety_core.edge.adapters.sql.undo import undo_of
from safety_core.errors import ExecutionError
from safety_core.model.secret import refs_in
from safety_core.model.tool_call import ToolResult

SESSIONS: Final = {"postgres": "Postgres", "mysql": "Mysql", "sqlite": "Sqlite"}
"""Modules beside this one, and their classes. A driver is imported only where it is used."""


@dataclass(slots=True)
class Stage:
    """How far it has come."""

    uncertain: bool = False
    """The server has been told to commit and has not answered."""


async def serve(request: Request) -> ToolResult:
    """Carry out one operation.

    Raises:
        ExecutionError: it did not come about.
        UncertainError: nobody knows whether it did.
    """
    job, place = job_of(request), place_of(request)
    for step in job.steps:
        check_alike(step.text, place.engine, weighed=job.operation != "explain")
    if request.again and job.operation == "execute" and not job.dry_run and not place.acts_table:
        raise request.uncertain("may have done it in an earlier try, and has no acts_table that would tell")
    deadline, stage = Deadline.after(request.timeout), Stage()
    with _told(request, stage):
        async with asyncio.timeout(deadline.left):
            session = await _opened(request, place, deadline)
            try:
                return await _done(request, job, place, session, stage)
            finally:
                await session.close()


async def _opened(request: Request, place: Place, deadline: Deadline) -> Session:
    module = importlib.import_module(f"safety_core.edge.adapters.sql.{place.engine}")
    session: Session = await getattr(module, SESSIONS[place.engine]).open(request, place, deadline)
    return session


@contextmanager
def _told(request: Request, stage: Stage) -> Iterator[None]:
    """Say what a fault means for the act."""
    try:
        yield
    except FaultError as fault:
        if stage.uncertain and fault.lost:
            raise request.uncertain(f"{fault.reason} while it committed") from None
        said = "" if refs_in(request.arguments) or not fault.said else f": {fault.said}"
        raise request.refusal(fault.reason + said, fault.fix) from None
    except TimeoutError:
        reason = f"did not answer in {request.timeout:g} seconds"
        raise (request.uncertain(reason) if stage.uncertain else request.refusal(reason)) from None
    except MemoryError:
        reason = "answered with more than there is memory for"
        raise (request.uncertain(reason) if stage.uncertain else request.refusal(reason)) from None
    except ExecutionError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a driver raises: without its text, and certain before the commit
        reason = f"failed ({type(error).__name__})"
        raise (request.uncertain(reason) if stage.uncertain else request.refusal(reason)) from None


async def _done(request: Request, job: Job, place: Place, session: Session, stage: Stage) -> ToolResult:
    if job.operation == CHECK:
        return ToolResult(f"{await session.describe()}, as {request.connection.user or 'nobody'}")
    if job.operation == "execute":
        return await _executed(request, job, place, session, stage)
    rows = Rows(job.limit, request.output)
    await session.begin(read_only=job.operation != "explain" or session.explains_reading)
    if job.operation == "schema":
        await session.schema(job.table, rows)
        rows.columns = ["table", "column", "type", "null", "key"]
    else:
        (step,) = job.steps
        front = session.explains if job.operation == "explain" else ""
        await session.run(front + step.text, step.values, rows)
    return ToolResult(_text({**rows.answer(), "count": len(rows.rows)}), truncated=rows.more)


async def _executed(request: Request, job: Job, place: Place, session: Session, stage: Stage) -> ToolResult:
    alone = [step for step in job.steps if session.commits_itself(step.text)]
    if alone and (len(job.steps) > 1 or job.dry_run):
        word = alone[0].word.upper()
        reason = f"commits by itself at {word}, so that it cannot be taken back with the rest"
        raise request.refusal(reason, "send that statement in a call of its own, without dry_run")
    acts = Acts(session, place.acts_table, request.key) if place.acts_table and not job.dry_run else None
    earlier = await acts.claim() if acts else None
    if earlier == "":
        raise request.uncertain("began it in an earlier try that nobody saw end")
    if earlier is not None:
        return ToolResult(_text({**_object(earlier), "already_done": True}))
    if acts is None:
        await session.begin(read_only=False)
    if alone:
        return await _by_itself(request, alone[0], session, stage, acts)
    answer, more = await _steps(request, job, session)
    if job.dry_run:
        await session.rollback()
        return ToolResult(_text({**answer, "dry_run": True}), truncated=more)
    undo = await undo_of(request, job, session, answer)
    if acts:
        await acts.finish(_text(_counts(answer)))
    stage.uncertain = True
    await session.commit()
    return ToolResult(_text(answer), truncated=more, undo=undo)


async def _by_itself(request: Request, step: Step, session: Session, stage: Stage, acts: Acts | None) -> ToolResult:
    """Carry out a statement that the server commits by itself; the act's row is committed before, without outcome."""
    if acts:
        await session.commit()
    stage.uncertain = True
    rows = Rows(1, request.output)
    answer: JsonObject = {"statements": [{"changed": await session.run(step.text, step.values, rows)}]}
    if acts:
        with suppress(FaultError):  # it is done, whether or not that can be written down
            await acts.finish(_text(answer))
    return ToolResult(_text(answer))


async def _steps(request: Request, job: Job, session: Session) -> tuple[JsonObject, bool]:
    done: list[Json] = []
    more = False
    room = request.output
    for step in job.steps:
        rows = Rows(job.limit, room)
        changed = await session.run(step.text, step.values, rows)
        result: JsonObject = {"changed": changed}
        if rows.columns:
            result.update(rows.answer())
        more = more or rows.more
        room -= len(json.dumps(result))
        done.append(result)
    return {"statements": done}, more


def _counts(answer: JsonObject) -> JsonObject:
    """Return the answer without rows: what is kept in the database says how many they were, not what they say."""
    statements = answer["statements"]
    every = statements if isinstance(statements, list) else []
    return {"statements": [{"changed": _object(one).get("changed")} for one in every]}


def _object(value: Json) -> JsonObject:
    value = json.loads(value) if isinstance(value, str) else value
    return value if isinstance(value, dict) else {}


def _text(answer: JsonObject) -> str:
    return json.dumps(answer, ensure_ascii=False)
