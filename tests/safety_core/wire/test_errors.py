"""An error as JSON, there and back."""

from __future__ import annotations

import pytest

from safety_core.canonical import canonical_bytes
from safety_core.errors import InputError, PolicyError
from safety_core.wire.errors import error_from_json, error_to_json


@pytest.mark.parametrize("fix", ["write ask", ""])
def test_an_error_arrives_as_it_was_told(fix: str) -> None:
    told = error_from_json(canonical_bytes(error_to_json(PolicyError("matrix", "is looser than red", fix))))
    assert (told.thing, told.reason, told.fix) == ("matrix", "is looser than red", fix)


@pytest.mark.parametrize("raw", [b"", b"<html>", b"[]", b'{"error": "no"}', b'{"error": {"thing": "x"}}'])
def test_what_tells_no_error_is_refused(raw: bytes) -> None:
    with pytest.raises(InputError):
        error_from_json(raw)
