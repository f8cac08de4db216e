"""Programs in other languages: what the catalogue's patterns see in them, and the shell commands they hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from safety_core.classify.clients import CLIENTS, Client
from safety_core.classify.notes import Notes
from safety_core.classify.paths import HOLE, path_target
from safety_core.classify.sql import sql_actions
from safety_core.classify.windows import LANGUAGES, simple_commands
from safety_core.model.facts import Kind, Target

LIMIT: Final = 20_000
"""Characters in which patterns are sought; longer programs are not written on a command line."""

_BETWEEN: Final = re.compile(r"""['"]\s*,\s*['"]""")
"""What stands between the words of a command line that is written as a list: `run(["rm", "-r", "a"])`."""


def code_notes(notes: Notes, language: str, text: str, subject: str, traits: frozenset[str]) -> Iterator[str]:
    """Note what `text` does, and yield the shell commands that it would start."""
    if language in CLIENTS:
        yield from _queries(notes, language, CLIENTS[language], text, subject, traits)
        return
    if HOLE in text or len(text) > LIMIT:
        notes.doubt(f"{subject}: code that is known only when the command runs")
    yield from _sought(notes, language, text, subject, traits)
    if language in LANGUAGES:
        yield from simple_commands(text[:LIMIT], language)


def _sought(notes: Notes, language: str, text: str, subject: str, traits: frozenset[str]) -> Iterator[str]:
    for pattern in notes.catalogue.languages.get(language, ()):
        for match in pattern.expression.finditer(text[:LIMIT]):
            kind = pattern.spec.kind or Kind.UNKNOWN
            notes.note(kind, f"{subject} {language}", pattern.words, (), traits | pattern.spec.traits)
            if match.lastindex and match[1] is not None and not match.re.groupindex:
                yield _BETWEEN.sub(" ", match[1])


def _queries(
    notes: Notes, language: str, client: Client, text: str, subject: str, traits: frozenset[str]
) -> Iterator[str]:
    """Judge what a database's client is given: its own commands by patterns, the rest as SQL."""

    def place(path: str) -> Target:
        return path_target(path, notes.workspace, notes.workspace, notes.catalogue.paths)

    own, statements = client.read(text)
    for command in own:
        before = len(notes.actions)
        yield from _sought(notes, language, command, subject, traits)
        if len(notes.actions) == before and not any(
            pattern.expression.search(command) for pattern in notes.catalogue.languages.get(language, ())
        ):
            notes.doubt(f"{subject}: the client's command {command.split()[0]} is not listed")
    yield from _sought(notes, "sql", statements, subject, traits)
    for found in sql_actions(statements, subject, client.dialect, place):
        if isinstance(found, str):
            notes.doubt(found)
        else:
            notes.act(found)
