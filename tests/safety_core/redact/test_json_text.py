"""A JSON text stays one, and the same everywhere else."""

from __future__ import annotations

import base64
import json

import pytest

from safety_core.errors import UnscannableError
from safety_core.redact.json_text import check_json, check_lines
from tests.safety_core.redact.conftest import FOREIGN, KEY, NUMBER, QUOTED, TOKEN, redactor

CLEAN = redactor()


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        (f'{{ "a" : "x {KEY} y",\n"b":1.50 }}', '{ "a" : "x SECRET_REF(KEY) y",\n"b":1.50 }'),
        (f'{{"{KEY}": []}}', '{"SECRET_REF(KEY)": []}'),
        (f"[{NUMBER}, -{NUMBER}, {NUMBER}1]", '["SECRET_REF(NUMBER)", "SECRET_REF(NUMBER)", "SECRET_REF(NUMBER)"]'),
        (json.dumps([QUOTED]), '["SECRET_REF(QUOTED)"]'),
        (json.dumps([FOREIGN]), '["SECRET_REF(FOREIGN)"]'),
        (json.dumps([FOREIGN], ensure_ascii=False), '["SECRET_REF(FOREIGN)"]'),
        ('["' + "".join(f"\\u{ord(mark):04X}" for mark in KEY) + '\\n"]', '["SECRET_REF(KEY)\\n"]'),
        (json.dumps([json.dumps({"k": QUOTED})]), '["{\\"k\\": \\"SECRET_REF(QUOTED)\\"}"]'),
        (f'["\\ud83d\\ude00{KEY}\\ud83d"]', '["\\ud83d\\ude00SECRET_REF(KEY)\\ud83d"]'),
        (f'["{KEY[:8]}", "{KEY[8:]}", true]', '["SECRET_REF(KEY)", "SECRET_REF(KEY)", true]'),
        (f'["{base64.b64encode(TOKEN.encode()).decode()}"]', '["SECRET_REF(TOKEN)"]'),
        (f'{{"a": "\\n{KEY}"}}', '{"a": "\\nSECRET_REF(KEY)"}'),
    ],
)
def test_only_strings_and_numbers_change(text: str, clean: str) -> None:
    assert CLEAN.json_text(text).text == clean
    assert CLEAN.json_text(clean).text is clean


def test_positions_are_those_of_the_json_text() -> None:
    text = f'{{"a": "\\n{KEY}"}}'
    (finding,) = CLEAN.json_text(text).findings
    assert text[finding.start : finding.end] == KEY


def test_what_lies_between_strings_is_no_finding() -> None:
    text = '{"abc": [1]}'
    assert redactor((), MARKS='": [').json_text(text).text is text


@pytest.mark.parametrize("text", ['{"a":1,"a":2}', "{", "[NaN]", '["\\ud800"]', "[" * 70 + "]" * 70, "[1] 2"])
def test_what_two_parsers_may_read_differently_is_refused(text: str) -> None:
    with pytest.raises(UnscannableError):
        check_json(text)
    with pytest.raises(UnscannableError):
        check_lines(f"[1]\n\n{text}\n")


def test_lines() -> None:
    check_lines('{"a":1}\n\n[2]\n')
