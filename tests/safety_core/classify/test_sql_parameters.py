"""Parameters of SQL: stored or compared as they are, or taken apart."""

from __future__ import annotations

import pytest

from safety_core.classify.sql import LIMIT
from safety_core.classify.sql_parameters import takes_apart


@pytest.mark.parametrize(
    "text",
    [
        "select a from t where b = $1",
        "select a from t where b = ? and c=? order by a limit ? offset ?",
        "insert into t (a, b) values ($1, 'x'), (null, $2) returning id, a",
        "insert into t values (?, -1.5, now(), default)",
        "update t set a = $1, b = $2 where c = :name returning *",
        "delete from t where (a = ?1);",
        "select a::text from t where b = '$1' -- substr($1)",
    ],
)
def test_what_is_stored_or_compared_as_it_is_stays_whole(text: str) -> None:
    assert not takes_apart(text)


@pytest.mark.parametrize(
    "text",
    [
        "select reverse($1)",
        "select $1 || 'x'",
        "select 1 where $1 like 'a%'",
        "select a from t where b < $1",
        "select a from t where b >= ?",
        "select a from t where b = $1 || 'x'",
        "select a from t where b = $1::text::json",
        "select a from t where b = substr(:name, 1, 1)",
        "select format(formatstr := $1)",
        "with x (a) as (values ($1)) select reverse(a) from x",
        "select reverse(a) from (values ($1)) x (a)",
        "insert into t values (upper(?))",
        "insert into t values ($1 || 'x')",
        "insert into t values ($1) returning reverse(a)",
        "insert into t values ($1); select @a",
        "select a from t where b = ? \\' or ?",
    ],
)
def test_what_works_with_a_parameter_could_show_a_piece_of_it(text: str) -> None:
    assert takes_apart(text)


def test_a_text_that_nobody_can_weigh_is_taken_for_one_that_does() -> None:
    assert takes_apart("select a from t where b = $1" + " " * LIMIT)
