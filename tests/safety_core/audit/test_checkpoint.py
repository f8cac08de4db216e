"""Checkpoints: what the log signed is what is read back, and no other text passes."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.signing import SigningKey, VerifyKey

from safety_core.audit.checkpoint import (
    ED25519,
    Checkpoint,
    cosign,
    key_id,
    sign,
    size_of,
    verified,
    verify_cosignature,
)
from safety_core.audit.tree import Hash
from safety_core.errors import AuditError

KEY = SigningKey(b"\x01" * 32)
WITNESS = SigningKey(b"\x02" * 32)
CHECKPOINT = Checkpoint("safety-gateway/acme", 4711, Hash(b"\x07" * 32))
NOTE = sign(CHECKPOINT, KEY)

checkpoints = st.builds(
    Checkpoint,
    st.from_regex(r"[a-zé/.-]{1,20}", fullmatch=True),
    st.integers(0, 10**15),
    st.binary(min_size=32, max_size=32).map(Hash),
)


def test_the_text_is_the_shared_format() -> None:
    body, _, signatures = NOTE.partition("\n\n")
    assert body.split("\n") == ["safety-gateway/acme", "4711", base64.b64encode(b"\x07" * 32).decode()]
    assert signatures.startswith("— safety-gateway/acme ")
    assert signatures.endswith("\n")


def test_key_ids_are_those_of_other_tools() -> None:
    # The key of the example in the package documentation of golang.org/x/mod/sumdb/note.
    text = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    public = VerifyKey(base64.b64decode(text.split("+", 2)[2])[1:])
    assert key_id("PeterNeumann", public, ED25519).hex() == text.split("+")[1]


@settings(max_examples=50)
@given(checkpoints)
def test_what_was_signed_is_read_back(checkpoint: Checkpoint) -> None:
    note = sign(checkpoint, KEY)
    assert verified(note, KEY.verify_key) == checkpoint
    assert size_of(note) == checkpoint.size


@settings(max_examples=50)
@given(st.integers(0, len(NOTE) - 1), st.characters(codec="utf-8"))
def test_no_changed_character_passes(position: int, character: str) -> None:
    changed = NOTE[:position] + character + NOTE[position + 1 :]
    if changed != NOTE:
        with pytest.raises(AuditError):
            verified(changed, KEY.verify_key)


def test_another_key_is_refused() -> None:
    with pytest.raises(AuditError, match="is not signed by this log's key"):
        verified(NOTE, WITNESS.verify_key)


def test_foreign_lines_do_not_disturb_and_do_not_help() -> None:
    foreign = NOTE.partition("\n\n")[0] + "\n\n— other AAAA\n" + NOTE.partition("\n\n")[2]
    assert verified(foreign, KEY.verify_key) == CHECKPOINT
    key_id = base64.b64decode(NOTE.split(" ")[-1])[:4]
    short = NOTE.partition("\n\n")[0] + f"\n\n— {CHECKPOINT.origin} {base64.b64encode(key_id).decode()}\n"
    with pytest.raises(AuditError, match="is not signed"):
        verified(short, KEY.verify_key)


@pytest.mark.parametrize(
    "note",
    [
        "",
        "a\n1\n",
        NOTE[:-1],
        NOTE + "— x AAAA\n" * 16,
        NOTE.replace("4711", "04711"),
        NOTE.replace("4711", "-1"),
        NOTE.replace("Bwc=\n\n", "\n\n"),
        NOTE.replace("BwcH", "Bwc!", 1),
        NOTE.replace("Bwc=\n\n", "Bwd=\n\n"),
        NOTE.replace("4711\n", "4711\nBwc=\n"),
        NOTE.replace("\n", "\r\n"),
        "two words\n" + NOTE.partition("\n")[2],
    ],
)
def test_what_is_no_checkpoint_is_refused(note: str) -> None:
    with pytest.raises(AuditError):
        verified(note, KEY.verify_key)


@pytest.mark.parametrize("origin", ["", "two words", "a+b", "a\nb"])
def test_an_origin_that_cannot_be_a_key_name_is_refused(origin: str) -> None:
    with pytest.raises(AuditError, match="origin"):
        sign(Checkpoint(origin, 0, CHECKPOINT.root), KEY)


def test_a_witness_says_when_it_saw_the_checkpoint() -> None:
    seen = cosign(NOTE, "hub.example", WITNESS, 1_800_000_000)
    assert verified(seen, KEY.verify_key) == CHECKPOINT
    assert verify_cosignature(seen, "hub.example", WITNESS.verify_key) == 1_800_000_000


@pytest.mark.parametrize(
    ("name", "key"), [("hub.example", KEY), ("other.example", WITNESS), ("safety-gateway/acme", KEY)]
)
def test_another_witness_is_refused(name: str, key: SigningKey) -> None:
    seen = cosign(NOTE, "hub.example", WITNESS, 1_800_000_000)
    with pytest.raises(AuditError, match="is not cosigned"):
        verify_cosignature(seen, name, key.verify_key)


def test_a_cosignature_does_not_move_to_another_checkpoint() -> None:
    seen = cosign(NOTE, "hub.example", WITNESS, 5)
    other = sign(Checkpoint(CHECKPOINT.origin, 4712, CHECKPOINT.root), KEY)
    with pytest.raises(AuditError, match="is not cosigned"):
        verify_cosignature(other + seen.splitlines(keepends=True)[-1], "hub.example", WITNESS.verify_key)
