"""One text -> hits at their lines and columns, whatever its size and form."""

from __future__ import annotations

import base64
import json
import zlib

import pytest

from safety_core.bundle.samples import characters, invented
from safety_core.cli.scan import inspect
from safety_core.cli.scan.detectors import redactor_of
from safety_core.cli.scan.hit import Hit
from safety_core.cli.scan.inspect import hits
from safety_core.edge.shipped import shipped_bundle
from safety_core.errors import UnscannableError
from safety_core.redact.redactor import Redactor
from tests.safety_core.cli.scan.conftest import TOKEN


@pytest.fixture(scope="module")
def redactor() -> Redactor:
    return redactor_of(shipped_bundle().policy.patterns, {})


def place(hit: Hit) -> tuple[int, int, int, int]:
    return hit.line, hit.column, hit.end_line, hit.end_column


def test_lines_and_columns(redactor: Redactor) -> None:
    text = f"one\r\n\ttwo é€ {TOKEN} {TOKEN}\n\n{TOKEN}"
    assert [place(hit) for hit in hits(redactor, "x", text)] == [(2, 9, 2, 49), (2, 50, 2, 90), (4, 1, 4, 41)]


def test_a_key_over_many_lines(redactor: Redactor) -> None:
    body = "\n".join(characters(64, "base64", f"line {number}") for number in range(8))
    text = f"key:\n-----BEGIN RSA PRIVATE {''}KEY-----\n{body}\n-----END RSA PRIVATE KEY-----\nend\n"
    (hit,) = hits(redactor, "x", text)
    assert (hit.line, hit.column, hit.end_line) == (2, 1, 11)


@pytest.mark.parametrize("form", ['{\n "token": "%s"\n}', '{"a": 1}\n{"token": "%s"}\n', '["%s"]', '{not json "%s"'])
def test_escapes_hide_nothing(redactor: Redactor, form: str) -> None:
    escaped = "".join(f"\\u{ord(sign):04x}" for sign in TOKEN)
    text = form % escaped
    (hit,) = hits(redactor, "x.json", text)
    start = text.index(escaped)
    assert hit.line == text.count("\n", 0, start) + 1
    assert hit.column == start - text.rfind("\n", 0, start)


def test_a_key_gives_context_to_its_value(redactor: Redactor) -> None:
    value = invented("{24 alnum}")
    (hit,) = hits(redactor, "x.json", json.dumps({"shop": {"db_password": value}}, indent=1))
    assert (hit.line, hit.kind.value) == (3, "pattern")


def test_a_long_text_is_looked_at_in_pieces(redactor: Redactor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspect, "PIECE", 4096)
    monkeypatch.setattr(inspect, "OVERLAP", 1024)
    filler = "all work and no play makes jack a dull boy\n"
    tokens = [invented(f"ghp_{{36 alnum}} {number}").split()[0] for number in range(40)]
    for shift in range(0, 60, 7):
        text = "x" * shift + "\n" + "".join(filler * 7 + token + "\n" for token in tokens)
        whole = [(found.start, found.end) for found in redactor.text(text).findings]
        assert len(whole) == 40
        found = hits(redactor, "x", text)
        lines = text.split("\n")
        assert [lines[hit.line - 1][hit.column - 1 : hit.end_column - 1] for hit in found] == tokens


def test_what_no_piece_holds_whole_is_still_found(redactor: Redactor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspect, "PIECE", 64)
    monkeypatch.setattr(inspect, "OVERLAP", 64)
    text = "a b c d " * 7 + TOKEN + " e f g" * 30
    (hit,) = hits(redactor, "x", text)
    assert place(hit) == (1, 57, 1, 97)


def test_large_json_is_text(redactor: Redactor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspect, "WHOLE", 10)
    (hit,) = hits(redactor, "x", json.dumps({"note": TOKEN}))
    assert hit.column == 11


def test_what_nobody_can_look_into(redactor: Redactor) -> None:
    with pytest.raises(UnscannableError, match="comes to too much"):
        hits(redactor, "x", base64.b64encode(zlib.compress(bytes(2 << 20))).decode())
