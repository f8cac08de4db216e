"""Reports hold what people, programs and code hosts need, in the shape that they expect."""

from __future__ import annotations

import json
from typing import Any

import click
import pytest

from safety_core.cli.scan.allow import Entry
from safety_core.cli.scan.hit import Hit, Report
from safety_core.cli.scan.report_json import json_lines, json_report
from safety_core.cli.scan.report_sarif import sarif_report
from safety_core.cli.scan.report_text import fingerprint_lines, summary, text_report
from safety_core.cli.scan.rules import Rules
from safety_core.cli.scan.walk import Refused
from safety_core.edge.shipped import shipped_bundle
from safety_core.model.finding import FindingKind

RULES = Rules(shipped_bundle().policy.patterns)
FIRST = Hit("src/a b.py", FindingKind.PATTERN, "jwt", 3, 7, 3, 90, "1" * 16)
SECOND = Hit("src/a b.py", FindingKind.UNKNOWN, "unknown", 9, 1, 9, 40, "2" * 16)
THIRD = Hit("/tmp/x#1.txt", FindingKind.REGISTERED, "registered-base64", 1, 1, 4, 2, "3" * 16)
FOURTH = Hit("z.py", FindingKind.PATTERN, "jwt", 1, 1, 1, 9, "5" * 16)
ENTRY = Entry("4" * 16, "", "a sample", 2)


def report(*hits: Hit, refused: tuple[Refused, ...] = (), size: int = 3_000_000) -> Report:
    return Report(
        hits=hits,
        allowed=((Hit("y", FindingKind.PATTERN, "jwt", 1, 1, 1, 9, ENTRY.fingerprint), ENTRY),),
        skipped={"binary": 3},
        refused=refused,
        unused=(Entry("6" * 16, "", "old", 7),),
        allow_list=".safety-allow",
        files=1200,
        size=size,
        seconds=0.5,
    )


WHOLE = report(FIRST, SECOND, THIRD, FOURTH)
BROKEN = report(FIRST, refused=(Refused("odd\n", "cannot be read (Permission denied)"),))


def test_exit_status() -> None:
    assert [made.exit_status for made in (report(), WHOLE, BROKEN)] == [0, 1, 2]
    assert Report((), (), {}, (), (), "", 0, 0, 0.0).megabytes_per_second == 0.0


def test_for_people() -> None:
    shown = click.unstyle(text_report(WHOLE, RULES, 60))
    assert max(map(len, shown.splitlines()[:-1])) <= 60
    assert shown.count("src/a b.py\n") == 1
    assert "  3:7      high     jwt (pattern)\n    JSON Web Token. It has" in shown
    assert "  9:1      medium   unknown (unknown)\n    Looks like a random token. It reads" in shown
    assert "  1:1      critical registered-base64 (registered)\n" in shown
    assert " ".join(shown.split()).count("the first segment is a JSON") == 1, "a rule is explained once"
    assert shown.index("1" * 16) < shown.index("2" * 16) < shown.index("3" * 16)
    assert shown.endswith("note: .safety-allow, line 7: stands for nothing any more. Fix: remove it\n")
    assert "error: odd\\n: cannot be read" in text_report(BROKEN, RULES, 80)


def test_summary() -> None:
    assert summary(WHOLE) == (
        "4 findings in 3 files; scanned 1,200 files, 3.0 MB at 6 MB/s; 1 allowed; skipped 3 (binary)."
    )
    assert summary(BROKEN).endswith("; could not look into 1.")
    assert "at" not in summary(report(size=500)).split()


def test_lines_for_the_allow_list() -> None:
    lines = fingerprint_lines(WHOLE, RULES).splitlines()
    assert lines[:2] == ["# src/a b.py:3: jwt", f"{'1' * 16}  src/a b.py  #"]
    assert lines[5] == f"{'3' * 16}  #", "a glob cannot name this file"


def test_for_programs() -> None:
    whole = json.loads(json_report(BROKEN, RULES))
    assert whole["version"] == 1
    assert whole["findings"] == [
        {
            "path": "src/a b.py",
            "line": 3,
            "column": 7,
            "end_line": 3,
            "end_column": 90,
            "kind": "pattern",
            "rule": "jwt",
            "title": "JSON Web Token",
            "severity": "high",
            "why": RULES.of(FIRST.kind, "jwt").why,
            "fingerprint": "1" * 16,
        }
    ]
    assert whole["summary"] == {
        "exit_status": 2,
        "findings": 1,
        "allowed": [{"path": "y", "line": 1, "fingerprint": "4" * 16, "reason": "a sample"}],
        "unused": [{"fingerprint": "6" * 16, "line": 7}],
        "refused": [{"path": "odd\n", "reason": "cannot be read (Permission denied)"}],
        "skipped": {"binary": 3},
        "files": 1200,
        "bytes": 3_000_000,
        "seconds": 0.5,
    }
    lines = [json.loads(line) for line in json_lines(BROKEN, RULES).splitlines()]
    assert lines == [{"finding": whole["findings"][0]}, {"summary": whole["summary"]}]


SHAPE: dict[str, dict[str, type]] = {
    "log": {"version": str, "runs": list},
    "run": {"tool": dict, "results": list, "columnKind": str, "invocations": list},
    "driver": {"name": str, "version": str, "rules": list},
    "rule": {"id": str, "shortDescription": dict, "fullDescription": dict, "help": dict, "defaultConfiguration": dict},
    "result": {"ruleId": str, "ruleIndex": int, "level": str, "message": dict, "locations": list},
    "region": {"startLine": int, "startColumn": int, "endLine": int, "endColumn": int},
    "invocation": {"executionSuccessful": bool, "toolExecutionNotifications": list},
    "notification": {"message": dict, "level": str},
}
"""Of the SARIF 2.1.0 standard: what it requires, and what we promise beyond. Other keys that it does not know are none
of ours: its objects are closed but for `properties`."""


def shaped(kind: str, value: dict[str, Any]) -> dict[str, Any]:
    for key, wanted in SHAPE[kind].items():
        assert isinstance(value[key], wanted), f"{kind}.{key}"
    known = {*SHAPE[kind], "$schema", "properties", "partialFingerprints", "locations"}
    assert set(value) <= known, f"{kind} has keys that the standard does not know"
    return value


@pytest.mark.parametrize("made", [report(), WHOLE, BROKEN])
def test_for_code_hosts(made: Report) -> None:
    log = shaped("log", json.loads(sarif_report(made, RULES)))
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("/sarif-schema-2.1.0.json")
    (run,) = log["runs"]
    shaped("run", run)
    assert run["columnKind"] in {"utf16CodeUnits", "unicodeCodePoints"}
    rules = [shaped("rule", rule) for rule in shaped("driver", run["tool"]["driver"])["rules"]]
    assert len({rule["id"] for rule in rules}) == len(rules)
    for rule in rules:
        assert all(rule[text]["text"] for text in ("shortDescription", "fullDescription", "help"))
        assert rule["defaultConfiguration"]["level"] in {"none", "note", "warning", "error"}
        assert 0 <= float(rule["properties"]["security-severity"]) <= 10
    assert len(run["results"]) == len(made.hits)
    for result, hit in zip(run["results"], made.hits, strict=True):
        shaped("result", result)
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == hit.rule
        assert result["message"]["text"]
        assert result["partialFingerprints"] == {"safetyPlace/v1": hit.fingerprint}
        (location,) = result["locations"]
        region = shaped("region", location["physicalLocation"]["region"])
        assert min(region.values()) >= 1
        assert (region["startLine"], region["startColumn"]) < (region["endLine"], region["endColumn"])
    (invocation,) = run["invocations"]
    shaped("invocation", invocation)
    assert invocation["executionSuccessful"] is not bool(made.refused)
    for notification in invocation["toolExecutionNotifications"]:
        shaped("notification", notification)


def test_where_files_are_for_code_hosts() -> None:
    results = json.loads(sarif_report(WHOLE, RULES))["runs"][0]["results"]
    places = [result["locations"][0]["physicalLocation"]["artifactLocation"] for result in results]
    assert places[0] == {"uri": "src/a%20b.py", "uriBaseId": "%SRCROOT%"}
    assert places[2] == {"uri": "file:///tmp/x%231.txt"}
