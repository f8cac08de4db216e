"""`safety blueprint` as a person types it; the edge answers from a script."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from safety_core.canonical import JsonObject
from safety_core.cli import executions
from safety_core.cli.blueprint import edge as asked
from safety_core.cli.main import run
from safety_core.errors import UnavailableError
from tests.safety_core.blueprint.conftest import source
from tests.safety_core.blueprint.test_moves import ROWS

Answer = tuple[int, str, str]
Say = Callable[..., Answer]


class Script:
    """What the edge answers: to runs in order, then that it was done."""

    def __init__(self) -> None:
        self.source: dict[str, Any] = source()
        self.plans: JsonObject | None = {"up_to": "red", "minutes": 60}
        self.plan: list[JsonObject] = []
        self.runs: list[JsonObject] = []
        self.made: list[JsonObject] = []
        self.executions: list[JsonObject] = []

    def __call__(self, path: Path, method: str, route: str, body: Any = None, *, seconds: float = 0.0) -> JsonObject:
        match route:
            case "/v1/blueprints":
                listed = [self.source] if self.source else []
                return {"revision": "r1", "plans": self.plans, "blueprints": [*listed]}
            case "/v1/plan":
                return self.plan.pop(0) if self.plan else {"state": "free", "steps": [], "rule": "", "reason": ""}
            case "/v1/run":
                self.made.append(body)
                outputs = {"sql_query": json.dumps({"rows": ROWS}), "mail_send": '{"message_id": "m"}'}
                output = outputs.get(body["call"]["tool"], "ok")
                done: JsonObject = {
                    "status": "executed",
                    "output": output,
                    "exit": 0,
                    "execution": "e1",
                    "undoable": True,
                }
                return self.runs.pop(0) if self.runs else done
            case "/v1/executions":
                return {"executions": [told for told in self.executions if told["id"] == body["id"]]}
            case _:
                return {"ok": True}


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Script:
    script = Script()
    for place in (asked, executions):
        monkeypatch.setattr(place, "ask_edge", script)
    return script


@pytest.fixture
def say(script: Script, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Say:
    monkeypatch.setenv("SAFETY_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "160")

    def typed(*words: str) -> Answer:
        capsys.readouterr()
        status = run(["blueprint", *words])
        return (status, *capsys.readouterr())

    return typed


STEPS: list[JsonObject] = [
    {"id": "orders", "does": "Looks", "tool": "sql_query", "level": "green", "outcome": "allow",
     "answer": "needs no answer", "reason": "", "recipients": [], "amounts": [], "later": False},
    {"id": "note~back", "does": "Back", "tool": "write", "level": "yellow", "outcome": "allow", "answer": "known later",
     "reason": "", "recipients": [], "amounts": [], "later": True},
    {"id": "tell", "does": "Tells\u202e", "tool": "mail_send", "level": "yellow_external", "outcome": "ask",
     "answer": "this answer", "reason": "", "recipients": ["ann@example.com"], "amounts": ["5 EUR"], "later": False},
    {"id": "big", "does": "Tells", "tool": "mail_send", "level": None, "outcome": None, "answer": "cannot run",
     "reason": "no such connection", "recipients": [], "amounts": [], "later": False},
    {"id": "last", "does": "Ends", "tool": "read", "level": "green", "outcome": "allow",
     "answer": "needs no answer", "reason": "", "recipients": [], "amounts": [], "later": False},
]  # fmt: skip
ME = ("--input", "sender=me@example.com")


def test_what_there_is_is_listed(say: Say, script: Script) -> None:
    status, out, _ = say("list")
    assert status == 0
    assert "Late orders" in out
    assert "up to red, for 60 minutes" in out
    assert json.loads(say("list", "--json")[1])["id"] == "late"
    script.plans = None
    assert "Each step asks by itself" in say("list")[1]
    script.source = {}
    assert "no blueprints" in say("list")[2]


def test_a_profile_is_shown_with_recipients_sums_and_reasons(say: Say, script: Script) -> None:
    script.plan = [{"state": "refused", "steps": [*STEPS], "rule": "x", "reason": "step big: no such connection"}]
    status, out, _ = say("plan", "late", *ME)
    assert status == 1
    shown = ("→ ann@example.com", "5 EUR", "one yes to the plan", "for each of steps.orders.output.rows, 2 at most")
    for words in (*shown, "only if", "pauses first", "cannot run", "no such connection", "The plan is refused", "↩"):
        assert words in out, words
    assert "\u202e" not in out
    status, out, _ = say("plan", "late", *ME, "--json")
    assert (status, json.loads(out)["state"]) == (0, "free")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("run", "early"), "there are: late"),
        (("run", "late"), "From whom?"),
        (("run", "late", "--input", "sender"), "NAME=VALUE"),
        (("run", "late", *ME, *ME), "once for each name"),
        (("resume", "abc"), "is not a run"),
        (("status", "xyz"), "first digits"),
    ],
)
def test_what_is_wrong_is_told_with_its_fix(say: Say, words: tuple[str, ...], reason: str) -> None:
    status, _, err = say(*words)
    assert status == 2
    assert reason in err


def test_a_run_goes_to_its_pause_and_on_to_its_end(say: Say, script: Script) -> None:
    status, out, _ = say("run", "late", *ME)
    assert status == 1
    assert "✓ tell.2" in out
    assert "paused" in out
    identity = out.split("run ")[1].split()[0]
    assert f"safety blueprint resume {identity}" in out
    assert identity in say("status")[1]
    status, out, _ = say("resume", identity)
    assert (status, "done" in out) == (0, True)
    keys = [made["key"] for made in script.made]
    assert len({*keys}) == len(keys) == 6
    status, out, _ = say("status", identity)
    assert "message_id" in out
    assert json.loads(say("status", identity, "--json")[1])["state"] == "done"
    assert json.loads(say("status", "--json")[1])["state"] == "done"
    assert "already" in say("resume", identity)[2]


def lines(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def test_a_plan_that_waits_says_how_to_go_on(say: Say, script: Script) -> None:
    approval: JsonObject = {"id": "q1", "code": "ABCD-EFGH", "expires": 1.0, "digest": "d"}
    script.plan = [{"state": "pending", "approval": approval}]
    status, out, _ = say("run", "late", *ME)
    assert status == 1
    assert "approval q1, code ABCD-EFGH" in out
    identity = out.split("run ")[1].split()[0]
    script.plan = [{"state": "pending", "approval": approval}]
    told = lines(say("resume", identity, "--json")[1])
    assert told[-1]["approval"]["id"] == "q1"
    assert lines(say("resume", identity, "--one-by-one", "--json")[1])[-1]["state"] == "paused"


def test_an_act_that_waits_and_one_that_nobody_knows_of(say: Say, script: Script) -> None:
    script.runs = [{"status": "pending", "reason": "outside", "approval": {"id": "q2", "code": "X"}}]
    told = lines(say("run", "late", *ME, "--json")[1])
    identity = told[0]["run"]
    assert told[-1]["approval"]["id"] == "q2"
    doubt: JsonObject = {"status": "refused", "rule": "UncertainError", "reason": "the line was cut"}
    script.runs = [doubt, doubt]
    status, out, _ = say("resume", identity)
    assert (status, "--say orders=again" in out) == (1, True)
    status, _, err = say("resume", identity)
    assert (status, "orders=again, =done or =skip" in err) == (2, True)
    assert "must be ACT=again" in say("resume", identity, "--say", "orders=maybe")[2]
    assert say("resume", identity, "--say", "orders=again", "--json")[0] == 1


def test_a_cancelled_run_takes_back_what_it_did(say: Say, script: Script) -> None:
    identity = lines(say("run", "late", *ME, "--json")[1])[0]["run"]
    script.made.clear()
    script.executions = [
        {"id": "e0", "undo": None},
        {"id": "e1", "undo": {"tool": "mail_recall", "params": {"id": "m"}}},
    ]
    status, out, _ = say("cancel", identity)
    assert (status, "undone" in out, "a person has cancelled it" in out) == (0, True, True)
    assert [made["call"]["tool"] for made in script.made] == ["mail_recall", "mail_recall", "write"]


def test_what_nothing_takes_back_any_more_stops_the_cancelling(say: Say, script: Script) -> None:
    identity = lines(say("run", "late", *ME, "--json")[1])[0]["run"]
    status, out, _ = say("cancel", identity)
    assert (status, "take it back by hand" in out) == (1, True)
    status, out, _ = say("cancel", identity, "--say", "tell.2~back=skip")
    assert status == 1
    assert say("cancel", identity, "--say", "tell.1~back=skip")[0] == 0


def test_a_blueprint_that_was_changed_meanwhile_does_not_go_on(say: Say, script: Script) -> None:
    identity = lines(say("run", "late", *ME, "--json")[1])[0]["run"]
    script.source["title"] = "Other"
    status, _, err = say("resume", identity)
    assert (status, "as it was when the run began" in err) == (2, True)


def test_an_edge_that_is_away_is_told_and_the_run_can_be_resumed(
    say: Say, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity = lines(say("run", "late", *ME, "--json")[1])[0]["run"]

    def away(*_: Any, **__: Any) -> JsonObject:
        raise UnavailableError("edge at x", "is not running", "start it")

    with monkeypatch.context() as patched:
        patched.setattr(asked, "ask_edge", away)
        assert say("resume", identity)[0] == 1
    assert say("resume", identity)[0] == 0
