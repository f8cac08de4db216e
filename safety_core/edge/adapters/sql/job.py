"""A call's arguments -> what is to be done. What an operation does not take is refused before anybody is connected."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from safety_core.canonical import Json
from safety_core.edge.adapters.request import Request
from safety_core.errors import ExecutionError
from safety_core.model.secret import references

ROWS: Final = 200
"""Rows of an answer when the call does not say."""

MOST_ROWS: Final = 10_000
MOST_STATEMENTS: Final = 100
READS: Final = frozenset({"select", "with", "values", "table", "show", "explain", "describe", "desc", "pragma", "("})
EXPLAINED: Final = frozenset({"select", "with", "values", "table", "insert", "update", "delete", "replace", "merge"})
"""None begins with a parenthesis, in which options could stand: with ANALYZE it would be carried out."""

SESSION_WORDS: Final = frozenset(
    {"begin", "start", "commit", "end", "rollback", "abort", "savepoint", "release", "xa", "prepare", "deallocate"}
    | {"lock", "unlock", "set", "reset", "discard", "use", "attach", "detach"}
)
"""They work on the session or its transaction, which are the adapter's: each call has its own, all or nothing."""

_SPACE: Final = re.compile(r"(?:\s+|--[^\n]*(?:\n|$)|#[^\n]*(?:\n|$)|/\*(?![!M]).*?\*/)*", re.DOTALL)
_WORD: Final = re.compile(r"[A-Za-z_]+|\(")


@dataclass(frozen=True, slots=True)
class Step:
    """One statement and the values of its parameters, with secrets filled in."""

    text: str
    values: tuple[Json, ...] = ()

    @property
    def word(self) -> str:
        """The word it begins with, in lower case."""
        return first_word(self.text)


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be done: "query", "execute", "explain", "schema" or "check"."""

    operation: str
    steps: tuple[Step, ...] = ()
    limit: int = ROWS
    dry_run: bool = False
    table: str = ""


def first_word(text: str) -> str:
    """Return the word that a statement begins with behind its comments, in lower case; empty for none."""
    start = _SPACE.match(text)
    found = _WORD.match(text, start.end() if start else 0)
    return found[0].lower() if found else ""


def job_of(request: Request) -> Job:
    """Return the job. Raises ExecutionError naming the argument."""
    match request.operation:
        case "query":
            step = _step(request, "query", request.arguments.get("parameters"))
            _beginning(step, READS, "reads nothing", "use sql_execute")
            return Job("query", (step,), request.number("limit", ROWS, MOST_ROWS))
        case "execute":
            return Job("execute", _steps(request), dry_run=request.flag("dry_run"))
        case "explain":
            step = _step(request, "statement", request.arguments.get("parameters"))
            _beginning(step, EXPLAINED, "is no statement that a database explains", "give a SELECT, INSERT or such")
            return Job("explain", (step,), MOST_ROWS)
        case "schema":
            return Job("schema", limit=MOST_ROWS, table=request.text("table", ""))
        case "check":
            return Job("check")
        case other:
            raise ExecutionError(f"operation {other}", "is not one that databases have")


def _steps(request: Request) -> tuple[Step, ...]:
    texts, values = request.arguments.get("statements"), request.arguments.get("parameters")
    if texts is None:
        steps: tuple[Step, ...] = (_step(request, "statement", values),)
    elif request.arguments.get("statement") is not None:
        raise ExecutionError("argument statements", "stands beside statement", "give one of the two")
    else:
        if not isinstance(texts, list) or not 0 < len(texts) <= MOST_STATEMENTS:
            raise ExecutionError("argument statements", f"must be a list of 1 to {MOST_STATEMENTS} statements")
        lists = [[] for _ in texts] if values is None else values
        if not isinstance(lists, list) or len(lists) != len(texts):
            raise ExecutionError("argument parameters", "must have one list for each of the statements")
        steps = tuple(_read(request, text, some) for text, some in zip(texts, lists, strict=True))
    for step in steps:
        if step.word in SESSION_WORDS:
            reason = f"begins with {step.word.upper()}, which is for the session; each call has its own, all or nothing"
            raise ExecutionError("the statement", reason, "leave it out")
    return steps


def _step(request: Request, name: str, values: Json) -> Step:
    return _read(request, request.arguments.get(name), values, name)


def _read(request: Request, text: Json, values: Json, name: str = "statements") -> Step:
    if not isinstance(text, str) or not text.strip() or "\x00" in text:
        raise ExecutionError(f"argument {name}", "must be a statement")
    if references(text):
        fix = "put a parameter's mark there, and the reference into `parameters`"
        raise ExecutionError(f"argument {name}", "holds a secret, which a database would write into its log", fix)
    if values is not None and not isinstance(values, list):
        raise ExecutionError("argument parameters", "must be a list")
    step = Step(text.strip().rstrip(";").rstrip(), tuple(request.filled(value) for value in values or ()))
    if not step.word:
        raise ExecutionError(f"argument {name}", "does not begin with a word of SQL")
    return step


def _beginning(step: Step, known: frozenset[str], reason: str, fix: str) -> None:
    if step.word not in known:
        raise ExecutionError("the statement", f"begins with {step.word.upper()} and {reason} here", fix)
