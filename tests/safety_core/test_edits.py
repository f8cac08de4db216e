"""An edit counts for nothing but its question, and only under a key that policy pins."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from nacl.signing import SigningKey

from safety_core.approve import Answer, key_id
from safety_core.canonical import Digest
from safety_core.edits import check_edit, edit_bytes, edit_of
from safety_core.errors import (
    ExpiredGrantError,
    ForgedGrantError,
    GrantError,
    InputError,
    LimitError,
    MismatchedGrantError,
)
from safety_core.model.approval import Edit, KeyId, RequestId
from safety_core.model.level import Level
from safety_core.model.policy import ApproverKey, KeyKind, Policy
from safety_core.wire.feed import EDIT_BYTES
from tests.simulators.hub import question
from tests.simulators.policies import policy

HUB = SigningKey(b"1" * 32)
SAID = Answer(allow=True, approver="Olga", origin="console", nonce="0" * 32)
ASKED = question()


def edited(**changes: Any) -> Edit:
    edit = edit_of(ASKED, {"command": "ls"}, HUB, KeyKind.HUB, SAID, ASKED.created + 5)
    edit = replace(edit, **changes)
    return replace(edit, signature=HUB.sign(edit_bytes(edit)).signature.hex()) if changes else edit


def pinning(**changes: Any) -> Policy:
    public = HUB.verify_key.encode().hex()
    key = ApproverKey(key_id(KeyKind.HUB, HUB.verify_key), KeyKind.HUB, public, Level.RED)
    return policy(approvers=(replace(key, **changes),))


def test_the_pinned_keys_edit_of_this_question_counts() -> None:
    assert check_edit(edited(), ASKED, pinning()).kind is KeyKind.HUB
    assert check_edit(edited(), ASKED, pinning(names=frozenset({"Olga"}))).up_to is Level.RED


def test_what_its_key_did_not_sign_is_forged() -> None:
    for forged in (
        replace(edited(), params={"command": "rm -r /"}),
        replace(edited(), signature="0" * 128),
        replace(edited(), request=RequestId("f" * 32)),
        edited(key=KeyId("hub-0000000000000000")),
    ):
        with pytest.raises(ForgedGrantError):
            check_edit(forged, ASKED, pinning())
    with pytest.raises(ForgedGrantError, match="somebody else"):
        check_edit(edited(), ASKED, pinning(names=frozenset({"Paul"})))


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"request": RequestId("f" * 32)}, MismatchedGrantError),
        ({"action_digest": Digest("f" * 64)}, MismatchedGrantError),
        ({"decided": ASKED.expires + 1}, ExpiredGrantError),
    ],
)
def test_a_signed_edit_of_something_else_does_not_count(changes: dict[str, Any], error: type[GrantError]) -> None:
    with pytest.raises(error):
        check_edit(edited(**changes), ASKED, pinning())


def test_what_is_longer_than_an_agent_can_be_told_is_not_even_signed() -> None:
    with pytest.raises(LimitError):
        edit_of(ASKED, {"text": "x" * EDIT_BYTES}, HUB, KeyKind.HUB, SAID, ASKED.created)
    with pytest.raises(InputError, match="holds a whole number past"):
        edit_of(ASKED, {"limit": 1e18}, HUB, KeyKind.HUB, SAID, ASKED.created)
