"""`safety usage report`: the table says what was booked."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from safety_core.cli.usage.command import usage
from safety_core.cli.usage.span import moment
from safety_core.errors import InputError, UnavailableError
from safety_core.model.usage import NANO
from tests.safety_core.cli.usage.booked import DAY, home_of


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")


def report(home: Path, *options: str) -> str:
    words = ["report", "--home", str(home), "--since", "2025-11-25", "--until", "2025-11-28", *options]
    result = CliRunner().invoke(usage, words, catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def cells(text: str, first: str) -> list[str]:
    (line,) = [line for line in text.splitlines() if f" {first} " in line]
    return [cell.strip() for cell in line.strip("│ ").split("│")]


def test_a_row_for_each_model_and_a_total(tmp_path: Path) -> None:
    shown = report(home_of(tmp_path))
    assert cells(shown, "openai/gpt-5-2025-08-07") == [
        "openai/gpt-5-2025-08-07", "2", "1,500", "150", "800", "0", "53.3%", "2.00", "-",
    ]  # fmt: skip
    assert cells(shown, "openai/gpt-5-nano")[2:] == ["~10", "~1", "0", "0", "0.0%", "no price", "-"]
    assert cells(shown, "anthropic/claude-sonnet-4-5-20250929")[-2:] == ["0.0070", "-"]
    assert cells(shown, "total")[1:] == ["4", "~3,510", "~451", "2,300", "200", "65.5%", "2.01+", "-"]
    assert "~ 1 of 4 requests came without counts" in shown
    assert "+ 1 requests have no price" in shown


def test_in_80_columns_every_name_can_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    shown = report(home_of(tmp_path))
    assert max(len(line) for line in shown.splitlines()) <= 80
    assert "…" not in shown
    assert cells(shown, "openai/gpt-5-nano")[1:] == ["1", "~10", "~1", "0.0%", "no price"]
    assert cells(shown, "total")[1:] == ["4", "~3,510", "~451", "65.5%", "2.01+"]
    assert "prompt cache: 2,300 tokens read, 200 written" in shown


def test_the_course_is_drawn(tmp_path: Path) -> None:
    shown = report(home_of(tmp_path), "--by", "agent")
    assert "tokens by the hour, at most 2,300" in shown
    (chart,) = [line for line in shown.splitlines() if "█" in line]
    assert (chart[0], chart[1], chart[-1]) == ("▄", "▂", "█")
    assert len(chart) == 25
    assert set(chart[2:-1]) == {" "}
    assert "2025-11-26 01:00 to 2025-11-27 01:00" in shown


def test_days_are_written_as_days_and_in_order(tmp_path: Path) -> None:
    shown = report(home_of(tmp_path), "--by", "day")
    assert shown.index("2025-11-26 ") < shown.index("2025-11-27 ")
    assert "2025-11-26 01:00 " in report(home_of(tmp_path), "--by", "hour")


def test_for_programs(tmp_path: Path) -> None:
    home = home_of(tmp_path)
    found: dict[str, Any] = json.loads(report(home, "--json", "--by", "provider"))
    assert [(row["key"], row["requests"], row["cost"]) for row in found["rows"]] == [
        ("anthropic", 1, 7 * NANO // 1000),
        ("openai", 3, 2 * NANO),
    ]
    rows = [*csv.DictReader(io.StringIO(report(home, "--csv", "--by", "day")))]
    assert [(row["key"], row["input_total"]) for row in rows] == [("2025-11-26", "1510"), ("2025-11-27", "2000")]


def test_nothing_is_said_to_be_nothing(tmp_path: Path) -> None:
    assert "nothing was counted" in report(home_of(tmp_path, ()))


def test_an_edge_that_does_not_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="is not running"):
        CliRunner().invoke(usage, ["report", "--socket", str(tmp_path / "s")], catch_exceptions=False)
    with pytest.raises(InputError, match="holds no usage"):
        CliRunner().invoke(usage, ["report", "--home", str(tmp_path)], catch_exceptions=False)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("7d", DAY - 7 * 86400),
        ("24h", DAY - 86400),
        ("2w", DAY - 14 * 86400),
        ("2025-11-26", DAY),
        ("2025-11-26T01:00", DAY + 3600),
        ("2025-11-26T01:00+01:00", DAY),
    ],
)
def test_times(text: str, at: int) -> None:
    assert moment(text, "--since", DAY) == at


@pytest.mark.parametrize("text", ["", "7", "d", "yesterday", "2025-13-01"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is no time"):
        moment(text, "--since", DAY)
