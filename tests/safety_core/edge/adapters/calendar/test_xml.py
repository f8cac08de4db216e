"""Answers of a server that means no good."""

from __future__ import annotations

import pytest

from safety_core.edge.adapters.calendar.xml import DAV, parsed

GOOD = b'<d:multistatus xmlns:d="DAV:"><d:response><d:href> /a&amp;b/ </d:href></d:response></d:multistatus>'


def test_what_is_said_is_read() -> None:
    assert parsed(GOOD).said(f"{DAV}href") == "/a&b/"
    assert parsed(GOOD).said(f"{DAV}prop") == ""


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"no xml",
        GOOD[:-5],
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b'<!DOCTYPE a SYSTEM "http://localhost/x"><a/>',
        b"<!DOCTYPE a><a/>",
        b"<a>" * 50 + b"</a>" * 50,
        b"<a>" + b"<b/>" * 200_001 + b"</a>",
    ],
    ids=["empty", "no xml", "cut off", "an entity", "another file", "a type", "deep", "long"],
)
def test_what_is_not_read(raw: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - it says no more
        parsed(raw)
