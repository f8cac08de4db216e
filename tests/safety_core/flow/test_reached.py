"""A call of a connected service is as grave as the service makes it, and reaches the service where it names nobody."""

from __future__ import annotations

from dataclasses import replace

import pytest

from safety_core.canonical import Json, JsonObject
from safety_core.flow.answers import Context
from safety_core.flow.case import read
from safety_core.flow.reached import hints_of
from safety_core.model.connection import Connection, Operation
from safety_core.model.facts import Facts, Kind, Target, TargetKind, Zone
from safety_core.model.tool_call import Hint, ToolCall
from tests.safety_core.flow.conftest import call, catalogue, context, rules

OUTSIDE = frozenset({Hint.WRITES, Hint.OPEN_WORLD})
SHOP = Connection(
    "shop", "rest", "https://shop.example/v1",
    operations={name: Operation(name, hints=OUTSIDE) for name in ("change_label", "list_things")},
)  # fmt: skip
NOTES = Connection("notes", "mcp", "notes-server", operations={"keep": Operation("keep", hints=OUTSIDE)})
ERP = Connection("erp", "webhook", "https://erp.example:8443/in")
HOST = Target(TargetKind.HOST, "shop.example", Zone.OUTSIDE)


def here(*connections: Connection, **tools: JsonObject) -> Context:
    listed: Json = {**catalogue()["tools"], **tools}  # type: ignore[dict-item]
    policy = replace(rules(), catalogue={**catalogue(), "tools": listed})
    return replace(
        context(), policy=policy, connections={each.name: each for each in connections or (SHOP, NOTES, ERP)}
    )


def asked(tool: str, **params: Json) -> ToolCall:
    return replace(call(), tool=tool, params=params)


def facts(tool: str, where: Context, **params: Json) -> Facts:
    return read(asked(tool, **params), where, {}).facts


def test_what_the_service_says_makes_the_call_graver() -> None:
    assert hints_of(asked("shop.change_label"), here()) == OUTSIDE
    assert hints_of(asked("shop.gone"), here()) == frozenset()
    assert hints_of(asked("exec"), here()) == frozenset()


def test_a_method_is_a_guess_until_the_operation_is_listed() -> None:
    listed: JsonObject = {"effect": "read", "words": "looks"}
    where = here(**{"shop.list_things": listed, "notes.keep": listed})
    assert hints_of(asked("shop.list_things"), where) == frozenset()
    assert [action.kind for action in facts("shop.list_things", where).actions] == [Kind.READ]
    assert hints_of(asked("notes.keep"), where) == OUTSIDE


def test_what_is_kept_by_an_mcp_server_outside_of_this_network_goes_outside() -> None:
    silent = {"save_note": Operation("save_note"), "get_note": Operation("get_note")}
    afar = Connection("afar", "mcp", "https://notes.example/mcp", operations=silent)
    found = facts("afar.save_note", here(afar), text="all that we know")
    assert found.recipients == (Target(TargetKind.HOST, "notes.example", Zone.OUTSIDE),)
    assert facts("afar.get_note", here(afar), id="7").recipients == ()
    for near in (replace(afar, private=True), replace(afar, target="notes-server")):
        assert facts("afar.save_note", here(near), text="x").recipients == ()
    listed: JsonObject = {"effect": "write", "words": "keeps a note"}
    assert hints_of(asked("afar.save_note"), here(afar, **{"afar.save_note": listed})) == frozenset()


def test_an_outward_action_that_names_nobody_reaches_the_service() -> None:
    assert facts("shop.change_label", here()).recipients == (HOST,)


@pytest.mark.parametrize("named", [{}, {"connection": "erp"}])
def test_a_webhook_reaches_its_receiver(named: JsonObject) -> None:
    found = facts("webhook_send", here(), event="x", **named)
    assert found.recipients == (Target(TargetKind.HOST, "erp.example", Zone.OUTSIDE),)


def test_where_nobody_knows_which_service_is_meant_nobody_is_named() -> None:
    two = here(ERP, replace(ERP, name="other", target="https://other.example"))
    assert facts("webhook_send", two, event="x").recipients == ()
    assert facts("webhook_send", two, event="x", connection=["erp"]).recipients == ()
    assert facts("webhook_send", two, event="x", connection="gone").recipients == ()
    assert facts("webhook_send", two, event="x", connection="other").recipients[0].value == "other.example"


def test_a_program_on_this_machine_is_no_host() -> None:
    found = facts("notes.keep", here())
    assert any(action.kind is Kind.OUTWARD for action in found.actions)
    assert found.recipients == ()


def test_whom_a_call_names_stays_whom_it_reaches() -> None:
    found = facts("message", here(), action="send", channel="mail", to="a@b.example", message="x")
    assert "a@b.example" in {target.value for target in found.recipients}
    assert facts("unheard_send_mail", here(), text="x").recipients == ()
