"""What the plugin sends is parsed whole or refused by the name of the field."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety_core.errors import InputError, LimitError
from safety_core.model.tool_call import Hint, TenantId
from safety_core.wire.calls import (
    agent_from,
    ended_from,
    hints_from,
    proposal_from,
    report_from,
    ticket_from,
    value_from,
)
from safety_core.wire.reader import parse_json

TENANT = TenantId("bakery")
CALL: dict[str, Any] = {"id": "c1", "tool": "exec", "params": {"command": "ls"}, "agent": "main", "session": "s"}


def raw(body: Any) -> bytes:
    return json.dumps(body).encode()


def test_a_proposal_is_the_tenants_own_whatever_it_says() -> None:
    proposal = proposal_from(raw({"call": CALL, "wait": 2.5}), TENANT)
    assert (proposal.call.tenant, proposal.call.tool, proposal.call.params) == (TENANT, "exec", {"command": "ls"})
    assert proposal.wait == 2.5
    with pytest.raises(InputError, match=r"request\.call: has a field that is not known"):
        proposal_from(raw({"call": {**CALL, "tenant": "other"}}), TENANT)


def test_wait_and_session_may_be_left_out() -> None:
    call = {name: value for name, value in CALL.items() if name != "session"}
    proposal = proposal_from(raw({"call": call}), TENANT)
    assert (proposal.wait, proposal.call.session) == (None, "")


@pytest.mark.parametrize(
    ("annotations", "hints"),
    [
        ({}, set()),
        ({"readOnlyHint": True, "destructiveHint": False, "openWorldHint": False, "idempotentHint": True}, set()),
        ({"readOnlyHint": False}, {Hint.WRITES}),
        ({"destructiveHint": True, "title": "Shred"}, {Hint.DESTRUCTIVE}),
        ({"openWorldHint": True}, {Hint.OPEN_WORLD}),
        ({"readOnlyHint": "no", "destructiveHint": None, "openWorldHint": 1}, set(Hint)),
    ],
)
def test_of_annotations_only_the_graver_ones_are_believed(annotations: dict[str, Any], hints: set[Hint]) -> None:
    assert hints_from(annotations) == hints
    assert proposal_from(raw({"call": {**CALL, "hints": annotations}}), TENANT).call.hints == hints


def test_a_report_carries_any_result() -> None:
    assert report_from(raw({"call": CALL, "result": [1, {"a": None}]}), TENANT).result == [1, {"a": None}]
    assert report_from(raw({"call": CALL, "result": None}), TENANT).result is None
    with pytest.raises(InputError, match=r"request\.result: is missing"):
        report_from(raw({"call": CALL}), TENANT)


def test_what_is_over_says_how_long_it_took_and_whether_it_went_wrong() -> None:
    ended = ended_from(raw({"call": CALL, "ms": 12, "error": True}), TENANT)
    assert (ended.call.id, ended.milliseconds, ended.failed) == ("c1", 12, True)
    for change in ({"ms": -1}, {"ms": 1.5}, {"error": "no"}, {"more": 1}):
        with pytest.raises(InputError):
            ended_from(raw({"call": CALL, "ms": 12, "error": True, **change}), TENANT)


def test_a_ticket_is_32_hexadecimal_digits_and_no_other_field() -> None:
    assert ticket_from(raw({"ticket": "0a" * 16})) == "0a" * 16
    for wrong in ({}, {"ticket": "0A" * 16}, {"ticket": "0a"}, {"ticket": "0a" * 16, "agent": "main"}):
        with pytest.raises(InputError):
            ticket_from(raw(wrong))


def test_who_asks_is_an_agent_and_no_other_field() -> None:
    assert agent_from(raw({"agent": "main"})) == "main"
    for wrong in ({}, {"agent": ""}, {"agent": "main", "name": "x"}):
        with pytest.raises(InputError):
            agent_from(raw(wrong))


def test_a_value_to_redact() -> None:
    assert value_from(b'{"value": "x"}') == "x"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"id": ""}, r"request\.call\.id: must not be empty"),
        ({"tool": 3}, r"request\.call\.tool: must be text"),
        ({"tool": "a\x1b[2J"}, r"request\.call\.tool: holds a control"),
        ({"tool": "a\u202eb"}, r"request\.call\.tool: holds a control or format"),
        ({"agent": "a" * 201}, r"request\.call\.agent: is longer"),
        ({"params": []}, r"request\.call\.params: must be an object"),
        ({"session": "\n"}, r"request\.call\.session"),
        ({"extra": 1}, r"request\.call: has a field that is not known"),
    ],
)
def test_a_call_that_is_none_is_refused_by_name(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        proposal_from(raw({"call": {**CALL, **change}}), TENANT)


def test_nobody_waits_a_negative_time() -> None:
    with pytest.raises(InputError, match=r"request\.wait"):
        proposal_from(raw({"call": CALL, "wait": -1}), TENANT)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (b"", InputError),
        (b"\xff", InputError),
        (b'{"value": "\\ud800"}', InputError),
        (b'{"value": 1e999}', InputError),
        (b'{"value": NaN}', InputError),
        (b'{"value": 1, "value": 2}', InputError),
        (b'{"value": ' + b"9" * 5000 + b"}", LimitError),
        (b'{"value": ' + b"[" * 70 + b"]" * 70 + b"}", LimitError),
        (b'{"value": ' + b"[" * 100_000, LimitError),
    ],
)
def test_bytes_that_are_no_message_are_refused(text: bytes, error: type[InputError]) -> None:
    with pytest.raises(error):
        value_from(text)


@given(st.binary(max_size=200))
def test_any_bytes_parse_or_are_refused(text: bytes) -> None:
    for parse in (lambda: proposal_from(text, TENANT), lambda: parse_json(text, "x")):
        try:
            parse()
        except InputError as error:
            assert error.thing  # noqa: PT017 - parsing may succeed, too
