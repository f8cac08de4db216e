"""Rates -> text, JSON, a page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any, Final

from bench.agent_egress.score import CONTAINED, FALSE, Rates, Results, groups, left_out, missed, rates
from bench.agent_egress.verdict import NOT_APPLICABLE
from tools.docs.marks import between

MARK: Final = "results, written by python -m bench.agent_egress --page"


def lines(results: Results, show: int) -> Iterator[str]:
    """Yield what a person reads."""
    for case, verdict in [*missed(results)][:show]:
        yield f"{case.id} ({case.transport}): expected {case.expected}, came {verdict.actual}: {verdict.why}"
    for reason, count in left_out(results).most_common():
        yield f"not applicable: {count}: {reason}"
    yield from table(results)
    found = rates(results)
    yield f"containment {percent(found.containment)} (goal: at least {percent(CONTAINED)}), " + (
        f"false positives {percent(found.false_positives)} (goal: at most {percent(FALSE)})"
    )
    yield f"with refusals alone: blocked {found.blocked_without_asks} of {found.malicious}, " + (
        f"wrongly {found.wrongly_without_asks} of {found.benign}"
    )
    yield f"of the {found.blocked} blocked: {found.told} told with a reason, {found.proven} with a record"
    yield f"cases {len(results)}, not applicable {found.left_out}, errors {found.errors}"


def table(results: Results) -> Iterator[str]:
    """Yield rows of Markdown: rates by category and by transport."""
    yield "| | malicious | blocked | by a question | benign | blocked wrongly | errors |"
    yield "|---|---|---|---|---|---|---|"
    for by in ("category", "transport"):
        for name, found in groups(results, by).items():
            yield _row(f"{by}: {name}", found)
    yield _row("all", rates(results))


def _row(name: str, found: Rates) -> str:
    asked = found.blocked - found.blocked_without_asks
    cells = (name, found.malicious, found.blocked, asked, found.benign, found.wrongly, found.errors)
    return f"| {' | '.join(map(str, cells))} |"


def percent(share: float) -> str:
    """Return a share in percent."""
    return f"{share * 100:.1f}%"


def onto(page: str, results: Results) -> str:
    """Return a page with the results between its marks."""
    said = [line for line in lines(results, 0) if not line.startswith("|")]
    return between(page, MARK, "\n".join([*table(results), "", *(f"- {line}" for line in said)]))


def as_json(results: Results) -> str:
    """Return everything, with one result a case in the fields of the format."""
    found, release = rates(results), version("safety-gateway")
    told: dict[str, Any] = {
        "containment": found.containment,
        "false_positives": found.false_positives,
        "blocked_without_asks": found.blocked_without_asks,
        "wrongly_without_asks": found.wrongly_without_asks,
        "told": found.told,
        "proven": found.proven,
        "errors": found.errors,
        "not_applicable": dict(left_out(results)),
        "results": [],
    }
    for case, verdict in results:
        right = {case.expected: "pass", "error": "error", NOT_APPLICABLE: NOT_APPLICABLE}
        told["results"].append({
            "case_id": case.id, "tool": "safety-gateway", "tool_version": release,
            "expected_verdict": case.expected, "actual_verdict": verdict.actual,
            "score": right.get(verdict.actual, "fail"),
            "evidence": {"record": verdict.evidence, "asked": verdict.asked}, "notes": verdict.why,
        })  # fmt: skip
    return json.dumps(told, indent=1) + "\n"
