"""Requests and grants survive the wire as they are, and nothing malformed gets in."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safety_core.canonical import Digest, Json, JsonObject, canonical_bytes
from safety_core.errors import InputError
from safety_core.model.approval import ApprovalRequest, Assertion, Grant, KeyId, RequestId
from safety_core.model.level import Level
from safety_core.model.tool_call import AgentId, SessionId, TenantId
from safety_core.wire.approvals import grant_from_json, grant_to_json, request_from_json, request_to_json
from safety_core.wire.reader import Reader


def hexadecimal(digits: int) -> st.SearchStrategy[str]:
    return st.text("0123456789abcdef", min_size=digits, max_size=digits)


words = st.text(st.characters(codec="utf-8"), max_size=20)
times = st.floats(0, 2**40)
scalars = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(-1e9, 1e9) | words
params = st.dictionaries(words, scalars | st.lists(scalars, max_size=3), max_size=4)

requests = st.builds(
    ApprovalRequest,
    id=hexadecimal(32).map(RequestId),
    tenant=words.map(TenantId),
    agent=words.map(AgentId),
    session=words.map(SessionId),
    tool=words,
    params=params,
    level=st.sampled_from(Level),
    outward=st.booleans(),
    strong=st.booleans(),
    rules=st.lists(words, max_size=3).map(tuple),
    reason=words,
    action_digest=hexadecimal(64).map(Digest),
    revision=words,
    created=times,
    expires=times,
    recipients=st.lists(words, max_size=2).map(tuple),
    amounts=st.lists(words, max_size=2).map(tuple),
    quorum=st.integers(1, 9),
    edited_from=st.none() | hexadecimal(32).map(RequestId),
    files=st.dictionaries(words, hexadecimal(64).map(Digest), max_size=2),
)
some_bytes = st.binary(min_size=1, max_size=40)
assertions = st.builds(Assertion, authenticator_data=some_bytes, client_data=some_bytes, signature=some_bytes)
unsigned = st.builds(
    Grant,
    request=hexadecimal(32).map(RequestId),
    action_digest=hexadecimal(64).map(Digest),
    revision=words,
    allow=st.booleans(),
    approver=words,
    origin=words,
    nonce=hexadecimal(32),
    decided=times,
    not_after=times,
    key=words.map(KeyId),
    signature=st.just(""),
)
grants = st.builds(
    lambda grant, signature: replace(grant, signature=signature), unsigned, hexadecimal(128)
) | st.builds(lambda grant, assertion: replace(grant, assertion=assertion), unsigned, assertions)


def travelled(message: JsonObject) -> Reader:
    return Reader.parse(canonical_bytes(message), "message")


@settings(max_examples=40)
@given(requests)
def test_a_request_arrives_as_it_was_sent(request: ApprovalRequest) -> None:
    assert request_from_json(travelled(request_to_json(request))) == request


@settings(max_examples=40)
@given(grants)
def test_a_grant_arrives_as_it_was_sent(grant: Grant) -> None:
    assert grant_from_json(travelled(grant_to_json(grant))) == grant


REQUEST = request_to_json(
    ApprovalRequest(
        RequestId("0" * 32),
        TenantId("t"),
        AgentId("a"),
        SessionId("s"),
        "exec",
        {},
        Level.RED,
        False,
        False,
        (),
        "",
        Digest("0" * 64),
        "r",
        1.0,
        2.0,
    )
)
GRANT = grant_to_json(
    Grant(RequestId("0" * 32), Digest("0" * 64), "r", True, "p", "cli", "0" * 32, 1.0, 2.0, KeyId("k"), "0" * 128)
)


@pytest.mark.parametrize("name", sorted(REQUEST))
def test_a_request_without_one_of_its_fields_is_refused(name: str) -> None:
    message = {key: value for key, value in REQUEST.items() if key != name}
    with pytest.raises(InputError, match=f"message.{name}: is missing"):
        request_from_json(travelled(message))


@pytest.mark.parametrize("name", sorted(GRANT))
def test_a_grant_without_one_of_its_fields_is_refused(name: str) -> None:
    message = {key: value for key, value in GRANT.items() if key != name}
    with pytest.raises(InputError, match=f"message.{name}: is missing"):
        grant_from_json(travelled(message))


@pytest.mark.parametrize(
    ("name", "value"),
    [("id", "../../etc"), ("action_digest", "0" * 63), ("level", "purple"), ("level", "RED"), ("id", "A" * 32)],
)
def test_a_misshapen_request_is_refused_by_field(name: str, value: str) -> None:
    with pytest.raises(InputError, match=f"message.{name}: must"):
        request_from_json(travelled({**REQUEST, name: value}))


@pytest.mark.parametrize(("name", "value"), [("signature", "zz"), ("nonce", ""), ("request", "0" * 33)])
def test_a_misshapen_grant_is_refused_by_field(name: str, value: str) -> None:
    with pytest.raises(InputError, match=f"message.{name}: must match"):
        grant_from_json(travelled({**GRANT, name: value}))


def test_fields_that_nobody_knows_are_refused() -> None:
    with pytest.raises(InputError, match=r"message: has a field that is not known"):
        request_from_json(travelled({**REQUEST, "note": 1}))
    with pytest.raises(InputError, match=r"message: has a field that is not known"):
        grant_from_json(travelled({**GRANT, "note": 1}))


def test_what_a_request_does_not_say_is_left_out_for_earlier_hubs() -> None:
    assert REQUEST.keys().isdisjoint({"recipients", "amounts", "quorum", "edited_from", "files"})


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("recipients", "ann", "list of texts"),
        ("amounts", [1], "list of texts"),
        ("quorum", 0, "must lie in 1"),
        ("edited_from", "x", "must match"),
        ("files", {"run.sh": "x"}, "must match"),
        ("files", ["run.sh"], "must be an object"),
    ],
)
def test_what_a_request_says_beside_is_checked(field: str, value: Json, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        request_from_json(travelled({**REQUEST, field: value}))


ASSERTION: JsonObject = {"authenticator_data": "AAAA", "client_data": "AAA", "signature": "AA"}


@pytest.mark.parametrize("wrong", ["", "A", "AAAAA", "AA==", "A+/A", "AA A", "ü", 7, None])
@pytest.mark.parametrize("field", sorted(ASSERTION))
def test_an_assertion_is_base64url(field: str, wrong: Json) -> None:
    good = {**GRANT, "signature": "", "assertion": ASSERTION}
    assert grant_from_json(travelled(good)).assertion == Assertion(b"\0\0\0", b"\0\0", b"\0")
    with pytest.raises(InputError, match=field):
        grant_from_json(travelled({**good, "assertion": {**ASSERTION, field: wrong}}))


def test_a_grant_is_signed_by_a_key_or_by_a_passkey() -> None:
    for wrong in ({**GRANT, "signature": ""}, {**GRANT, "assertion": ASSERTION}):
        with pytest.raises(InputError, match="signature"):
            grant_from_json(travelled(wrong))
    with pytest.raises(InputError, match="not known"):
        grant_from_json(travelled({**GRANT, "signature": "", "assertion": {**ASSERTION, "id": "AA"}}))
