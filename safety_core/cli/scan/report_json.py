"""A report for programs: one JSON object, or one line per finding and a last one that sums up."""

from __future__ import annotations

import json

from safety_core.canonical import Json
from safety_core.cli.scan.hit import Hit, Report
from safety_core.cli.scan.rules import RuleBook

VERSION = 1
"""Grows when a field changes its meaning or goes; new fields may come without."""


def json_report(report: Report, rules: RuleBook) -> str:
    """Return one object: {"version", "findings", "summary"}."""
    findings: list[Json] = [_shown(hit, rules) for hit in report.hits]
    whole: dict[str, Json] = {"version": VERSION, "findings": findings, "summary": _summary(report)}
    return json.dumps(whole, indent=2) + "\n"


def json_lines(report: Report, rules: RuleBook) -> str:
    """Return {"finding": ...} per line, and {"summary": ...} in the last one."""
    lines: list[Json] = [{"finding": _shown(hit, rules)} for hit in report.hits]
    lines.append({"summary": _summary(report)})
    return "".join(json.dumps(line) + "\n" for line in lines)


def _shown(hit: Hit, rules: RuleBook) -> dict[str, Json]:
    rule = rules.of(hit.kind, hit.rule)
    more: dict[str, Json] = {name: text for name, text in (("key", hit.key), ("what", hit.what)) if text}
    return {
        "path": hit.path,
        "line": hit.line,
        "column": hit.column,
        "end_line": hit.end_line,
        "end_column": hit.end_column,
        "kind": hit.kind.value,
        "rule": hit.rule,
        "title": rule.title,
        "severity": rule.severity.value,
        "why": rule.why,
        "fingerprint": hit.fingerprint,
        **more,
    }


def _summary(report: Report) -> dict[str, Json]:
    return {
        "exit_status": report.exit_status,
        "findings": len(report.hits),
        "allowed": [
            {"path": hit.path, "line": hit.line, "fingerprint": hit.fingerprint, "reason": entry.reason}
            for hit, entry in report.allowed
        ],
        "unused": [{"fingerprint": entry.fingerprint, "line": entry.line} for entry in report.unused],
        "refused": [{"path": refused.path, "reason": refused.reason} for refused in report.refused],
        "skipped": dict(report.skipped),
        "files": report.files,
        "bytes": report.size,
        "seconds": round(report.seconds, 3),
    }
