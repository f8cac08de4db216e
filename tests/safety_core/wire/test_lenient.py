"""What is understood is read; what is not is nothing."""

from __future__ import annotations

import pytest

from safety_core.canonical import Json
from safety_core.wire.lenient import object_of, objects, parsed


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b'{"a": [1]}', {"a": [1]}),
        ("null", None),
        (b"\xff{", None),
        ("{", None),
        ("[" * 200_000, None),
        ("9" * 5000, None),
    ],
)
def test_what_is_no_document_is_none(raw: bytes | str, value: Json) -> None:
    assert parsed(raw) == value


def test_what_is_no_object_is_passed_over() -> None:
    assert [*objects([{"a": 1}, 2, None, {}])] == [{"a": 1}, {}]
    assert [*objects({"a": 1})] == []
    assert object_of({"a": 1}) == {"a": 1}
    assert object_of([{"a": 1}]) == {}
