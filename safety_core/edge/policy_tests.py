"""Runs the tests that stand beside the rules: every `test_...` of every `<id>_test.rego` must be true."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from safety_core.bundle.contents import TrustedBundle, module_text
from safety_core.canonical import JsonObject
from safety_core.edge.rego_child import RegoChild
from safety_core.errors import PolicyError, UnavailableError

DEADLINE: Final = 5.0
"""Seconds for one test."""

_PACKAGE: Final = re.compile(r"^package[ \t]+([A-Za-z0-9_.]+)", re.MULTILINE)
_TEST: Final = re.compile(r"^(test_[A-Za-z0-9_]+)\b", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class RuleTest:
    """One test, in `file` with its line. `trouble` is empty if it passed."""

    file: str
    name: str
    trouble: str = ""


def rule_tests_in(sources: Mapping[str, bytes]) -> dict[str, str]:
    """Return the test files among the sources of a policy, by name. Raises PolicyError where one is no text."""
    return {name: module_text(name, raw) for name, raw in sorted(sources.items()) if name.endswith("_test.rego")}


async def run_tests(bundle: TrustedBundle, sources: Mapping[str, bytes]) -> tuple[RuleTest, ...]:
    """Return the outcome of every test in `sources`, in order.

    Raises:
        PolicyError: a test file cannot be loaded, or a rule has no test.
    """
    files = rule_tests_in(sources)
    for rule in bundle.guards:
        if f"rules/{rule}/{rule}_test.rego" not in files:
            raise PolicyError(f"rules/{rule}", "has no test", f"write rules/{rule}/{rule}_test.rego")
    outcomes: list[RuleTest] = []
    child: RegoChild | None = None
    try:
        for file, name, path in _tests(files):
            if child is None:
                child = await _start({**bundle.rules, **files}, bundle.rule_data)
            try:
                value = await child.request({"values": [path]})
                outcomes.append(RuleTest(file, name, "" if value == [True] else "is not true"))
            except UnavailableError as error:
                outcomes.append(RuleTest(file, name, error.reason))
                await child.kill()
                child = None
    finally:
        if child is not None:
            await child.kill()
    return tuple(outcomes)


async def _start(modules: Mapping[str, str], data: JsonObject) -> RegoChild:
    try:
        return await RegoChild.start([modules], data, deadline=DEADLINE)
    except UnavailableError as error:
        raise PolicyError("rules and their tests", f"do not load: {error.reason}") from error


def _tests(files: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Yield (file:line, name, path of the rule) of every test."""
    for file, text in files.items():
        package = _PACKAGE.search(text)
        names = {found[1]: found.start() for found in _TEST.finditer(text)}
        if package is None or not names:
            raise PolicyError(file, "holds no test", "write: test_something if { ... }")
        for name, start in names.items():
            line = text.count("\n", 0, start) + 1
            yield f"{file}:{line}", name, f"data.{package[1]}.{name}"
