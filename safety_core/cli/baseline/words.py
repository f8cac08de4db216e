"""A rule, in words: what it looks for, where, why, what to use instead, where it is let be."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from typing import Final

from safety_core.baseline.rule import Exemption, Finds, Rule

_FINDS: Final = {
    Finds.PATTERN: "values that have the form of a known credential, or read like chance",
    Finds.LITERAL: "values of settings whose name promises a secret, where they can be one and are written down",
    Finds.WEAK: "passwords that are a plain word, and none that everybody uses in tests",
    Finds.MANIFEST: "what is written into a Kubernetes Secret",
}
_LABEL: Final = 11


def listed(rules: Iterable[Rule]) -> str:
    """Return a line for each rule: id, kind, severity, title."""
    chosen = [*rules]
    widest = max((len(rule.id) for rule in chosen), default=0)
    lines = (f"{rule.id:<{widest}}  {rule.kind.value:<10}  {rule.severity.value:<8}  {rule.title}" for rule in chosen)
    return "\n".join(lines)


def explained(rule: Rule, width: int) -> str:
    """Return a rule for a terminal of `width` columns."""
    rows = [("severity", f"{rule.severity.value} ({rule.kind.value})"), ("why", rule.reason), ("instead", rule.instead)]
    rows += [*_looks_for(rule), ("where", _where(rule)), *(("except", _let_be(each)) for each in rule.exemptions)]
    rows += [("lives in", rule.place)]
    return "\n".join([f"{rule.id}: {rule.title}", "", *(_row(label, text, width) for label, text in rows if text)])


def _looks_for(rule: Rule) -> Iterator[tuple[str, str]]:
    yield from (("file", glob) for glob in rule.files)
    yield from (("word", word) for word in rule.words)
    yield from (("expression", text) for text in rule.expressions)
    yield from (("looks for", words) for find, words in _FINDS.items() if find in rule.finds)
    yield "names", ", ".join(sorted(rule.keys))


def _where(rule: Rule) -> str:
    places = [*rule.paths, *(["files of jobs and deployments"] if rule.jobs else [])]
    return ", ".join(places) or ("every text" if rule.reads else "")


def _let_be(exemption: Exemption) -> str:
    until = f", until {exemption.until}" if exemption.until else ""
    return f"{', '.join(exemption.paths)}: {exemption.reason}{until}"


def _row(label: str, text: str, width: int) -> str:
    if label == "expression":  # to be copied as it is
        return f"{label:<{_LABEL}}{text}"
    return textwrap.fill(
        text,
        max(width, 40),
        initial_indent=f"{label:<{_LABEL}}",
        subsequent_indent=" " * _LABEL,
        break_on_hyphens=False,
    )
