"""A rule file is read whole, or refused at the line that is wrong."""

from __future__ import annotations

import pytest

from safety_core.baseline.rule import Finds, RuleKind
from safety_core.baseline.rule_file import RuleFile, read_rules, with_shipped
from safety_core.errors import PolicyError
from safety_core.model.severity import Severity
from tests.safety_core.baseline.conftest import SHIPPED

HEAD = "version: 1\nrules:\n"
PLAIN = "  - {id: old, kind: forbidden, title: Old, reason: it is old, words: [old.example]}\n"


def test_a_rule_with_everything() -> None:
    (rule,) = read_rules(
        "r.yaml",
        (
            f"{HEAD}  - id: old\n    kind: forbidden\n    title: Old\n    reason: it is old\n    instead: new\n"
            "    severity: high\n    in: [job-configs, 'docs/**']\n    words: [a]\n    expressions: ['b+']\n"
            '    ignore_case: true\n    except:\n      - {paths: [x], reason: why, until: "2026-01-01"}\n'
        ).encode(),
    ).rules
    assert (rule.kind, rule.severity, rule.paths, rule.jobs) == (RuleKind.FORBIDDEN, Severity.HIGH, ("docs/**",), True)
    assert (rule.words, rule.expressions, rule.ignore_case, rule.instead) == (("a",), ("b+",), True, "new")
    assert rule.place == "r.yaml:3"
    (exemption,) = rule.exemptions
    assert (exemption.place, exemption.covers("x"), exemption.covers("y")) == ("r.yaml:14", True, False)
    assert [exemption.is_over(day) for day in ("2026-01-01", "2026-01-02")] == [False, True]


def test_what_is_left_out_has_its_usual_value() -> None:
    (rule,) = read_rules(
        "r.yaml", f"{HEAD}  - {{id: c1, kind: credential, title: t, reason: r, finds: [weak]}}\n".encode()
    ).rules
    assert (rule.severity, rule.jobs, rule.finds) == (Severity.MEDIUM, True, frozenset({Finds.WEAK}))
    assert not rule.ignore_case


WRONG = [
    ("", "r.yaml:1: is no version"),
    ("version: 2\n", "r.yaml:1: is no version"),
    ("- a\n", "r.yaml:1: must be a mapping"),
    ("version: 1\nrule: []\n", "r.yaml:2: 'rule' is not known here"),
    ("version: 1\nrules: x\n", "r.yaml:2: rules must be a list"),
    (f"{HEAD}  - x\n", "r.yaml:3: must be a mapping"),
    (f"{HEAD}  - {{id: old}}\n", "r.yaml:3: kind must be a text"),
    (
        f"{HEAD}  - {{id: old, kind: odd}}\n",
        "r.yaml:3: 'odd' is no kind. Fix: write one of forbidden, deprecated, credential",
    ),
    (HEAD + PLAIN.replace("id: old", "id: Old!"), "r.yaml:3: 'Old!' is no id"),
    (HEAD + PLAIN.replace("title: Old", "title: ' '"), "r.yaml:3: title must be a text"),
    (HEAD + PLAIN.replace("[old.example]", "[1]"), "r.yaml:3: words must be a list of texts"),
    (HEAD + PLAIN.replace("words: [old.example]", "severity: bad"), "r.yaml:3: 'bad' is no severity"),
    (HEAD + PLAIN.replace("words: [old.example]", "finds: [weak]"), "r.yaml:3: 'finds' is not known here"),
    (HEAD + PLAIN.replace("words: [old.example]", "ignore_case: 1"), "r.yaml:3: ignore_case must be true or false"),
    (HEAD + PLAIN.replace(", words: [old.example]", ""), "r.yaml:3: looks for nothing. Fix: give words or expressions"),
    (HEAD + PLAIN.replace("words: [old.example]", "expressions: ['(']"), "r.yaml:3: is no regular expression"),
    (HEAD + PLAIN.replace("words: [old.example]", "expressions: ['a*']"), "r.yaml:3: matches where there is nothing"),
    (HEAD + "  - {id: c1, kind: credential, title: t, reason: r, finds: [all]}\n", "r.yaml:3: 'all' is nothing"),
    (HEAD + PLAIN.replace("words", "except: [{paths: [], reason: r}], words"), "r.yaml:3: names no paths"),
    (
        HEAD + PLAIN.replace("words", "except: [{paths: [a], reason: r, until: soon}], words"),
        "r.yaml:3: 'soon' is no day",
    ),
    (HEAD + PLAIN + PLAIN, "r.yaml:4: has the id 'old' of the rule at r.yaml:3"),
]


@pytest.mark.parametrize(("text", "reason"), WRONG)
def test_what_is_wrong_is_refused_at_its_line(text: str, reason: str) -> None:
    with pytest.raises(PolicyError) as refused:
        read_rules("r.yaml", text.encode())
    assert str(refused.value).startswith(reason)


def own(text: str) -> RuleFile:
    return read_rules("r.yaml", f"version: 1\n{text}".encode())


def test_ones_own_rules_come_after_the_shipped_ones() -> None:
    shipped = RuleFile(SHIPPED, frozenset(), "shipped")
    assert with_shipped(shipped, own("")) == SHIPPED
    more = with_shipped(shipped, own(f"without: [env-file]\nrules:\n{PLAIN}"))
    assert [rule.id for rule in more] == [*(rule.id for rule in SHIPPED if rule.id != "env-file"), "old"]
    assert with_shipped(shipped, own("without: ['*']\n")) == ()
    with pytest.raises(PolicyError, match="leaves out 'nothing', which is not shipped"):
        with_shipped(shipped, own("without: [nothing]\n"))
    again = f"rules:\n{PLAIN.replace('id: old', 'id: env-file')}"
    with pytest.raises(PolicyError, match="of a rule that is shipped"):
        with_shipped(shipped, own(again))
    assert with_shipped(shipped, own(f"without: [env-file]\n{again}"))[-1].title == "Old"
