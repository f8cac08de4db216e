"""What the server is told in RCPT TO is what was judged, whatever an agent writes."""

from __future__ import annotations

from email.utils import getaddresses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety_core.classify.facts import facts_of
from safety_core.edge.adapters.recipients import MOST, addresses_of, header_of, recipients
from safety_core.edge.shipped import shipped_bundle
from safety_core.errors import ExecutionError
from tests.simulators.judging import WORKSPACE, call_of

CATALOGUE = shipped_bundle().policy.catalogue

WORDS = ["bo@mill.test", "eve@evil.test", "<eve@evil.test>", '"bo@mill.test"', "Bo", "=?utf-8?q?a?=", "ü", "\r\n"]
SIGNS = ',;:<>()"\\@%!. \t\n\0\x85\u200b\u2024\uff20'
PIECES = st.sampled_from([*WORDS, *SIGNS])
WRITTEN = st.lists(PIECES, max_size=8).map("".join) | st.text(max_size=30)
VALUES = WRITTEN | st.lists(WRITTEN, max_size=3) | st.dictionaries(st.sampled_from(["name", "address"]), WRITTEN)


@given(to=VALUES, bcc=VALUES)
def test_no_address_escapes_the_gate(to: Any, bcc: Any) -> None:
    arguments = {"to": to, "bcc": bcc}
    try:
        found = recipients(arguments, "to", "cc", "bcc")
        header = header_of(found["to"])
    except ExecutionError:
        return
    envelope = addresses_of(found)
    judged = [target.value for target in facts_of(call_of("mail_send", arguments), CATALOGUE, WORKSPACE).recipients]
    assert set(envelope) == {address for address in judged if address}
    assert [address for _, address in getaddresses([header])] == found["to"] or not found["to"]
    assert all(address.isascii() and address.isprintable() and " " not in address for address in envelope)


def test_plain_addresses_are_taken_as_they_are() -> None:
    found = recipients({"to": "Bo <bo@mill.test>, cy+x@mill.test; bo@mill.test", "cc": ["di_1@a-b.test"]}, "to", "cc")
    assert found == {"to": ["bo@mill.test", "cy+x@mill.test"], "cc": ["di_1@a-b.test"]}


def test_not_everybody_is_written_to_at_once() -> None:
    with pytest.raises(ExecutionError, match=f"more than {MOST}"):
        recipients({"to": [f"n{n}@mill.test" for n in range(MOST + 1)]}, "to")
