"""SQL: what statements do, and what is not understood."""

from __future__ import annotations

import pytest

from safety_core.classify.paths import HOLE
from safety_core.classify.sql import LIMIT, sql_actions
from safety_core.model.facts import Action, Kind, Target, TargetKind, Zone


def found(text: str, dialect: str = "") -> tuple[list[Action], list[str]]:
    everything = list(sql_actions(text, "psql", dialect))
    return [item for item in everything if isinstance(item, Action)], [
        item for item in everything if isinstance(item, str)
    ]


READS = """
select * from a
select 1; select 2
with x as (select 1) select * from x
(select 1) union (select 2)
values (1)
table a
begin
rollback
commit
use shop
show tables
describe a
desc a
explain select * from a
explain delete from a
explain (analyze off) delete from a
pragma table_info(a)
pragma user_version
select 'drop table a; --'
select 1 -- drop table a
select 1 /* delete from a */
select count(*), max(b), upper(c) from a
select pg_size_pretty(1), string_zip(b) from a
select json_extract(b, '$.c') from a
select "delete" from a
""".strip().splitlines()


@pytest.mark.parametrize("text", READS)
def test_reading_is_understood_as_reading(text: str) -> None:
    actions, doubts = found(text)
    assert not doubts
    assert {action.kind for action in actions} == {Kind.READ}


@pytest.mark.parametrize(
    ("text", "kind", "traits"),
    [
        ("insert into a values (1)", Kind.WRITE, set()),
        ("replace into a values (1)", Kind.WRITE, set()),
        ("update a set b = 1", Kind.WRITE, set()),
        ("update a set b = 1", Kind.DESTROY, {"unbounded"}),
        ("update a set b = 1 where true", Kind.DESTROY, {"unbounded"}),
        ("update a set b = 1 where c = 2", Kind.WRITE, set()),
        ("delete from a where c = 2", Kind.DESTROY, set()),
        ("delete from a", Kind.DESTROY, {"unbounded"}),
        ("delete from a where 1 = 1", Kind.DESTROY, {"unbounded"}),
        ("delete from a where (c = c)", Kind.DESTROY, {"unbounded"}),
        ("delete from a where c = 2 or true", Kind.DESTROY, {"unbounded"}),
        ("delete from a where 2 > 1 and true", Kind.DESTROY, {"unbounded"}),
        ("delete from a where c is not null", Kind.DESTROY, {"unbounded"}),
        ("delete from a where c like '%'", Kind.DESTROY, {"unbounded"}),
        ("drop table a", Kind.DESTROY, {"unbounded"}),
        ("drop database a", Kind.DESTROY, {"unbounded", "mass"}),
        ("drop owned by a", Kind.DESTROY, {"unbounded", "mass"}),
        ("drop temporary table a", Kind.WRITE, set()),
        ("truncate table a", Kind.DESTROY, {"unbounded"}),
        ("alter table a drop column b", Kind.DESTROY, set()),
        ("alter table a add column b int", Kind.WRITE, set()),
        ("alter table a disable row level security", Kind.PERMISSION, set()),
        ("alter system set x = 1", Kind.CONTROL, set()),
        ("alter user a with password 'x'", Kind.PERMISSION, set()),
        ("create table a (b int)", Kind.WRITE, set()),
        ("create or replace table a as select 1", Kind.DESTROY, {"unbounded"}),
        ("create user a", Kind.PERMISSION, set()),
        ("create function f() returns int as 'x' language c", Kind.RUN_CODE, set()),
        ("create extension x", Kind.RUN_CODE, set()),
        ("create server a foreign data wrapper b", Kind.OUTWARD, set()),
        ("grant select on a to b", Kind.PERMISSION, set()),
        ("revoke all on a from b", Kind.PERMISSION, set()),
        ("set role a", Kind.PERMISSION, set()),
        ("set password for a = 'x'", Kind.CREDENTIAL, set()),
        ("set global x = 1", Kind.CONTROL, set()),
        ("set x = 1", Kind.WRITE, set()),
        ("kill 7", Kind.CONTROL, set()),
        ("vacuum full", Kind.WRITE, set()),
        ("analyze a", Kind.WRITE, set()),
        ("lock table a", Kind.WRITE, set()),
        ("attach 'a.db' as b", Kind.WRITE, set()),
        ("copy a to '/tmp/a'", Kind.WRITE, set()),
        ("load data infile 'x' into table a", Kind.WRITE, set()),
        ("call x()", Kind.RUN_CODE, set()),
        ("do $$ begin drop table a; end $$", Kind.DESTROY, {"unbounded"}),
        ("explain analyze delete from a", Kind.DESTROY, {"unbounded"}),
        ("explain (analyze) delete from a where b = 1", Kind.DESTROY, set()),
        ("pragma journal_mode = wal", Kind.WRITE, set()),
        ("pragma unheard_of", Kind.WRITE, set()),
        ("select * into b from a", Kind.WRITE, set()),
        ("select setval('s', 1)", Kind.WRITE, set()),
        ("select pg_terminate_backend(1)", Kind.CONTROL, set()),
        ("select dblink('x', 'y')", Kind.OUTWARD, set()),
        ("select * from pg_shadow", Kind.CREDENTIAL, set()),
        ("select * from mysql.user u", Kind.CREDENTIAL, set()),
        ("with d as (delete from a returning *) select * from d", Kind.DESTROY, {"unbounded"}),
        ("merge into a using b on a.c = b.c when matched then delete", Kind.DESTROY, set()),
        ("/*!50000 drop table a */", Kind.DESTROY, {"unbounded"}),
    ],
)
def test_what_a_statement_does(text: str, kind: Kind, traits: set[str]) -> None:
    actions, _ = found(text)
    assert (kind, traits) in [(action.kind, set(action.traits)) for action in actions]


@pytest.mark.parametrize(
    ("text", "dialect", "kind"),
    [
        ("insert overwrite table a select 1", "hive", Kind.DESTROY),
        ("exec xp_cmdshell 'x'", "tsql", Kind.CONTROL),
        ("insert into function s3('x') select 1", "clickhouse", Kind.OUTWARD),
        ("select 'a\\'; drop table a; --'", "postgres", Kind.DESTROY),
        ("select E'a\\'; drop table a; --'", "postgres", Kind.READ),
        ("select 'a\\'; drop table a; --'", "mysql", Kind.READ),
        ("delete from a where b = 1 limit 5", "mysql", Kind.DESTROY),
    ],
)
def test_a_servers_own_language_counts(text: str, dialect: str, kind: Kind) -> None:
    actions, _ = found(text, dialect)
    assert kind in {action.kind for action in actions}
    assert kind is Kind.DESTROY or Kind.DESTROY not in {action.kind for action in actions}


@pytest.mark.parametrize(
    "text",
    [
        "frobnicate a",
        "select pg_read_file('/etc/hosts')",
        "select * from read_csv(b)",
        "select my_function(1)",
        "select date_purge(1)",
        "select * form x frm y y y",
        "select * from a into outfile '/tmp/x'",
        f"select {HOLE}",
        "/*! select 1 */",
        "select 'open",
        "select 1 /* open",
        "select 'a\\' from b",
        "delete from (((",
    ],
)
def test_what_is_not_understood_is_said(text: str) -> None:
    assert found(text)[1]


HIDDEN = [
    "select 5--1, load_file('/etc/passwd')",
    "select 1 --\r, pg_read_file('/etc/passwd')",
    "select 1 /* /* */ ' */, pg_terminate_backend(1) -- '",
    'select "\\" ", load_file(\'/etc/passwd\') -- "',
    "select 1 /*M! , load_file('/etc/passwd') */",
    "select a$$, pg_read_file('/etc/passwd') as b$$ from a",
    "select 1 as $1$, pg_read_file('/etc/passwd') as $1$",
    "select pg_catalog.pg_read_file('/etc/passwd')",
    "select lead_transfer(1)",
    'select "pg_terminate_backend"(1)',
    "select pg_catalog.\"pg_read_file\"('/etc/passwd')",
    "select 1 `, pg_terminate_backend(1) `",
    "delete from a where b = 5--4 or true",
    "delete from a where b = 1 --\r or true",
    "update a set b = 1 /* /* */ # */ where c = 2",
]


@pytest.mark.parametrize("text", HIDDEN)
def test_what_one_server_runs_and_another_takes_for_quoted_is_not_understood(text: str) -> None:
    assert found(text)[1]


@pytest.mark.parametrize(
    "text",
    [
        'explain ("analyze") delete from a',
        'explain (verbose, "analyze" true) delete from a',
        "desc analyze delete from a",
        "describe format=tree analyze delete from a",
    ],
)
def test_what_is_explained_by_running_it_counts_as_run(text: str) -> None:
    assert Kind.DESTROY in {action.kind for action in found(text)[0]}


def test_a_comment_that_every_server_reads_alike_is_one() -> None:
    actions, doubts = found("select 1 -- drop table a\r\nfrom b -- don't\r\n")
    assert ([action.kind for action in actions], doubts) == ([Kind.READ], [])
    assert found("select 1 --drop table a", "postgres")[1] == []
    assert found("select 1 --drop table a", "mysql")[1]


def test_a_name_that_ends_in_e_begins_no_escaped_text() -> None:
    assert Kind.CONTROL in {
        action.kind for action in found("select date'\\', pg_terminate_backend(1) --'", "postgres")[0]
    }


def test_a_function_is_known_behind_a_schema_in_quotes() -> None:
    assert Kind.CONTROL in {action.kind for action in found('select "pg_catalog".pg_terminate_backend(1)')[0]}


def test_a_function_that_runs_a_statement_runs_a_program() -> None:
    assert found("select * from ts_stat('select 1')")[0][0].kind is Kind.RUN_CODE


def test_unreadable_statements_are_judged_by_their_words() -> None:
    actions, doubts = found("select drop everything (((")
    assert doubts
    assert [action.kind for action in actions] == [Kind.DESTROY]
    assert [action.kind for action in found("with revoke it all (((")[0]] == [Kind.PERMISSION]
    assert [action.kind for action in found("select a into outfile 'x")[0]] == [Kind.WRITE]


def test_several_statements_are_all_judged() -> None:
    assert {action.kind for action in found("select 1;; drop table a")[0]} == {Kind.READ, Kind.DESTROY}


def test_a_dump_is_too_long_to_weigh() -> None:
    assert found("select 1 -- " + "x" * LIMIT)[1]


def test_tables_are_targets() -> None:
    (action,) = found("delete from orders where id = 1")[0]
    assert [target.value for target in action.targets] == ["orders"]
    assert [target.value for target in found("drop table till")[0][0].targets] == ["till"]


def test_a_condition_with_a_limit_or_a_query_is_bounded() -> None:
    for text in ("delete from a where b in (select b from c)", "delete from a limit 5"):
        assert all("unbounded" not in action.traits for action in found(text, "mysql")[0])


def test_a_file_of_a_server_is_not_one_of_the_workspace() -> None:
    def place(path: str) -> Target:
        return Target(TargetKind.PATH, f"/workspace/{path}", Zone.WORKSPACE)

    for dialect, doubted in (("postgres", True), ("", True), ("sqlite", False)):
        found = list(sql_actions("select readfile('pg_hba.conf')", "x", dialect, place))
        assert any(isinstance(item, str) for item in found) is doubted


def test_a_file_that_is_read_is_placed() -> None:
    def place(path: str) -> Target:
        return Target(TargetKind.PATH, path, Zone.SENSITIVE)

    everything = list(sql_actions("select pg_read_file('/etc/shadow')", "psql", "postgres", place))
    reading = next(item for item in everything if isinstance(item, Action) and item.targets)
    assert (reading.kind, reading.targets[0].value) == (Kind.READ, "/etc/shadow")
