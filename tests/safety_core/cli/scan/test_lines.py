"""JSON Lines, as other programs use `safety scan`."""

from __future__ import annotations

import base64
import json
import zlib
from pathlib import Path

import pytest
from click.testing import CliRunner

from safety_core.bundle.samples import invented
from safety_core.cli.scan.command import scan
from safety_core.errors import InputError

KEY = invented("{30 alnum}")
TOKEN = invented("ghp_{36 alnum}")


def answers(tmp_path: Path, *questions: dict[str, str]) -> list[dict[str, object]]:
    secrets = tmp_path / "secrets.json"
    secrets.write_text(json.dumps({"KEY": KEY}))
    lines = "".join(json.dumps(question) + "\n" for question in questions)
    done = CliRunner().invoke(scan, ["--secrets", str(secrets)], input=lines + "\n", catch_exceptions=False)
    assert done.exit_code == 0
    assert KEY not in done.stdout
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_json_lines(tmp_path: Path) -> None:
    body = json.dumps({"content": f"{KEY}\n"})
    clean, plain, parsed, odd = answers(
        tmp_path,
        {"id": "1", "text": "nothing"},
        {"id": "2", "text": f"use {KEY} and {TOKEN}"},
        {"id": "3", "text": body},
        {"id": "4", "text": "{not json " + KEY},
    )
    assert clean == {"id": "1", "findings": [], "redacted": "nothing"}
    assert plain["findings"][:1] == [{"kind": "registered", "rule": "registered", "start": 4, "end": 34}]  # type: ignore[index]
    assert str(plain["redacted"]).startswith("use SECRET_REF(KEY) and SECRET_REF(found_github_")
    assert json.loads(str(parsed["redacted"])) == {"content": "SECRET_REF(KEY)\n"}
    assert odd["redacted"] == "{not json SECRET_REF(KEY)"


def test_what_cannot_be_scanned_is_blocked(tmp_path: Path) -> None:
    packed = base64.b64encode(zlib.compress(bytes(2 << 20))).decode()
    (answer,) = answers(tmp_path, {"id": "1", "text": packed})
    assert (answer["id"], answer["findings"], answer["redacted"]) == ("1", [], "")
    assert "comes to too much" in str(answer["blocked"])


@pytest.mark.parametrize(
    ("line", "asked"), [("[]", None), ('{"id": "1"}', "1"), ("{", None), ('{"id": 7, "text": []}', 7)]
)
def test_a_line_that_is_no_question_is_answered_as_blocked(tmp_path: Path, line: str, asked: object) -> None:
    done = CliRunner().invoke(scan, [], input=line + "\n", catch_exceptions=False)
    answer = json.loads(done.stdout)
    assert (answer["id"], answer["findings"], answer["redacted"]) == (asked, [], "")
    assert "line 1" in answer["blocked"]


def test_secrets_must_be_an_object(tmp_path: Path) -> None:
    secrets = tmp_path / "secrets.json"
    secrets.write_text("[]")
    with pytest.raises(InputError, match="--secrets"):
        CliRunner().invoke(scan, ["--secrets", str(secrets)], catch_exceptions=False)
