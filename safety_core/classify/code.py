"""Programs in other languages: what the catalogue's patterns see in them, and the shell commands they hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from safety_core.classify.notes import Notes
from safety_core.classify.paths import HOLE
from safety_core.classify.sql import sql_actions
from safety_core.model.facts import Kind

LIMIT: Final = 20_000
"""Characters in which patterns are sought; longer programs are not written on a command line."""


def code_notes(notes: Notes, language: str, text: str, subject: str, traits: frozenset[str]) -> Iterator[str]:
    """Note what `text` does, and yield the shell commands that it would start."""
    if language == "sql":
        for found in sql_actions(text, subject):
            if isinstance(found, str):
                notes.doubt(found)
            else:
                notes.act(found)
        return
    if HOLE in text or len(text) > LIMIT:
        notes.doubt(f"{subject}: code that is known only when the command runs")
    for pattern in notes.catalogue.languages.get(language, ()):
        for match in pattern.expression.finditer(text[:LIMIT]):
            kind = pattern.spec.kind or Kind.UNKNOWN
            notes.note(kind, f"{subject} {language}", pattern.words, (), traits | pattern.spec.traits)
            if match.lastindex and not match.re.groupindex:
                yield match[1]
