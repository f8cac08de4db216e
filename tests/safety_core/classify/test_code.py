"""Code in other languages: what is seen in it, and what it starts."""

from __future__ import annotations

import pytest

from safety_core.classify.catalogue import compiled
from safety_core.classify.code import LIMIT, code_notes
from safety_core.classify.notes import Notes
from safety_core.classify.paths import HOLE
from safety_core.model.facts import Kind
from tests.simulators.judging import WORKSPACE, Judging


def noted(judging: Judging, language: str, text: str) -> tuple[Notes, list[str]]:
    notes = Notes(compiled(judging.catalogue), WORKSPACE)
    return notes, list(code_notes(notes, language, text, "till", frozenset({"remote"})))


@pytest.mark.parametrize(
    ("language", "text", "kind", "commands"),
    [
        ("psql", "\\! ls -l", Kind.RUN_CODE, ["ls -l"]),
        ("psql", "copy a to program 'ls -l'", Kind.CONTROL, ["ls -l"]),
        ("psql", "\\dt", Kind.READ, []),
        ("psql", "\\o a.txt", Kind.WRITE, []),
        ("mysql", "system ls", Kind.RUN_CODE, ["ls"]),
        ("sqlite", ".shell ls", Kind.RUN_CODE, ["ls"]),
        ("sqlite", ".tables", Kind.READ, []),
        ("sqlite", ".import a.csv b", Kind.WRITE, []),
        ("sqlite", ".restore a.db", Kind.DESTROY, []),
        ("duckdb", ".output a.txt", Kind.WRITE, []),
        ("sql", "drop table a", Kind.DESTROY, []),
        ("mongo", "db.orders.find()", Kind.READ, []),
        ("mongo", "db.orders.drop()", Kind.DESTROY, []),
        ("mongo", "db.adminCommand({shutdown: 1})", Kind.RUN_CODE, []),
        ("cypher", "match (n) return n", Kind.READ, []),
        ("cypher", "match (n) detach delete n", Kind.DESTROY, []),
        ("powershell", "rm x", None, ["Remove-Item x"]),
        ("cmd", "del x", None, ["del x"]),
    ],
)
def test_what_code_does(judging: Judging, language: str, text: str, kind: Kind | None, commands: list[str]) -> None:
    notes, started = noted(judging, language, text)
    assert started == commands
    assert not notes.unknown
    assert kind is None or kind in {action.kind for action in notes.actions}


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("psql", "\\unheard"),
        ("sqlite", ".unheard"),
        ("psql", "select unheard(1)"),
        ("python", f"print({HOLE})"),
        ("python", "x" * (LIMIT + 1)),
    ],
)
def test_what_is_not_understood_is_said(judging: Judging, language: str, text: str) -> None:
    assert noted(judging, language, text)[0].unknown


def test_a_secret_file_that_sql_reads_is_placed(judging: Judging) -> None:
    notes, _ = noted(judging, "psql", "select pg_read_file('/etc/shadow')")
    assert "sensitive" in {target.zone.value for action in notes.actions for target in action.targets}
