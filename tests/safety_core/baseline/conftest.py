"""Rules as people write them, and a checker of the shipped patterns."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from safety_core.baseline.checker import Checker
from safety_core.baseline.found import Found
from safety_core.baseline.rule import Rule
from safety_core.baseline.rule_file import read_rules
from safety_core.bundle.samples import invented
from safety_core.edge.shipped import shipped_patterns
from safety_core.match.matcher import Matcher
from safety_core.match.patterns import PatternSet
from safety_core.match.registry import Registry

TOKEN = invented("ghp_{github}")
RANDOM = invented("{20 alnum}")
ROOT = Path(__file__).parents[3]
SHIPPED = read_rules("rules.yaml", (ROOT / "safety_core/cli/baseline/rules.yaml").read_bytes()).rules
TODAY = "2026-03-01"

Check = Callable[..., list[Found]]


def rules(text: str) -> tuple[Rule, ...]:
    return read_rules("own.yaml", f"version: 1\nrules:\n{text}".encode()).rules


@pytest.fixture(scope="session")
def matcher() -> Matcher:
    return Matcher(Registry({}), PatternSet(shipped_patterns()))


@pytest.fixture(scope="session")
def check(matcher: Matcher) -> Check:
    """What a text is found for, by the shipped rules unless others are given."""

    def checked(path: str, text: str, chosen: tuple[Rule, ...] = SHIPPED) -> list[Found]:
        return Checker(chosen, matcher, {"github": "GitHub token"}, TODAY).of_text(path, text)

    return checked
