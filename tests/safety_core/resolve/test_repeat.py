"""What a second try would do: what is not known to be harmless asks a person."""

from __future__ import annotations

import pytest

from safety_core.canonical import JsonObject
from safety_core.model.connection import Connection
from safety_core.model.execution import Repeat
from safety_core.model.facts import Action, Facts, Kind
from safety_core.resolve import ArgvPlan, FilePlan, HttpPlan, Plan, ServicePlan, ShellPlan, repeat_of

CATALOGUE: JsonObject = {
    "adapters": {"mail": {"repeat": "keyed"}, "list": {"repeat": "safe"}, "sql": {}, "odd": "no manifest"}
}
WRITES = Facts("t", "a", (Action(Kind.WRITE, "s", "f"),))
READS = Facts("t", "a", (Action(Kind.READ, "s", "f"), Action(Kind.READ, "s", "g")))


def service(adapter: str) -> ServicePlan:
    return ServicePlan(adapter, Connection("c", adapter, "t"), "do", {}, (), 1.0)


def http(method: str, *, keyed: bool = False) -> HttpPlan:
    return HttpPlan(method, "https://a.example/", (), "", (), 1.0, keyed=keyed)


def file(operation: str) -> FilePlan:
    return FilePlan(operation, "/srv", "x", "", "", ())


@pytest.mark.parametrize(
    ("plan", "repeat"),
    [
        (http("GET"), Repeat.SAFE),
        (http("HEAD"), Repeat.SAFE),
        (http("POST"), Repeat.ASK),
        (http("DELETE"), Repeat.ASK),
        (http("POST", keyed=True), Repeat.KEYED),
        (file("write"), Repeat.SAFE),
        (file("append"), Repeat.ASK),
        (file("edit"), Repeat.ASK),
        (ShellPlan("x", "/", (), 1.0), Repeat.ASK),
        (ArgvPlan(("x",), "/", "", (), 1.0), Repeat.ASK),
        (service("mail"), Repeat.KEYED),
        (service("list"), Repeat.SAFE),
        (service("sql"), Repeat.ASK),
        (service("odd"), Repeat.ASK),
        (service("never heard of"), Repeat.ASK),
    ],
)
def test_each_plan(plan: Plan, repeat: Repeat) -> None:
    assert repeat_of(plan, WRITES, CATALOGUE) is repeat
    assert repeat_of(plan, READS, CATALOGUE) is Repeat.SAFE
    assert repeat_of(plan, Facts("t", "a", READS.actions, ("something",)), CATALOGUE) is repeat
    assert repeat_of(plan, Facts("t", "a"), {}) is repeat or isinstance(plan, ServicePlan)
