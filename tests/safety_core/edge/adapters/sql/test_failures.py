"""What is told, and what is certain, when something fails: real servers, real cuts, a real kill -9."""

from __future__ import annotations

import json
import os
import resource
import secrets
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from safety_core.edge.adapters.request import answer_from, request_bytes
from safety_core.errors import ExecutionError, UncertainError
from tests.safety_core.edge.adapters.sql.conftest import Started, clean
from tests.simulators.databases import Database
from tests.simulators.relay import Relay, relay
from tests.simulators.sql_calls import Calls

ACTS = (("acts_table", "safety_acts"),)


def test_a_wrong_password_is_told_with_its_fix_and_never_shown(server: Database) -> None:
    wrong = secrets.token_urlsafe(18)
    with pytest.raises(ExecutionError) as refused:
        Calls(server, password=wrong)("query", query="SELECT 1")
    assert "refuses the user or the password" in str(refused.value)
    assert "safety secret set shop-password" in str(refused.value)
    assert wrong not in str(refused.value)
    assert wrong not in server.log()


def test_a_server_that_is_away_is_told(server: Database) -> None:
    with relay(server.port) as line:
        port = line.port
    with pytest.raises(ExecutionError, match="cannot be reached") as refused:
        Calls(server, port)("query", query="SELECT 1")
    assert not isinstance(refused.value, UncertainError)


@pytest.mark.parametrize("seconds", [1.0])
def test_a_statement_that_takes_too_long_ends_at_the_server_too(server: Database, seconds: float) -> None:
    calls = Calls(server, timeout=seconds)
    sleeping = {"postgresql": "SELECT pg_sleep(60)", "mysql": "SELECT sleep(60)"}[server.scheme]
    with pytest.raises(ExecutionError, match=r"took too long|did not answer"):
        calls("query", query=sleeping)
    assert _ends(server, "sleep(60)")


def test_a_change_that_waits_too_long_for_a_lock_did_not_happen(server: Database) -> None:
    Calls(server).insert("locked")
    with _holding(server), pytest.raises(ExecutionError, match=r"took too long|did not answer") as refused:
        Calls(server, timeout=2.5, key="2")("execute", statement="UPDATE notes SET text = 'changed'")
    assert not isinstance(refused.value, UncertainError)
    assert server.notes() == ["locked"]


def test_sqlite_counts_without_end_are_ended(started: Started) -> None:
    endless = "WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r) SELECT sum(x) FROM r"
    with pytest.raises(ExecutionError, match="took too long"):
        Calls(clean(started, "sqlite"), timeout=0.5)("query", query=endless)


HUGE = {
    "postgresql": "SELECT repeat('x', 1000) FROM generate_series(1, 10000000)",
    "mysql": "SELECT repeat('x', 1000) FROM seq_1_to_10000000",
    "sqlite": "WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r WHERE x < 10000000)"
    " SELECT hex(zeroblob(500)) FROM r",
}


def test_ten_gigabytes_are_read_no_further_than_there_is_room(database: Database) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    done = Calls(database, output=100_000).result("query", query=HUGE[database.scheme], limit=10_000)
    answer = json.loads(done.output)
    assert done.truncated
    assert answer["more"]
    assert 50 < answer["count"] < 100
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024  # KiB


def test_a_line_cut_before_the_commit_means_that_nothing_happened(server: Database) -> None:
    with relay(server.port, at=b"INSERT INTO notes") as line:
        with pytest.raises(ExecutionError, match="cut off") as refused:
            Calls(server, line.port, host="127.0.0.1").insert("a")
        assert line.reached.is_set()
    assert not isinstance(refused.value, UncertainError)
    assert server.notes() == []


@pytest.mark.parametrize("passed", [False, True], ids=["never arrived", "arrived, answer lost"])
def test_a_line_cut_at_the_commit_leaves_doubt_and_the_key_settles_it(server: Database, *, passed: bool) -> None:
    Calls(server, options=ACTS, key="first").insert("made the table")
    with relay(server.port, at=b"COMMIT", passed=passed) as line:
        calls = Calls(server, line.port, host="127.0.0.1", options=ACTS)
        with pytest.raises(UncertainError, match="while it committed"):
            calls.insert("once")
    again = Calls(server, options=ACTS, again=True)
    assert again.insert("once").get("already_done", False) is passed
    assert again.insert("once")["already_done"] is True
    assert server.notes().count("once") == 1


def test_without_a_table_of_acts_nobody_knows(database: Database) -> None:
    with pytest.raises(UncertainError, match="acts_table"):
        Calls(database, again=True).insert("a")
    assert Calls(database, again=True)("query", query="SELECT 1")["count"] == 1
    assert database.notes() == []


@pytest.mark.parametrize("hold", [True, False])
def test_a_line_that_goes_dead_is_given_up(server: Database, *, hold: bool) -> None:
    with relay(server.port, at=b"SELECT 4711", hold=hold) as line:
        with pytest.raises(ExecutionError) as refused:
            Calls(server, line.port, host="127.0.0.1", timeout=1.5)("query", query="SELECT 4711")
        assert not isinstance(refused.value, UncertainError)


def test_a_result_that_is_cut_in_the_middle_is_no_result(server: Database) -> None:
    with relay(server.port, after=40_000) as line, pytest.raises(ExecutionError, match="cut off"):
        Calls(server, line.port, host="127.0.0.1")("query", query=HUGE[server.scheme].replace("10000000", "1000"))


@pytest.mark.parametrize("passed", [False, True], ids=["before the commit", "after the commit"])
def test_a_child_killed_at_the_commit_acts_once(server: Database, *, passed: bool) -> None:
    Calls(server, options=ACTS, key="first").insert("made the table")
    with relay(server.port, at=b"COMMIT", passed=passed, hold=True) as line:
        calls = Calls(server, line.port, host="127.0.0.1", options=ACTS)
        child, answers = _child(calls, "once")
        assert line.reached.wait(20)
        _kill(child, answers)
    again = Calls(server, options=ACTS, again=True).insert("once")
    assert again.get("already_done", False) is passed
    assert server.notes().count("once") == 1


def test_a_child_of_sqlite_killed_in_the_middle_acts_once(started: Started) -> None:
    database = clean(started, "sqlite")
    Calls(database, options=ACTS, key="first").insert("made the table")
    many = (
        "WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r) INSERT INTO notes (text) SELECT 'once' FROM r"
    )
    calls = Calls(database, options=ACTS)
    child, answers = _child(calls, "once", many)
    journal = Path(f"{database.place}-journal")
    for _ in range(2000):
        if journal.exists():
            break
        time.sleep(0.01)
    _kill(child, answers)
    assert "already_done" not in calls.but(again=True).insert("once")
    assert calls.but(again=True).insert("once")["already_done"] is True
    assert database.notes() == ["made the table", "once"]


def test_a_certificate_is_checked_for_the_hosts_name(server: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    assert server.trusted
    found = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *a, **k: found("127.0.0.1", *a, **k))
    ca = str(server.trusted.chain)
    with relay(server.port) as line:
        trusting = Calls(server, line.port, options=(("ca", ca),))
        assert trusting("query", query="SELECT 1")["count"] == 1
        with pytest.raises(ExecutionError, match="not trusted"):
            Calls(server, line.port, options=(("tls", "verify"),))("query", query="SELECT 1")
        with pytest.raises(ExecutionError, match="not trusted"):
            trusting.but(host="db.shop.example")("query", query="SELECT 1")
        assert Calls(server, line.port, options=(("tls", "encrypt"),))("query", query="SELECT 1")["count"] == 1


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"private": False, "options": (("tls", "off"),)}, "whoever answers"),
        ({"private": False}, "leads to this machine"),
        ({"options": (("tls", "perhaps"),)}, "not known"),
        ({"options": (("speed", 3),)}, "which databases have not"),
        ({"options": (("acts_table", "a; DROP"),)}, "no plain name"),
        ({"options": (("ca", "/nowhere/ca.pem"),)}, "no readable certificate"),
        ({"host": "no-such-host.invalid"}, "cannot be found"),
    ],
)
def test_what_the_operator_has_to_mend_is_named(server: Database, changes: dict[str, object], reason: str) -> None:
    with pytest.raises(ExecutionError, match=reason):
        Calls(server).but(**changes)("query", query="SELECT 1")


def test_a_file_that_is_no_database_is_told(started: Started, tmp_path: Path) -> None:
    (tmp_path / "x.db").write_bytes(b"no database at all, but long enough to be read as one" * 40)
    other = Database("sqlite", 0, tmp_path / "x.db")
    with pytest.raises(ExecutionError, match="no database"):
        Calls(other)("query", query="SELECT * FROM notes")
    with pytest.raises(ExecutionError, match="no such file"):
        Calls(Database("sqlite", 0, tmp_path / "none.db"))("check")
    assert not (tmp_path / "none.db").exists()


def _child(calls: Calls, text: str, statement: str = "") -> tuple[subprocess.Popen[bytes], int]:
    """Start the real child with one insertion; return it, and where it answers."""
    insert = statement or f"INSERT INTO notes (text) VALUES ({calls.database.mark})"
    request = calls.request("execute", statement=insert, parameters=[] if statement else [text])
    reading, writing = os.pipe()
    command = [sys.executable, "-m", "safety_core.edge.adapters.worker", str(writing)]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=(writing,))
    os.close(writing)
    assert child.stdin
    child.stdin.write(request_bytes(request))
    child.stdin.close()
    return child, reading


def _kill(child: subprocess.Popen[bytes], answers: int) -> None:
    child.send_signal(signal.SIGKILL)
    child.wait(20)
    with os.fdopen(answers, "rb") as left, pytest.raises(ValueError, match="Expecting value"):
        answer_from(left.read())


def _holding(server: Database) -> _Lock:
    return _Lock(server)


class _Lock:
    """Somebody else's transaction, which holds the rows of `notes`."""

    def __init__(self, server: Database) -> None:
        self._server = server
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> None:
        held = "SELECT * FROM notes FOR UPDATE"
        if self._server.scheme == "postgresql":
            client = ["psql", "-h", str(self._server.place), "-p", str(self._server.port), "-U", "hub", "-qAt", "shop"]
        else:
            client = ["mariadb", "--no-defaults", "-S", str(self._server.place), "-u", "root", "-N", "-n", "shop"]
        self._process = subprocess.Popen(client, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"BEGIN;\n{held};\n".encode())
        self._process.stdin.flush()
        assert self._process.stdout.readline()

    def __exit__(self, *_: object) -> None:
        assert self._process
        self._process.kill()
        self._process.communicate()


def _ends(server: Database, text: str) -> bool:
    """Tell whether nobody at the server does that any more, within a while."""
    running = {
        "postgresql": "SELECT query FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid()",
        "mysql": "SELECT info FROM information_schema.processlist WHERE info IS NOT NULL AND id <> connection_id()",
    }[server.scheme]
    for _ in range(1200):
        if not any(text in str(query) for (query,) in server.ask(running)):
            return True
        time.sleep(0.05)
    return False


def test_a_query_whose_line_goes_dead_ends_at_the_server(server: Database) -> None:
    sleeping = {"postgresql": "SELECT pg_sleep(59)", "mysql": "SELECT sleep(59)"}[server.scheme]
    with relay(server.port, at=b"sleep(59)", passed=True, hold=True) as line, pytest.raises(ExecutionError):
        Calls(server, line.port, host="127.0.0.1", timeout=2)("query", query=sleeping)
    assert isinstance(line, Relay)
    assert _ends(server, "sleep(59)")
