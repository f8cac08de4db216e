"""A report for code hosts: SARIF 2.1.0 (OASIS standard), one run.

What the allow-list names is left out: not every host obeys suppressions. Positions are code points, as the run says;
`endColumn` is the first column after the finding. Nothing of the text is quoted: no snippets.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from importlib.metadata import version
from typing import Final
from urllib.parse import quote

from safety_core.canonical import Json
from safety_core.cli.scan.hit import Hit, Report
from safety_core.cli.scan.rules import Rule, RuleBook
from safety_core.model.severity import Severity

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

_LEVEL: Final = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
}
_SCORE: Final = {Severity.CRITICAL: "9.5", Severity.HIGH: "8.0", Severity.MEDIUM: "5.0", Severity.LOW: "2.0"}
"""Of 10, as code hosts sort by."""


def sarif_report(report: Report, rules: RuleBook) -> str:
    """Return the report as one SARIF document."""
    used = {hit.rule: rules.of(hit.kind, hit.rule) for hit in report.hits}
    ids = [*used]
    run: dict[str, Json] = {
        "tool": {
            "driver": {
                "name": rules.command,
                "version": version("safety-gateway"),
                "rules": [_rule(rule, rules) for rule in used.values()],
            }
        },
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": not report.refused, "toolExecutionNotifications": [*_notes(report)]}],
        "results": [_result(hit, used[hit.rule], ids) for hit in report.hits],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(rule: Rule, rules: RuleBook) -> Json:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why or rule.title},
        "help": {
            "text": f"{rules.explain} {rule.id} says more. To allow a place, write its fingerprint into "
            "the allow-list, with the reason."
        },
        "defaultConfiguration": {"level": _LEVEL[rule.severity]},
        "properties": {"security-severity": _SCORE[rule.severity], "tags": ["security", *rule.tags]},
    }


def _result(hit: Hit, rule: Rule, ids: Sequence[str]) -> Json:
    found = f" In {hit.key}." if hit.key else ""
    found += f" Found: {hit.what}." if hit.what else ""
    return {
        "ruleId": hit.rule,
        "ruleIndex": ids.index(hit.rule),
        "level": _LEVEL[rule.severity],
        "message": {"text": f"{rule.title}. {rule.why}{found} Fingerprint {hit.fingerprint}."},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": _location(hit.path),
                    "region": {
                        "startLine": hit.line,
                        "startColumn": hit.column,
                        "endLine": hit.end_line,
                        "endColumn": hit.end_column,
                    },
                }
            }
        ],
        "partialFingerprints": {"safetyPlace/v1": hit.fingerprint},
    }


def _location(path: str) -> Json:
    """Return where a file is: relative to the folder of the scan, which the reader of the report knows, or absolute."""
    quoted = quote(os.fsencode(path))
    return {"uri": f"file://{quoted}"} if path.startswith("/") else {"uri": quoted, "uriBaseId": "%SRCROOT%"}


def _notes(report: Report) -> list[Json]:
    refused: list[Json] = [
        {
            "level": "error",
            "message": {"text": refused.reason},
            "locations": [{"physicalLocation": {"artifactLocation": _location(refused.path)}}],
        }
        for refused in report.refused
    ]
    unused: list[Json] = [
        {
            "level": "note",
            "message": {"text": f"{report.allow_list}, line {entry.line}: stands for nothing any more"},
        }
        for entry in report.unused
    ]
    return [*refused, *unused]
