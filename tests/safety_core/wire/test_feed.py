"""What the hub tells an edge, and what the edge tells of it, arrive as they were sent; nothing malformed gets in."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safety_core.canonical import Digest, JsonObject, canonical_bytes
from safety_core.errors import InputError, LimitError
from safety_core.model.approval import (
    ApprovalState,
    Assertion,
    Cancellation,
    Edit,
    FeedItem,
    KeyId,
    Report,
    RequestId,
    StandingGrant,
    StandingReport,
    Withdrawal,
)
from safety_core.model.tool_call import AgentId, TenantId
from safety_core.wire.feed import (
    EDIT_BYTES,
    REPORTS,
    USES,
    Told,
    item_from_json,
    item_to_json,
    told_from_json,
    told_to_json,
)
from safety_core.wire.reader import Reader
from tests.safety_core.wire.test_approvals import grants, hexadecimal, params, times, words

ids = hexadecimal(32)
some = st.binary(min_size=1, max_size=40)
assertions = st.builds(Assertion, some, some, some)
edits = st.builds(
    Edit,
    request=ids.map(RequestId),
    action_digest=hexadecimal(64).map(Digest),
    params=params,
    approver=words,
    origin=words,
    nonce=ids,
    decided=times,
    key=words.map(KeyId),
    signature=hexadecimal(128),
)
fields: dict[str, Any] = {
    "id": ids,
    "tenant": words.map(TenantId),
    "agent": words.map(AgentId),
    "tool": words,
    "recipient": words,
    "not_after": times,
    "uses": st.integers(1, USES),
    "approver": words,
    "origin": words,
    "decided": times,
    "key": words.map(KeyId),
}
by_key = st.builds(StandingGrant, **fields, signature=hexadecimal(128))
by_passkey = st.builds(StandingGrant, **fields, signature=st.just(""), assertion=assertions)
ends = st.builds(Withdrawal, ids) | st.builds(Cancellation, ids.map(RequestId), words)
items = grants | edits | by_key | by_passkey | ends
reports = st.builds(
    Report,
    request=ids.map(RequestId),
    state=st.sampled_from(ApprovalState),
    by=words,
    at=times,
    replaced=st.none() | ids.map(RequestId),
    refused=st.sampled_from(["", "floor: no_audit_tampering", "InputError"]),
)
ends_of_grants = st.sampled_from(["", "withdrawn", "WeakApproverError"])
of_grants = st.builds(StandingReport, ids, st.integers(0, USES), ends_of_grants)


def travelled(message: JsonObject) -> Reader:
    return Reader.parse(canonical_bytes(message), "message")


@settings(max_examples=60)
@given(items)
def test_an_item_arrives_as_it_was_sent(item: FeedItem) -> None:
    assert item_from_json(travelled(item_to_json(item))) == item


@settings(max_examples=30)
@given(st.builds(Told, st.lists(reports, max_size=4).map(tuple), st.lists(of_grants, max_size=4).map(tuple)))
def test_reports_arrive_as_they_were_sent(told: Told) -> None:
    assert told_from_json(travelled(told_to_json(told))) == told


EDIT = Edit(RequestId("0" * 32), Digest("1" * 64), {}, "Olga", "console", "2" * 32, 1.0, KeyId("k"), "3" * 128)
STANDING = StandingGrant(
    "0" * 32, TenantId("t"), AgentId("a"), "mail", "@x.example", 9.0, 5, "Olga", "console", 1.0, KeyId("k"), "3" * 128
)
PASSKEY = StandingGrant(
    "0" * 32,
    TenantId("t"),
    AgentId("a"),
    "mail",
    "@x.example",
    9.0,
    5,
    "Olga",
    "console",
    1.0,
    KeyId("k"),
    "",
    Assertion(b"1", b"2", b"3"),
)
SAID: tuple[FeedItem, ...] = (EDIT, STANDING, Withdrawal("4" * 32), Cancellation(RequestId("5" * 32), "Olga"))


def at(item: FeedItem) -> tuple[str, dict[str, Any]]:
    ((kind, body),) = item_to_json(item).items()
    assert isinstance(body, dict)
    return kind, body


@pytest.mark.parametrize("item", SAID, ids=lambda item: type(item).__name__)
def test_an_item_without_one_of_its_fields_is_refused(item: FeedItem) -> None:
    kind, body = at(item)
    for name in body:
        with pytest.raises(InputError, match=rf"message\.{kind}\.{name}: is missing"):
            item_from_json(travelled({kind: {key: value for key, value in body.items() if key != name}}))


@pytest.mark.parametrize("item", SAID, ids=lambda item: type(item).__name__)
def test_an_item_with_a_field_too_many_is_refused(item: FeedItem) -> None:
    kind, body = at(item)
    for message in ({kind: {**body, "more": 1}}, {kind: body, "more": 1}):
        with pytest.raises(InputError, match="has a field that is not known"):
            item_from_json(travelled(message))


@pytest.mark.parametrize(
    ("item", "name", "value"),
    [
        (EDIT, "request", "A" * 32),
        (EDIT, "action_digest", "0" * 63),
        (EDIT, "signature", ""),
        (EDIT, "params", []),
        (STANDING, "id", "../x"),
        (STANDING, "uses", 0),
        (STANDING, "uses", USES + 1),
        (STANDING, "signature", "0"),
        (STANDING, "recipient", "x" * 255),
        (PASSKEY, "signature", "3" * 128),
        (PASSKEY, "assertion", {"authenticator_data": "%", "client_data": "", "signature": ""}),
        (PASSKEY, "assertion", {"authenticator_data": "ä", "client_data": "", "signature": ""}),
        (SAID[2], "id", "0"),
        (SAID[3], "request", ""),
    ],
)
def test_a_misshapen_item_is_refused_by_field(item: FeedItem, name: str, value: Any) -> None:
    kind, body = at(item)
    with pytest.raises(InputError, match=rf"message\.{kind}\.{name}"):
        item_from_json(travelled({kind: {**body, name: value}}))


def test_an_edit_that_no_agent_could_be_told_is_refused() -> None:
    kind, body = at(EDIT)
    with pytest.raises(LimitError, match=r"message\.edit\.params: is larger than"):
        item_from_json(travelled({kind: {**body, "params": {"text": "x" * EDIT_BYTES}}}))


def test_an_item_of_a_kind_that_is_not_known_is_refused() -> None:
    with pytest.raises(InputError, match="update the edge"):
        item_from_json(travelled({"order": {}}))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("request", "0"),
        ("state", "lost"),
        ("refused", "<b>floor</b>"),
        ("replaced", "x"),
        ("by", "x" * 4097),
        ("refused", "x" * 121),
        ("more", 1),
    ],
)
def test_a_misshapen_report_is_refused(name: str, value: Any) -> None:
    good = {"request": "0" * 32, "state": "used", "by": "Olga", "at": 1.0}
    with pytest.raises(InputError):
        told_from_json(travelled({"reports": [{**good, name: value}]}))


@pytest.mark.parametrize(
    ("name", "value"), [("id", "0"), ("remaining", -1), ("remaining", USES + 1), ("ended", "<b>"), ("more", 1)]
)
def test_a_misshapen_report_of_an_outward_grant_is_refused(name: str, value: Any) -> None:
    good = {"id": "0" * 32, "remaining": 1, "ended": ""}
    assert told_from_json(travelled({"reports": [], "standing": [good]})).standing
    with pytest.raises(InputError):
        told_from_json(travelled({"reports": [], "standing": [{**good, name: value}]}))


def test_reports_come_in_messages_of_a_bounded_length() -> None:
    good = {"request": "0" * 32, "state": "used", "by": "Olga", "at": 1.0}
    assert len(told_from_json(travelled({"reports": [good] * REPORTS})).questions) == REPORTS
    with pytest.raises(LimitError):
        told_from_json(travelled({"reports": [good] * (REPORTS + 1)}))
    with pytest.raises(InputError):
        told_from_json(travelled({"reports": [], "more": 1}))
