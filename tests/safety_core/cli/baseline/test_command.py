"""The command as a person, a script and a code host meet it: real files, real processes, exit statuses."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from safety_core.baseline import mentions
from safety_core.cli.baseline.command import baseline
from safety_core.cli.baseline.tree import ignored_in
from safety_core.cli.scan.report_sarif import SCHEMA
from tests.safety_core.cli.baseline.conftest import RANDOM, ROOT, Baseline
from tests.safety_core.cli.scan.test_reports import shaped

OWN = """\
version: 1
rules:
  - {id: old, kind: forbidden, title: Old, reason: it is old, instead: new, severity: low, words: [old.example]}
  - {id: gone, kind: deprecated, title: Gone, reason: it is gone, files: ["*.bak"]}
"""


def test_a_clean_repository(repository: Path, safety_baseline: Baseline) -> None:
    (repository / "compose.yml").unlink()
    done = safety_baseline("check")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("0 findings; scanned 0 files")


def test_only_what_is_new_fails_and_what_is_mended_is_told(repository: Path, safety_baseline: Baseline) -> None:
    assert safety_baseline("check").returncode == 1
    written = safety_baseline("check", "--write-baseline")
    assert (written.returncode, written.stdout) == (
        0,
        ".safety-baseline: 1 known findings. Commit it; only new ones fail.\n",
    )
    assert safety_baseline("check").returncode == 0
    (repository / ".env").write_text("A=1\n")
    new = safety_baseline("check", "--format", "jsonl")
    assert new.returncode == 1
    found, summed = (json.loads(line) for line in new.stdout.splitlines())
    assert (found["finding"]["rule"], found["finding"]["path"]) == ("env-file", ".env")
    assert len(summed["summary"]["allowed"]) == 1
    (repository / "compose.yml").write_text("services: {}\n")
    mended = safety_baseline("check")
    assert ".safety-baseline, line 3: stands for nothing any more" in mended.stdout
    safety_baseline("check", "--write-baseline")
    text = (repository / ".safety-baseline").read_text()
    assert re.findall(r"^\w{16}  (\S+)  # ([\w-]+), there on \d{4}-\d\d-\d\d$", text, re.MULTILINE) == [
        (".env", "env-file")
    ]


def test_from_outside_the_fingerprints_and_paths_are_the_same(
    repository: Path, safety_baseline: Baseline, tmp_path: Path
) -> None:
    inside = json.loads(safety_baseline("check", "--format", "json").stdout)
    outside = json.loads(safety_baseline("check", "--format", "json", str(repository), cwd=tmp_path).stdout)
    assert inside["findings"] == outside["findings"]
    (found,) = inside["findings"]
    assert found["key"] == "services.db.environment.POSTGRES_PASSWORD"
    assert (found["line"], found["column"], found["end_column"]) == (4, 26, 46)


def test_rules_of_ones_own(repository: Path, safety_baseline: Baseline) -> None:
    (repository / ".safety-rules.yaml").write_text(OWN.replace("reason: it is old", "reason: it is old"))
    (repository / "README.md").write_text("see https://old.example/a\n")
    (repository / "deploy.bak").write_bytes(b"\0\1")
    done = safety_baseline("check", "--exclude", "compose.yml", "--exclude", ".safety-rules.yaml")
    assert done.returncode == 1
    assert "README.md\n  1:13     low      old (forbidden)\n    Old. it is old. Instead: new.\n" in done.stdout
    assert "deploy.bak\n  1:1      medium   gone (deprecated)\n    Gone. it is gone.\n" in done.stdout
    assert "gone " in safety_baseline("rules").stdout
    told = safety_baseline("explain", "old").stdout
    assert "word       old.example" in told
    assert "where      every text" in told
    assert "lives in   .safety-rules.yaml:3" in told
    elsewhere = repository.parent / "rules.yaml"
    elsewhere.write_text("version: 1\nwithout: ['*']\n")
    assert safety_baseline("check", "--rules", str(elsewhere)).returncode == 0


def test_what_is_wrong_is_told_with_its_line(repository: Path, safety_baseline: Baseline) -> None:
    (repository / ".safety-rules.yaml").write_text(OWN.replace("words", "wrods"))
    done = safety_baseline("check")
    assert done.returncode == 2
    assert done.stderr.startswith("error: .safety-rules.yaml:3: 'wrods' is not known here")
    (repository / ".safety-rules.yaml").unlink()
    gone = safety_baseline("check", "--baseline", "none")
    assert (gone.returncode, gone.stderr) == (
        2,
        "error: none: does not exist. Fix: write it with --write-baseline\n",
    )
    assert safety_baseline("check", "--baseline", "some", "--write-baseline").returncode == 0
    assert safety_baseline("check", "--baseline", "some").returncode == 0
    unknown = safety_baseline("explain", "credential-in-jobs")
    assert (unknown.returncode, "did you mean credential-in-job" in unknown.stderr) == (2, True)


def test_what_git_ignores_is_left_out(repository: Path, safety_baseline: Baseline) -> None:
    (repository / ".gitignore").write_text("compose.yml\nbuild/\n")
    (repository / "build").mkdir()
    (repository / "build/.env").write_text("A=1\n")
    done = safety_baseline("check")
    assert done.returncode == 0
    assert "2 (ignored by git)" in done.stdout
    assert ignored_in(repository) == {"compose.yml", "build"}
    assert ignored_in(repository / "none") == frozenset()


def test_without_git_nothing_is_ignored(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert ignored_in(repository) == frozenset()


def here(*arguments: str) -> tuple[object, str]:
    """Run the command in this process; return its exit status and what it prints."""
    done = CliRunner().invoke(baseline, arguments, standalone_mode=False)
    assert done.exception is None, done.exception
    return done.return_value, done.output


def test_what_cannot_be_looked_into_is_no_pass(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mentions, "SECONDS", 0.05)
    (repository / "compose.yml").unlink()
    (repository / "slow.txt").write_text("a" * 5000)
    (repository / "big.txt").write_bytes(b"a" * ((8 << 20) + 1))
    (repository / "odd.txt").write_bytes(b"\0\1\2" * 50)
    (repository / ".safety-rules.yaml").write_text(
        "version: 1\nrules:\n"
        "  - {id: slow, kind: forbidden, title: t, reason: r, expressions: ['(a+a+)+b'], in: ['*.txt']}\n"
    )
    status, told = here("check", str(repository))
    assert status == 2
    assert "error: slow.txt: text takes longer than 0.05 s to look through for rule slow" in told
    assert "1 (binary), 1 (larger than 8 MiB)" in told


def test_for_code_hosts(repository: Path, safety_baseline: Baseline) -> None:
    (repository / ".env").write_text("A=1\n")
    assert safety_baseline("check", "--format", "sarif", "--output", "b.sarif").returncode == 1
    log: dict[str, Any] = shaped("log", json.loads((repository / "b.sarif").read_text()))
    assert log["$schema"] == SCHEMA
    (run,) = log["runs"]
    shaped("run", run)
    driver = shaped("driver", run["tool"]["driver"])
    assert driver["name"] == "safety baseline check"
    for rule in driver["rules"]:
        shaped("rule", rule)
        assert rule["properties"]["tags"][:2] == ["security", "baseline"]
        assert f"safety baseline explain {rule['id']}" in rule["help"]["text"]
    first, second = (shaped("result", result) for result in run["results"])
    assert (first["ruleId"], second["ruleId"]) == ("env-file", "credential-in-job")
    assert "In services.db.environment.POSTGRES_PASSWORD. Found: " in second["message"]["text"]
    for result in (first, second):
        region = shaped("region", result["locations"][0]["physicalLocation"]["region"])
        assert (region["startLine"], region["startColumn"]) < (region["endLine"], region["endColumn"])


def test_a_key_that_is_a_secret_is_not_told(repository: Path, safety_baseline: Baseline) -> None:
    (repository / "compose.yml").write_text(f"a:\n  password={RANDOM}:\n    DB_PASSWORD: {RANDOM}\n")
    done = safety_baseline("check", "--format", "json")
    assert done.returncode == 1
    assert all("key" not in found for found in json.loads(done.stdout)["findings"])


def test_our_own_repository_passes() -> None:
    assert here("check", "--quiet", str(ROOT)) == (0, "")


def test_every_shipped_rule_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for line in str(here("rules")[1]).splitlines():
        told = here("explain", line.split()[0])[1]
        assert re.search(r"^(?:word|file|expression|looks for) ", told, re.MULTILINE)


PAGE = (ROOT / "docs/baseline.md").read_text()


def test_the_page_works_as_it_is_written(tmp_path: Path, safety_home: Path) -> None:
    program = tmp_path / "bin/safety"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m safety_core.cli "$@"\n')
    program.chmod(0o755)
    own = yaml.safe_load(PAGE.partition("adds to them")[2].split("```yaml\n")[1].split("```")[0])
    assert own["version"] == 1
    done = subprocess.run(
        ["bash", "-c", "set -eu\n" + "".join(re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL))],
        cwd=tmp_path,
        env={
            "PATH": f"{program.parent}:/usr/bin:/bin",
            "HOME": str(tmp_path),
            "SAFETY_HOME": str(safety_home),
            "PYTHONPATH": str(ROOT),
            "COLUMNS": "80",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=200,
    )
    assert done.returncode == 0, done.stdout
    (shown,) = re.findall(r"prints\n\n```text\n(.*?)```", PAGE, re.DOTALL)
    assert done.stdout.startswith(shown)
    (tmp_path / "shop/.safety-rules.yaml").write_text(yaml.safe_dump(own))
    listed = subprocess.run(
        [str(program), "baseline", "rules", str(tmp_path / "shop")],
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "old-mirror" in listed.stdout
    assert "old-deploy-file" not in listed.stdout
