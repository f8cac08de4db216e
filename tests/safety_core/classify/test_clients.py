"""Clients of databases: their own commands and the SQL between them."""

from __future__ import annotations

import pytest

from safety_core.classify.clients import CLIENTS


@pytest.mark.parametrize(
    ("client", "text", "own", "rest"),
    [
        ("sql", "select 1", [], "select 1"),
        ("psql", "\\dt", ["\\dt"], ""),
        ("psql", "select 1 \\g a.txt", ["\\g a.txt"], "select 1"),
        ("psql", "select '\\! ls'", [], "select '\\! ls'"),
        ("psql", "-- it's\n\\! ls\n-- it's", ["\\! ls"], "-- it's\n;\n-- it's"),
        ("psql", "select a$$ \\! ls\n, b$$", ["\\! ls"], "select a$$ ;\n, b$$"),
        ("psql", "-- a\r\\! ls\n", ["\\! ls"], "-- a\r;"),
        ("psql", "select E'\\'' \\! ls", ["\\! ls"], "select E'\\''"),
        ("psql", "select date'\\' \\! ls '", ["\\! ls '"], "select date'\\'"),
        ("mysql", "select 5--\\! ls", ["\\! ls"], "select 5--"),
        ("mysql", 'select "\\"" \\! ls -- "', ['\\! ls -- "'], 'select "\\""'),
        ("mysql", "select 1\\G", ["\\G"], "select 1"),
        ("mysql", "system ls\nselect 1", ["system ls"], ";\nselect 1"),
        ("mysql", "select system from a", [], "select system from a"),
        ("sqlite", ".shell ls\nselect .5", [".shell ls"], ";\nselect .5"),
        ("sqlcmd", ":r a.sql\nselect 1", [":r a.sql"], ";\nselect 1"),
        ("sqlplus", "@a.sql\nselect 1", ["@a.sql"], ";\nselect 1"),
    ],
)
def test_own_commands_are_parted_from_sql(client: str, text: str, own: list[str], rest: str) -> None:
    found, sql = CLIENTS[client].read(text)
    assert found == own
    assert sql.removesuffix(";").strip() == rest
