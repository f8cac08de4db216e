"""`safety usage reconcile`: what two sides have counted, line by line."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from safety_core.cli.usage import export as module
from safety_core.cli.usage.command import usage
from safety_core.cli.usage.export import plain_model, read_export
from safety_core.errors import InputError, LimitError
from tests.safety_core.cli.usage.booked import DAY, home_of

OPENAI = """start_time,end_time,start_time_iso,project_id,num_model_requests,model,input_tokens,output_tokens,\
input_cached_tokens
1764115200,1764201600,2025-11-26T00:00:00+00:00,proj_a,2,gpt-5-2025-08-07,1500,150,800
1764115200,1764201600,2025-11-26T00:00:00+00:00,proj_a,1,gpt-5-nano-2025-08-07,10,1,0
"""
ANTHROPIC = """\ufeffusage_date_utc,model_version,api_key,workspace,usage_type,\
usage_input_tokens_no_cache,usage_input_tokens_cache_write_5m,usage_input_tokens_cache_write_1h,\
usage_input_tokens_cache_read,usage_output_tokens
2025-11-27,claude-sonnet-4-5-20250929,k,Default,standard,300,150,50,1500,300
"""


def reconcile(tmp_path: Path, text: str, *options: str) -> Result:
    file = tmp_path / "export.csv"
    file.write_text(text, encoding="utf-8")
    home = tmp_path / "home"
    words = ["reconcile", str(file), "--home", str(home if home.exists() else home_of(tmp_path)), *options]
    return CliRunner(env={"COLUMNS": "200"}).invoke(usage, words, catch_exceptions=False, standalone_mode=False)


def found(tmp_path: Path, text: str, *options: str) -> list[tuple[Any, ...]]:
    result = reconcile(tmp_path, text, "--json", *options)
    lines = json.loads(result.stdout)["differences"]
    assert result.return_value == (1 if lines else 0)
    return [(line["model"], line["what"], line["ours"], line["theirs"]) for line in lines]


@pytest.mark.parametrize(("text", "maker"), [(OPENAI, "openai"), (ANTHROPIC, "anthropic")])
def test_the_known_exports_agree(tmp_path: Path, text: str, maker: str) -> None:
    result = reconcile(tmp_path, text)
    assert result.return_value == 0
    assert result.stdout.startswith(f"{maker}: ")
    assert "no difference in " in result.stdout
    assert "cache_read" in result.stdout


def test_a_provider_that_nothing_was_counted_of_is_asked_about(tmp_path: Path) -> None:
    shown = reconcile(tmp_path, OPENAI, "--provider", "opnai").stdout
    assert "nothing of 'opnai' was counted here in this time" in shown
    assert "nothing of" not in reconcile(tmp_path, OPENAI.replace(",1500,150,", ",1520,150,")).stdout


def test_a_difference_is_named_with_both_sides(tmp_path: Path) -> None:
    assert found(tmp_path, OPENAI.replace(",1500,150,", ",1520,150,")) == [("gpt-5", "input", 1500, 1520)]
    shown = reconcile(tmp_path, OPENAI.replace(",1500,150,", ",1520,150,")).stdout
    assert "-20" in shown
    assert "-1.32" in shown


def test_a_tolerance_is_a_part_of_theirs(tmp_path: Path) -> None:
    text = OPENAI.replace(",1500,150,", ",1520,150,")
    assert found(tmp_path, text, "--tolerance", "1.4") == []
    assert len(found(tmp_path, text, "--tolerance", "1.3")) == 1


def test_what_one_side_alone_has(tmp_path: Path) -> None:
    header, first, _ = OPENAI.splitlines()
    other = first.replace("gpt-5-2025-08-07", "o9")
    lines = found(tmp_path, f"{header}\n{first}\n{other}\n")
    assert {(model, ours is None, theirs is None) for model, _, ours, theirs in lines} == {
        ("gpt-5-nano", False, True),
        ("o9", True, False),
    }
    shown = reconcile(tmp_path, f"{header}\n{first}\n{other}\n").stdout
    assert "not here" in shown
    assert "not there" in shown


def test_hours_are_compared_by_the_hour(tmp_path: Path) -> None:
    rows = ("2025-11-26 01:30:00,gpt-5,1000,100", "1764122400000,gpt-5,500,50", "1764122400,gpt-5-nano,9,1")
    text = "\n".join(("timestamp,model,prompt_tokens,completion_tokens", *rows))
    assert found(tmp_path, text, "--provider", "openai") == [("gpt-5-nano", "input", 10, 9)]


def test_costs_are_compared_to_the_cent(tmp_path: Path) -> None:
    rows = ('1764115200,1.50,usd,"gpt-5-2025-08-07, input"', '1764115200,{},usd,"gpt-5-2025-08-07, output"')
    text = "\n".join(("start_time,amount_value,amount_currency,line_item", *rows))
    options = ("--until", "2025-11-26T02:00")
    only = "gpt-5-nano"
    assert [line for line in found(tmp_path, text.format("0.505")) if line[0] != only] == []
    assert [line[:2] for line in found(tmp_path, text.format("0.52"))] == [("gpt-5", "cost")]
    assert found(tmp_path, text.format("0"), *options) == []


def test_a_table_of_costs_of_anthropic(tmp_path: Path) -> None:
    header = "usage_date_utc,model,workspace,api_key,usage_type,context_window,token_type,cost_usd"
    rows = ("2025-11-27,Claude Sonnet 4.5,Default,k,message,≤ 200k,input_no_cache,0.004",) * 2
    assert found(tmp_path, "\n".join((header, *rows))) == []
    dearer = (rows[0].replace("0.004", "0.02"), rows[1])
    assert found(tmp_path, "\n".join((header, *dearer))) == [("claude-sonnet-4-5", "cost", 7_000_000, 24_000_000)]


def test_any_export_by_its_columns(tmp_path: Path) -> None:
    text = "Tag,Modell,Rein,Raus\n2025-11-26,GPT 5,1500,150\n2025-11-26,gpt-5-nano,10,1\n"
    named = ("Tag", "Modell", "Rein", "Raus")
    fields = ("time", "model", "input", "output")
    columns = [word for pair in zip(fields, named, strict=True) for word in ("--column", "=".join(pair))]
    assert found(tmp_path, text, "--provider", "openai", *columns) == []
    with pytest.raises(InputError, match="--column time=HEADER"):
        reconcile(tmp_path, text)
    with pytest.raises(InputError, match="does not tell whose"):
        reconcile(tmp_path, text, *columns)
    with pytest.raises(InputError, match="is no field"):
        reconcile(tmp_path, text, "--column", "moon=Tag")
    with pytest.raises(InputError, match="not in the file's header"):
        reconcile(tmp_path, text, "--column", "time=Day")
    with pytest.raises(InputError, match="names no header"):
        reconcile(tmp_path, text, "--column", "time")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "usage export: is empty"),
        ("date;model;input_tokens\n2025-11-26;m;1\n", "no commas between its columns"),
        ("a,b\n1,2\n", "no known column"),
        ("date,model\n2025-11-26,m\n", "no known column for input or output or cost"),
        ("date,model,input_tokens\nsoon,m,1\n", "line 2: has no time"),
        ("date,model,input_tokens\n2025-11-26,m,many\n", "line 2: has no number for input"),
        ("date,model,input_tokens\n2025-11-26,m,1.5\n", "line 2: has no whole number"),
        ("date,model,input_tokens\n2025-11-26,m,-1\n", "line 2: has no whole number"),
        ("date,model,input_tokens\n2025-11-26,m,NaN\n", "line 2: has no number"),
        ("date,model,cost\n2025-11-26,m,1e99\n", "line 2: has no number for cost"),
        ("date,model,input_tokens\n2025-11-26,m,\n", "has no usage in it"),
        ('date,model,input_tokens\n2025-11-26,"' + "m" * 70000 + '",1\n', "is no CSV file"),
    ],
)
def test_what_is_no_usage_export_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(InputError) as refused:
        reconcile(tmp_path, text, "--provider", "openai")
    assert reason in str(refused.value)


def test_a_line_of_totals_is_skipped(tmp_path: Path) -> None:
    result = reconcile(tmp_path, OPENAI + "Total,,,,3,,1510,151,800\n\n")
    assert (result.return_value, "1 rows hold no usage" in result.stdout) == (0, True)


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("gpt-5-2025-08-07", "gpt-5"),
        ("claude-sonnet-4-5-20250929", "claude-sonnet-4-5"),
        ("claude-sonnet-4-5@20250929", "claude-sonnet-4-5"),
        ("claude-3-5-haiku-latest", "claude-3-5-haiku"),
        ("Claude Sonnet 4.5", "claude-sonnet-4-5"),
        ("gpt-4.1-2025-04-14", "gpt-4.1"),
        ("gpt-4-0613", "gpt-4-0613"),
        ("2025-08-07", "2025-08-07"),
    ],
)
def test_a_models_name_counts_without_its_date(name: str, plain: str) -> None:
    assert plain_model(name) == plain


def test_a_long_export_takes_no_more_memory(tmp_path: Path) -> None:
    """A million rows would do the same: what is kept is a sum for each hour and model."""
    file = tmp_path / "long.csv"
    with file.open("w") as out:
        out.write("timestamp,model,input_tokens,output_tokens\n")
        for number in range(60_000):
            out.write(f"{DAY + number % 86400},gpt-{number % 5},{number % 7},1\n")
    tracemalloc.start()
    export = read_export(file, {})
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (export.rows, len(export.sums), export.step) == (60_000, 17 * 5, 3600)
    assert sum(sums["output"] for sums in export.sums.values()) == 60_000
    assert peak < 4 * 1024 * 1024


def test_an_export_that_is_too_fine_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEYS", 1)
    with pytest.raises(LimitError, match="fewer days"):
        reconcile(tmp_path, OPENAI)
