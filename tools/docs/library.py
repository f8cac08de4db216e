"""The names that `docs/library.md` promises, as their docstrings tell them."""

from __future__ import annotations

from typing import Final

HEAD: Final = """\
# The library, name by name

Made from the docstrings. [The library in fifteen lines](../library.md) shows these names at work; what stands here is
kept, and a change to it is in the changelog. Whatever is not here may change at any time.
"""

PUBLIC: Final = {
    "A call, and what it would do": (
        "safety_core.model.tool_call.ToolCall",
        "safety_core.model.tool_call.TenantId",
        "safety_core.model.tool_call.AgentId",
        "safety_core.model.tool_call.SessionId",
        "safety_core.model.tool_call.CallId",
        "safety_core.classify.facts.facts_of",
        "safety_core.classify.judge.verdict_of",
        "safety_core.model.verdict.Verdict",
        "safety_core.model.level.Level",
        "safety_core.gate.rule_on",
        "safety_core.model.verdict.Ruling",
        "safety_core.model.level.Outcome",
    ),
    "Policy and engine": (
        "safety_core.edge.shipped.shipped_bundle",
        "safety_core.edge.shipped.load_folder",
        "safety_core.edge.shipped.bundle_of",
        "safety_core.edge.rego.RegoEngine",
        "safety_core.edge.explain.explanation",
        "safety_core.edge.clock.now",
    ),
    "What may leave": (
        "safety_core.match.matcher.Matcher",
        "safety_core.match.registry.Registry",
        "safety_core.match.patterns.PatternSet",
        "safety_core.match.common_value.check_value",
        "safety_core.edge.pattern_cache.load_patterns",
        "safety_core.model.secret.SecretName",
        "safety_core.model.secret.SecretValue",
        "safety_core.model.policy.Pattern",
        "safety_core.redact.redactor.Redactor",
        "safety_core.redact.stream.StreamRedactor",
    ),
    "The whole of it": ("safety_core.flow.tool_call", "safety_core.edge.driver"),
    "Errors": ("safety_core.errors",),
}
"""Heading -> names, in the order of `docs/library.md`."""


def page() -> str:
    """Return the page; mkdocstrings puts the docstrings in."""
    told = [HEAD]
    for heading, names in PUBLIC.items():
        told += [f"## {heading}\n", *(f"::: {name}\n    options:\n      heading_level: 3\n" for name in names)]
    return "\n".join(told)
