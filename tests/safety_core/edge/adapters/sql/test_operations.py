"""What an agent can do with a connected database, on PostgreSQL, MariaDB and SQLite."""

from __future__ import annotations

import json
import secrets

import pytest

from safety_core.errors import ExecutionError
from tests.simulators.databases import Database
from tests.simulators.sql_calls import Calls

ACTS = (("acts_table", "safety_acts"),)


def test_a_connection_is_checked(database: Database) -> None:
    said = Calls(database).result("check").output
    assert said.endswith(", as agent")
    assert any(name in said for name in ("PostgreSQL 1", "MariaDB", "SQLite 3"))


def test_a_query_returns_rows_as_json(database: Database) -> None:
    calls = Calls(database)
    calls.insert("hello")
    answer = calls(
        "query", query=f"SELECT text, 7 AS n, NULL AS nil FROM notes WHERE text = {database.mark}", parameters=["hello"]
    )
    assert answer == {"columns": ["text", "n", "nil"], "rows": [["hello", 7, None]], "more": False, "count": 1}


VALUES: dict[str, dict[str, object]] = {
    "postgresql": {
        "1.50::numeric": "1.50",
        "DATE '2026-05-01'": "2026-05-01",
        "TIMESTAMP '2026-05-01 10:20:30'": "2026-05-01T10:20:30",
        "'\\x00ff'::bytea": {"base64": "AP8="},
        "true": True,
        "ARRAY[1,2]": [1, 2],
        "'{\"a\": 1}'::jsonb": '{"a": 1}',
        "'NaN'::float8": "nan",
        "INTERVAL '90 minutes'": "1:30:00",
        "TIME '10:20'": "10:20:00",
    },
    "mysql": {
        "CAST('1.50' AS DECIMAL(9,2))": "1.50",
        "DATE '2026-05-01'": "2026-05-01",
        "TIMESTAMP '2026-05-01 10:20:30'": "2026-05-01T10:20:30",
        "x'00ff'": {"base64": "AP8="},
        "TIME '-10:20:00'": "-1 day, 13:40:00",
        "CAST(18446744073709551615 AS UNSIGNED)": 18446744073709551615,
        "2.5e0": 2.5,
        "'ü'": "ü",
        "b'101'": {"base64": "BQ=="},
    },
    "sqlite": {"1.5": 1.5, "x'00ff'": {"base64": "AP8="}, "9e999": "inf"},
}


def test_values_of_every_sort_are_json(database: Database) -> None:
    values = VALUES[database.scheme]
    assert Calls(database)("query", query="SELECT " + ", ".join(values))["rows"] == [[*values.values()]]


def test_values_that_stand_in_a_table_come_back(server: Database) -> None:
    kinds = "a decimal(9,2), b date, c timestamp NULL, d time, e smallint, f double precision, g text"
    calls = Calls(server)
    calls("execute", statement=f"CREATE TABLE kinds ({kinds})")
    try:
        marks = ", ".join(f"${n}" if server.scheme == "postgresql" else "?" for n in range(1, 8))
        values = ["12.30", "2026-05-01", "2026-05-01T10:20:30", "10:20:30", 7, 2.5, None]
        calls.but(key="2")("execute", statement=f"INSERT INTO kinds VALUES ({marks})", parameters=values)
        (row,) = calls("query", query="SELECT * FROM kinds")["rows"]  # type: ignore[misc,union-attr]
        assert row[:3] == values[:3]  # type: ignore[index,call-overload]
        assert row[4:] == values[4:]  # type: ignore[index,call-overload]
    finally:
        calls.but(key="3")("execute", statement="DROP TABLE kinds")


def test_a_parameter_is_never_part_of_the_statement(database: Database) -> None:
    calls = Calls(database)
    for number, text in enumerate(("'); DELETE FROM notes; --", "\\'; x", '"quoted" %s ? $1')):
        calls.but(key=str(number)).insert(text)
        answer = calls("query", query=f"SELECT count(*) FROM notes WHERE text = {database.mark}", parameters=[text])
        assert answer["rows"] == [[1]]


def test_a_secret_is_a_parameter_and_no_log_has_it(server: Database) -> None:
    value = secrets.token_urlsafe(18)
    statement = f"INSERT INTO notes (text) VALUES ({server.mark})"
    calls = Calls(server)
    calls("execute", {"api-key": value}, statement=statement, parameters=["SECRET_REF(api-key)"])
    assert server.notes() == [value]
    with pytest.raises(ExecutionError) as refused:
        calls("execute", {"api-key": value}, statement="INSERT INTO notes VALUES ('SECRET_REF(api-key)')")
    assert "put a parameter's mark there" in str(refused.value)
    broken = f"INSERT INTO notes (id, text) VALUES (1, {server.mark}), (1, 'x')"
    with pytest.raises(ExecutionError) as refused:
        calls("execute", {"api-key": value}, statement=broken, parameters=["SECRET_REF(api-key)"])
    assert value not in str(refused.value)
    assert value not in server.log()
    assert server.password not in server.log()


READS_THAT_WRITE = {
    "postgresql": [
        "WITH d AS (DELETE FROM notes RETURNING id) SELECT * FROM d",
        "WITH x AS (SELECT 1) INSERT INTO notes (text) SELECT 'x' FROM x",
        "SELECT nextval('notes_id_seq')",
        "EXPLAIN ANALYZE DELETE FROM notes",
        "/* /* */ SELECT */ DELETE FROM notes",
        "SELECT 1; DELETE FROM notes",
    ],
    "mysql": [
        "WITH d AS (SELECT 1) DELETE FROM notes",
        "SELECT 1; DELETE FROM notes",
        "SELECT 1 --1; DELETE FROM notes",
        "SELECT /*! 1; DELETE FROM notes */",
        "/*! DELETE FROM notes */",
    ],
    "sqlite": [
        "WITH d AS (SELECT 1) DELETE FROM notes",
        "SELECT 1; DELETE FROM notes",
        "PRAGMA writable_schema = 1",
        "PRAGMA journal_mode = wal",
        "SELECT load_extension('x')",
    ],
}


def test_a_query_cannot_write_however_it_was_judged(database: Database) -> None:
    calls = Calls(database)
    calls.insert("stays")
    for statement in READS_THAT_WRITE[database.scheme]:
        with pytest.raises(ExecutionError):
            calls("query", query=statement)
        assert database.notes() == ["stays"], statement
    for word in ("DELETE FROM notes", "DROP TABLE notes", "COPY notes TO PROGRAM 'true'", "CALL x()", "DO 1"):
        with pytest.raises(ExecutionError, match="reads nothing here"):
            calls("query", query=word)


READ_OTHERWISE = {
    "postgresql": ["SELECT 1 `, pg_terminate_backend(1) `"],
    "mysql": ["SELECT t.$$, load_file('/etc/passwd'), t.$$ FROM (SELECT 1 AS `$$`) t"],
    "sqlite": [
        "SELECT ['], changes(), ['] FROM (SELECT 1 AS [']) WHERE ['] = 1",
        "SELECT $a$, load_extension('x'), $a$",
    ],
}


def test_what_this_engine_reads_otherwise_than_it_was_judged_is_refused(database: Database) -> None:
    calls = Calls(database)
    for statement in READ_OTHERWISE[database.scheme]:
        for operation in ({"query": statement}, {"statement": statement}):
            with pytest.raises(ExecutionError, match="the statement: holds"):
                calls("query" if "query" in operation else "explain", **operation)


def test_several_statements_are_all_or_nothing(database: Database) -> None:
    calls = Calls(database)
    insert = f"INSERT INTO notes (text) VALUES ({database.mark})"
    with pytest.raises(ExecutionError, match="nothing_here"):
        calls("execute", statements=[insert, "INSERT INTO nothing_here VALUES (1)"], parameters=[["a"], []])
    assert database.notes() == []
    answer = calls("execute", statements=[insert, "UPDATE notes SET text = 'c'"], parameters=[["a"], []])
    assert answer == {"statements": [{"changed": 1}, {"changed": 1}]}
    assert database.notes() == ["c"]


def test_a_dry_run_counts_and_takes_back(database: Database) -> None:
    calls = Calls(database, options=ACTS)
    calls.insert("a")
    answer = calls.but(key="2")("execute", statement="DELETE FROM notes", dry_run=True)
    assert answer == {"statements": [{"changed": 1}], "dry_run": True}
    assert database.notes() == ["a"]
    assert "already_done" not in calls.but(key="2")("execute", statement="DELETE FROM notes")


def test_a_statement_is_explained_and_not_carried_out(database: Database) -> None:
    calls = Calls(database)
    calls.insert("a")
    for statement in ("SELECT * FROM notes", "DELETE FROM notes WHERE id = 1", "UPDATE notes SET text = 'b'"):
        assert calls("explain", statement=statement)["rows"]
    for statement in (
        "ANALYZE DELETE FROM notes",
        "/**/ ANALYZE SELECT 1",
        "(ANALYZE) DELETE FROM notes",
        "(ANALYZE) SELECT 1",
        "/* /* */ SELECT */ ANALYZE SELECT 1",
        "--\rANALYZE SELECT 1 /*\nSELECT */",
        "DROP TABLE notes",
    ):
        with pytest.raises(ExecutionError):
            calls("explain", statement=statement)
    assert database.notes() == ["a"]


def test_the_schema_names_columns_and_keys(database: Database) -> None:
    answer = Calls(database)("schema", table="notes")
    assert answer["columns"] == ["table", "column", "type", "null", "key"]
    rows = [[str(row[0]).rpartition(".")[2], row[1], bool(row[4])] for row in answer["rows"]]  # type: ignore[index,union-attr,call-overload]
    assert rows == [["notes", "id", True], ["notes", "text", False]]
    assert Calls(database)("schema", table="nothing")["rows"] == []


def test_an_insertion_that_returns_its_key_can_be_taken_back(database: Database) -> None:
    calls = Calls(database)
    done = calls.result("execute", statement="INSERT INTO notes (text) VALUES ('x') RETURNING id, text")
    assert done.undo is not None
    assert done.undo.tool == "sql_execute"
    assert str(done.undo.params["statement"]).endswith(("= ?", "= $1"))  # "?1" is not read where the call is judged
    undo = {name: value for name, value in done.undo.params.items() if name != "connection"}
    calls.but(key="2")("execute", **undo)
    assert database.notes() == []


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO notes (text) VALUES ('x')",
        "INSERT INTO notes (text) VALUES ('x'), ('y') RETURNING id",
        "INSERT INTO notes (text) VALUES ('x') RETURNING 5 AS id",
        "INSERT INTO notes (text) VALUES ('x') RETURNING text",
    ],
)
def test_other_insertions_have_no_undo(database: Database, statement: str) -> None:
    assert Calls(database).result("execute", statement=statement).undo is None


@pytest.mark.parametrize("word", ["COMMIT", "ROLLBACK", "BEGIN", "SET x = 1", "SAVEPOINT a", "LOCK TABLES notes READ"])
def test_the_transaction_is_the_adapters(database: Database, word: str) -> None:
    with pytest.raises(ExecutionError, match="all or nothing"):
        Calls(database)("execute", statement=word)


def test_what_mysql_commits_by_itself_stands_alone(started: object, server: Database) -> None:
    calls = Calls(server, options=ACTS)
    both = ["CREATE TABLE more_notes (a int)", "DROP TABLE more_notes"]
    if server.scheme == "mysql":
        with pytest.raises(ExecutionError, match="commits by itself at CREATE"):
            calls("execute", statements=both)
        with pytest.raises(ExecutionError, match="commits by itself at DROP"):
            calls("execute", statement="DROP TABLE notes", dry_run=True)
        assert calls("execute", statement=both[0]) == {"statements": [{"changed": 0}]}
        assert calls.but(again=True)("execute", statement=both[0])["already_done"] is True
        calls.but(key="2")("execute", statement=both[1])
    else:
        calls("execute", statements=both)


@pytest.mark.parametrize(
    "arguments",
    [
        {"statement": ""},
        {"statement": "SELECT 1", "statements": ["SELECT 1"]},
        {"statements": []},
        {"statements": ["SELECT 1"], "parameters": [[], []]},
        {"statement": "SELECT 1", "parameters": "x"},
        {"statement": "SELECT 1", "dry_run": "yes"},
        {"statement": "INSERT INTO notes (text) VALUES ('a')", "parameters": ["too", "many"]},
        {"statement": "; DROP TABLE notes"},
    ],
)
def test_arguments_that_cannot_be_honoured_are_refused(database: Database, arguments: dict[str, object]) -> None:
    with pytest.raises(ExecutionError):
        Calls(database)("execute", **json.loads(json.dumps(arguments)))
    assert database.notes() == []
