"""SQL: what statements do, and what is not understood."""

from __future__ import annotations

import pytest

from safety_core.classify.paths import HOLE
from safety_core.classify.sql import LIMIT, sql_actions
from safety_core.model.facts import Action, Kind


def found(text: str) -> tuple[list[Action], list[str]]:
    everything = list(sql_actions(text, "psql"))
    return [item for item in everything if isinstance(item, Action)], [
        item for item in everything if isinstance(item, str)
    ]


@pytest.mark.parametrize(
    ("text", "kind", "traits"),
    [
        ("select * from a", Kind.READ, set()),
        ("with x as (select 1) select * from x", Kind.READ, set()),
        ("insert into a values (1)", Kind.WRITE, set()),
        ("update a set b = 1", Kind.WRITE, {"unbounded"}),
        ("update a set b = 1 where c = 2", Kind.WRITE, set()),
        ("delete from a where c = 2", Kind.DESTROY, set()),
        ("delete from a", Kind.DESTROY, {"unbounded"}),
        ("drop table a", Kind.DESTROY, {"unbounded"}),
        ("drop database a", Kind.DESTROY, {"unbounded", "mass"}),
        ("truncate table a", Kind.DESTROY, {"unbounded"}),
        ("alter table a drop column b", Kind.DESTROY, set()),
        ("grant select on a to b", Kind.PERMISSION, set()),
        ("begin", Kind.READ, set()),
        ("with d as (delete from a returning *) select * from d", Kind.DESTROY, {"unbounded"}),
    ],
)
def test_what_a_statement_does(text: str, kind: Kind, traits: set[str]) -> None:
    actions, doubts = found(text)
    assert not doubts
    assert (kind, traits) in [(action.kind, traits & action.traits) for action in actions]
    assert traits <= frozenset().union(*(action.traits for action in actions))


@pytest.mark.parametrize(
    "text",
    [
        "vacuum",
        "call x()",
        "select pg_read_file('/etc/passwd')",
        "select * form x frm y y y",
        f"select {HOLE}",
        "/*! drop table a */",
    ],
)
def test_what_is_not_understood_is_said(text: str) -> None:
    assert found(text)[1]


def test_unreadable_statements_are_judged_by_their_words() -> None:
    actions, doubts = found("drop everything (((")
    assert doubts
    assert [action.kind for action in actions] == [Kind.DESTROY]
    assert [action.kind for action in found("revoke it all (((")[0]] == [Kind.PERMISSION]


def test_several_statements_are_all_judged() -> None:
    assert {action.kind for action in found("select 1;; drop table a")[0]} == {Kind.READ, Kind.DESTROY}


def test_a_dump_is_too_long_to_weigh() -> None:
    assert found("select 1 -- " + "x" * LIMIT)[1]


def test_tables_are_targets() -> None:
    (action,) = found("delete from orders where id = 1")[0]
    assert [target.value for target in action.targets] == ["orders"]
