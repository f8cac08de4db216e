"""The rules that hold, and what reports say of them."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Final

from safety_core.baseline import rule as baseline_rule
from safety_core.baseline.rule_file import RuleFile, read_rules, with_shipped
from safety_core.cli.scan.rules import Rule
from safety_core.edge.files import read_input
from safety_core.errors import InputError

DEFAULT: Final = ".safety-rules.yaml"
"""In the repository; holds without being named."""

_SHIPPED: Final = "rules.yaml"


class RuleBook:
    """Every rule by its id, in the order in which they are written."""

    command = "safety baseline check"
    explain = "safety baseline explain"
    fix = (
        "Wanted all the same? Write an exemption into the rule file, with the reason and the day it ends, or the "
        "fingerprint into {allow_list}. A credential? Replace it at its provider first: whoever has read the file has "
        "it."
    )

    def __init__(self, rules: Iterable[baseline_rule.Rule]) -> None:
        self.rules = tuple(rules)
        self._by_id = {rule.id: rule for rule in self.rules}

    def of(self, kind: StrEnum, rule: str) -> Rule:
        """Return the rule that made a finding, as reports know it."""
        found = self._by_id[rule]
        why = f"{found.reason.strip().rstrip('.')}."
        if found.instead:
            why += f" Instead: {found.instead.strip().rstrip('.')}."
        return Rule(found.id, found.title.rstrip("."), kind, why, found.severity, ("baseline", kind.value))

    def named(self, rule: str) -> baseline_rule.Rule:
        """Return a rule by its id, or raise InputError that names those with a similar one."""
        if rule not in self._by_id:
            near = get_close_matches(rule, self._by_id, 3, 0.4)
            fix = f"did you mean {' or '.join(near)}?" if near else "safety baseline rules lists them"
            raise InputError(f"rule {rule[:60]!r}", "does not exist", fix)
        return self._by_id[rule]


def rule_book(given: Path | None, repository: Path) -> RuleBook:
    """Return the rules that hold for a repository: those of the program, and those of `given` or of the repository.

    Raises:
        InputError: the file cannot be read.
        PolicyError: naming file and line of what is wrong in it.
    """
    shipped = read_rules(f"shipped {_SHIPPED}", (files(__package__) / _SHIPPED).read_bytes())
    path = given or repository / DEFAULT
    if given is None and not path.exists():
        return RuleBook(shipped.rules)
    return RuleBook(with_shipped(shipped, _own(path)))


def _own(path: Path) -> RuleFile:
    return read_rules(str(path), read_input(path))
