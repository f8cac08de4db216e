"""SQL statements -> what they do, by an allow-list of statement types. What is not on it is unknown."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Final

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from safety_core.classify.paths import HOLE
from safety_core.model.facts import Action, Kind, Target, TargetKind

logging.getLogger("sqlglot").setLevel(logging.ERROR)  # it warns about every statement that it keeps as text

LIMIT: Final = 20_000
"""Characters; longer texts are dumps, which nobody can weigh statement by statement."""

KINDS: Final[tuple[tuple[type[exp.Expr], Kind, str], ...]] = (
    (exp.Drop, Kind.DESTROY, "drops a table or database"),
    (exp.TruncateTable, Kind.DESTROY, "empties a table"),
    (exp.Delete, Kind.DESTROY, "deletes records"),
    (exp.Grant, Kind.PERMISSION, "changes who may use the database"),
    (exp.Revoke, Kind.PERMISSION, "changes who may use the database"),
    (exp.Alter, Kind.DESTROY, "changes the structure of a table"),
    (exp.Update, Kind.WRITE, "changes records"),
    (exp.Merge, Kind.WRITE, "changes records"),
    (exp.Insert, Kind.WRITE, "adds records"),
    (exp.Create, Kind.WRITE, "creates a table or index"),
    (exp.Copy, Kind.WRITE, "copies records to or from a file"),
    (exp.Into, Kind.WRITE, "stores the result of a query"),
    (exp.Set, Kind.WRITE, "changes settings of the connection"),
    (exp.Pragma, Kind.WRITE, "changes settings of the database"),
    (exp.Transaction, Kind.READ, "begins a transaction"),
    (exp.Commit, Kind.WRITE, "commits"),
    (exp.Rollback, Kind.READ, "rolls back"),
    (exp.Use, Kind.READ, "chooses a database"),
    (exp.Describe, Kind.READ, "describes a table"),
    (exp.Show, Kind.READ, "shows settings"),
)
"""Statement types that are understood; a statement does all that any of its parts does."""

FUNCTIONS: Final = frozenset({
    "pg_read_file", "pg_terminate_backend", "pg_ls_dir", "pg_sleep", "lo_export", "dblink", "setval", "nextval",
    "load_file", "xp_cmdshell", "sys_exec", "load_extension", "writefile", "readfile", "edit", "read_csv", "read_text",
})  # fmt: skip
"""Functions that do more than read records."""


def sql_actions(text: str, subject: str) -> Iterator[Action | str]:
    """Yield an action for everything the statements do, or a reason (text) why a statement was not understood."""
    if HOLE in text or len(text) > LIMIT or "/*!" in text:
        yield f"{subject}: SQL that is not known before it runs"
    try:
        statements = sqlglot.parse(text.replace(HOLE, "x")[:LIMIT])
    except (SqlglotError, RecursionError):
        yield f"{subject}: SQL that cannot be read"
        yield from _by_words(text, subject)
        return
    for statement in statements:
        if statement is not None:
            yield from _statement(statement, subject)


def _statement(statement: exp.Expr, subject: str) -> Iterator[Action | str]:
    found = [(kind, words) for kind_type, kind, words in KINDS if statement.find(kind_type)]
    if not found and not isinstance(statement, exp.Query):
        yield f"{subject}: a kind of SQL statement that is not known"
        yield from _by_words(statement.sql(), subject)
        return
    calls = {call.name.lower() for call in statement.find_all(exp.Anonymous)} & FUNCTIONS
    if calls:
        yield f"{subject}: SQL that calls {', '.join(sorted(calls))}"
    tables = tuple(
        Target(TargetKind.DATA, name)
        for name in dict.fromkeys(table.name for table in statement.find_all(exp.Table))
        if name
    )
    for kind, words in found or [(Kind.READ, "reads records")]:
        yield Action(kind, subject, f"{subject} {statement.key}", tables, _traits(statement, kind), words)


def _traits(statement: exp.Expr, kind: Kind) -> frozenset[str]:
    """`unbounded`: every row, or the structure itself, is concerned."""
    if any(not part.args.get("where") for part in statement.find_all(exp.Update, exp.Delete)):
        return frozenset({"unbounded"})
    if isinstance(statement, exp.Drop) and statement.args.get("kind") in {"DATABASE", "SCHEMA"}:
        return frozenset({"unbounded", "mass"})
    return (
        frozenset({"unbounded"})
        if kind is Kind.DESTROY and isinstance(statement, exp.Drop | exp.TruncateTable)
        else frozenset()
    )


def _by_words(text: str, subject: str) -> Iterator[Action]:
    """Judge unreadable SQL by its words, which can only make it graver."""
    words = set(text.lower().replace("(", " ").replace(";", " ").split())
    if words & {"drop", "delete", "truncate"}:
        yield Action(Kind.DESTROY, subject, f"{subject} sql", (), frozenset({"unbounded"}), "deletes records")
    if words & {"grant", "revoke"}:
        yield Action(Kind.PERMISSION, subject, f"{subject} sql", (), frozenset(), "changes who may use the database")
