"""SQL statements -> what they do, by an allow-list of statements and functions. What is not on it is unknown."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from typing import Final

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from safety_core.classify.paths import HOLE
from safety_core.classify.sql_functions import DOING, FILE_READERS, FUNCTIONS, SECRET_TABLES, is_harmless
from safety_core.classify.sql_text import EXECUTABLE, Statement, statements
from safety_core.classify.sql_words import EXPLAIN, READING_PRAGMAS, RUNS, STATEMENTS, TREE
from safety_core.model.facts import Action, Kind, Target, TargetKind

logging.getLogger("sqlglot").setLevel(logging.ERROR)  # it warns about every statement that it keeps as text

LIMIT: Final = 20_000
"""Characters; longer texts are dumps, which nobody can weigh statement by statement."""

Found = Action | str
"""An effect, or the reason why something was not understood."""

Place = Callable[[str], Target]
"""Says where the path of a file lies."""

LOCAL: Final = frozenset({"sqlite", "duckdb"})
"""Dialects of engines that read files where they are called; those of others lie at their server."""

RUNS_TEXT: Final = frozenset({"do", "exec", "execute", "prepare", "call"})
"""Statements that carry out SQL which stands in their strings."""

_CALL: Final = re.compile(r"(?<![A-Z_$])([A-Z_][\w.$]*+)\s*\(|\b(XP_CMDSHELL|SP_\w+)\b")
_CHANGES: Final[tuple[tuple[type[exp.Expr], Kind, str], ...]] = (
    (exp.Delete, Kind.DESTROY, "deletes records"),
    (exp.Update, Kind.WRITE, "changes records"),
    (exp.Merge, Kind.WRITE, "changes records"),
    (exp.Insert, Kind.WRITE, "adds records"),
    (exp.Into, Kind.WRITE, "stores the result of a query"),
)


def sql_actions(text: str, subject: str, dialect: str = "", place: Place | None = None) -> Iterator[Found]:
    """Yield an action for everything the statements do, or a reason (text) why a statement was not understood.

    Args:
        dialect: sqlglot's name of the server's language; "" where the server is not known.
        place: where a path lies; without it, files that are read stay unknown.
    """
    if HOLE in text or len(text) > LIMIT or EXECUTABLE.search(text):
        yield f"{subject}: SQL that is not known before it runs"
    text = EXECUTABLE.sub(r" \1 ", text.replace(HOLE, "x")[:LIMIT])
    try:
        found = statements(text, dialect)
    except ValueError:
        yield f"{subject}: SQL that cannot be read"
        yield from _by_words(text.upper(), subject)
        return
    for statement in found:
        yield from _Judge(subject, dialect, place).statement(statement)


class _Judge:
    """Judges single statements of one text."""

    def __init__(self, subject: str, dialect: str, place: Place | None) -> None:
        self.subject = subject
        self.dialect = dialect
        self.place = place

    def statement(self, statement: Statement) -> Iterator[Found]:
        """Yield what one statement does."""
        explained = EXPLAIN.match(statement.plain)
        if explained is not None and RUNS.search(explained["options"]):
            yield from self.statement(statement.behind(explained.end()))
        elif explained is not None:
            yield self._action(Kind.READ, "explain", "shows how a query would run")
        elif TREE.match(statement.plain):
            yield from self._calls(statement)
            yield from self._by_tree(statement)
        elif statement.plain.startswith("PRAGMA"):
            reads = READING_PRAGMAS.fullmatch(statement.plain.rstrip())
            yield self._action(Kind.READ if reads else Kind.WRITE, "pragma", "looks at or changes settings")
        else:
            yield from self._calls(statement)
            yield from self._by_beginning(statement)

    def _by_beginning(self, statement: Statement) -> Iterator[Found]:
        plain = " ".join(statement.plain.split())
        for pattern, kind, traits, words in STATEMENTS:
            if pattern.match(plain):
                form = plain.partition(" ")[0].lower()
                yield self._action(kind, form, words, self._tables(self._parsed(statement)), traits)
                if form in RUNS_TEXT:
                    yield from _by_words(statement.raw.upper(), self.subject)
                return
        yield f"{self.subject}: a kind of SQL statement that is not known"
        yield from _by_words(plain, self.subject)

    def _calls(self, statement: Statement) -> Iterator[Found]:
        """Functions that do more than read records. Their names are sought in the text: a tree may hide them."""
        for name, end in _calls_in(statement):
            kind = FUNCTIONS.get(name) or FUNCTIONS.get(name.rpartition(".")[2])
            if kind is not None:
                yield self._action(kind[0], name, kind[2], (), kind[1])
            elif name.rpartition(".")[2] in FILE_READERS:
                path = re.match(r"[^'\"]*['\"]([^'\"]*)", statement.raw[end:])
                if path is None or self.place is None:
                    yield f"{self.subject}: SQL that reads files by {name}"
                else:
                    yield self._action(Kind.READ, name, "reads a file", (self.place(path[1]),))
                    if self.dialect not in LOCAL:
                        yield f"{self.subject}: SQL that reads a file of its server by {name}"

    def _parsed(self, statement: Statement) -> exp.Expr | None:
        """Return the tree, where the server's language or plain SQL gives one."""
        raw = re.sub(r"(?i)^(\s*)(?:replace|upsert)\b", r"\1insert", statement.raw)
        for dialect in dict.fromkeys((self.dialect, "")):
            try:
                return sqlglot.parse_one(raw, dialect=dialect or None)
            except (SqlglotError, RecursionError):
                continue
        return None

    def _by_tree(self, statement: Statement) -> Iterator[Found]:
        tree = self._parsed(statement)
        if tree is None or isinstance(tree, exp.Command | exp.Alias):
            yield f"{self.subject}: SQL that cannot be read"
            yield from _by_words(statement.plain, self.subject)
            return
        judged = {name.rpartition(".")[2] for name, _ in _calls_in(statement)} & DOING
        for name in sorted({call.name.lower() for call in tree.find_all(exp.Anonymous)} - judged):
            if name in DOING or not is_harmless(name):
                yield f"{self.subject}: SQL that calls {name}, which may do anything"
        tables = self._tables(tree)
        found = [(kind, words) for changing, kind, words in _CHANGES if tree.find(changing)]
        for kind, words in found or [(Kind.READ, "reads records")]:
            traits = frozenset({"unbounded"}) if kind is Kind.DESTROY and _unbounded(tree, exp.Delete) else frozenset()
            yield self._action(kind, tree.key, words, tables, traits)
        if _unbounded(tree, exp.Update):
            yield self._action(Kind.DESTROY, "update", "changes every record", tables, {"unbounded"})
        if any(insert.args.get("overwrite") for insert in tree.find_all(exp.Insert)):
            yield self._action(Kind.DESTROY, "insert overwrite", "replaces every record", tables, {"unbounded"})
        if isinstance(tree, exp.Merge) and re.search(r"\bDELETE\b", statement.plain):
            yield self._action(Kind.DESTROY, "merge delete", "deletes records", tables)
        names = {table.sql(comments=False).lower().replace('"', "") for table in tree.find_all(exp.Table)}
        if any(name.partition(" ")[0] in SECRET_TABLES or name.rpartition(".")[2] in SECRET_TABLES for name in names):
            yield self._action(Kind.CREDENTIAL, "password table", "looks at stored passwords", tables)

    def _tables(self, tree: exp.Expr | None) -> tuple[Target, ...]:
        names = [] if tree is None else [table.name for table in tree.find_all(exp.Table)]
        return tuple(Target(TargetKind.DATA, name) for name in dict.fromkeys(names) if name)

    def _action(
        self,
        kind: Kind,
        form: str,
        words: str,
        targets: tuple[Target, ...] = (),
        traits: frozenset[str] | set[str] = frozenset(),
    ) -> Action:
        return Action(kind, self.subject, f"{self.subject} {form}", targets, frozenset(traits), words)


def _calls_in(statement: Statement) -> Iterator[tuple[str, int]]:
    """Yield the names of functions in lower case, and where each ends; those written in quotes are not among them."""
    for match in _CALL.finditer(statement.plain):
        yield (match[1] or match[2]).lower(), match.end()


def _unbounded(tree: exp.Expr, changing: type[exp.Expr]) -> bool:
    """Tell whether a change concerns every record: without a condition, or with one that always holds."""
    return any(_always(_condition(part)) for part in tree.find_all(changing))


def _condition(part: exp.Expr) -> exp.Expr | None:
    where = part.args.get("where")
    limited = part.args.get("limit") or isinstance(part.parent, exp.When)
    return exp.Boolean(this=False) if limited else where.this if where is not None else None


def _always(condition: exp.Expr | None) -> bool:
    """A condition without any column holds for all or none, and is taken to hold for all."""
    match condition:
        case None:
            return True
        case exp.Boolean():
            return bool(condition.this)
        case exp.Paren():
            return _always(condition.this)
        case exp.Or():
            return _always(condition.this) or _always(condition.expression)
        case exp.And():
            return _always(condition.this) and _always(condition.expression)
        case exp.EQ() | exp.GTE() | exp.LTE() | exp.NullSafeEQ() if condition.this == condition.expression:
            return True
        case exp.Not(this=exp.Is()):
            return True
        case exp.Like() | exp.ILike() if set(condition.expression.name) <= {"%"}:
            return True
        case _:
            return condition.find(exp.Column, exp.Subquery, exp.Select) is None


def _by_words(plain: str, subject: str) -> Iterator[Action]:
    """Judge unreadable SQL by its words, which can only make it graver."""
    words = set(re.findall(r"[A-Z]+", plain))
    if words & {"DROP", "DELETE", "TRUNCATE"}:
        yield Action(Kind.DESTROY, subject, f"{subject} sql", (), frozenset({"unbounded"}), "deletes records")
    if words & {"GRANT", "REVOKE"}:
        yield Action(Kind.PERMISSION, subject, f"{subject} sql", (), frozenset(), "changes who may use the database")
    if words & {"OUTFILE", "DUMPFILE", "INSERT", "UPDATE"}:
        yield Action(Kind.WRITE, subject, f"{subject} sql", (), frozenset(), "changes records")
