"""Which rules were asked, how far each got, and which forms of a command are tried as milder ones."""

from __future__ import annotations

from safety_core.bundle.source import compile_bundle
from safety_core.flow.why import MOST_VARIANTS, Asked, Fired, asked_rules, variants
from safety_core.model.facts import Action, Facts, Kind
from safety_core.model.level import Level
from safety_core.model.verdict import Hit
from tests.simulators.repository import SOURCES, rule

HEAD = """\
# METADATA
# title: T
# description: D.
# custom:
#   id: {id}
{more}package safety.rules.{id}

import rego.v1

"""
TWO = (
    HEAD.format(id="two", more="#   subjects: [rm]\n")
    + 'hits contains {"level": "yellow", "reason": "small"} if {\n\tsome action in input.actions\n\taction.small\n}\n\n'
    + 'hits contains {"level": "red", "reason": "large"} if {\n\tsome action in input.actions\n\taction.large\n'
    + "\taction.other\n}\n"
)
BOTH = HEAD.format(id="both", more="#   kinds: [destroy]\n#   subjects: [rm]\n") + "hits := set()\n"
BUNDLE = compile_bundle(
    {
        **SOURCES,
        "rules/two/two.rego": TWO.encode(),
        "rules/both/both.rego": BOTH.encode(),
        "rules/any/any.rego": rule("any", "true"),
    },
    tenant="one",
)[1]
FACTS = Facts("exec", "main", (Action(Kind.READ, "ls", "ls"), Action(Kind.DESTROY, "rm", "rm")))
FILE = "rules/two/two.rego"
SMALL, LARGE = (number for number, line in enumerate(TWO.splitlines(), 1) if line.startswith("hits"))


def asked(hits: tuple[Hit, ...] = (), reached: dict[str, frozenset[int]] | None = None) -> dict[str, Asked]:
    return {one.rule: one for one in asked_rules(BUNDLE, FACTS, hits, reached or {})}


def test_a_rule_is_asked_for_what_the_index_chose_it_by() -> None:
    assert {name: one.because for name, one in asked().items()} == {
        "any": "always",
        "both": "destroy rm",
        "deletes": "destroy",
        "two": "rm",
    }
    assert [one.rule for one in asked_rules(BUNDLE, Facts("exec", "main"), (), {})] == ["any"]


def test_a_hit_is_traced_to_the_clause_that_says_so() -> None:
    hits = (Hit("two", Level.RED, "large"), Hit("two", Level.YELLOW, "small"))
    reached = {FILE: frozenset({SMALL, SMALL + 1, SMALL + 2, LARGE, LARGE + 1, LARGE + 2, LARGE + 3})}
    found = asked(hits, reached)["two"]
    assert found.fired == (
        Fired("red", "large", f"{FILE}:{LARGE}"),
        Fired("yellow", "small", f"{FILE}:{SMALL}"),
    )
    assert found.stopped is None
    assert asked_rules(BUNDLE, FACTS, hits, reached)[0].rule == "two", "those that fired come first"


def test_a_hit_without_a_look_at_the_lines_has_no_place() -> None:
    assert asked((Hit("two", Level.RED, "large"),))["two"].fired == (Fired("red", "large", ""),)


def test_a_rule_that_did_not_fire_says_where_its_nearest_clause_stopped() -> None:
    reached = {FILE: frozenset({SMALL + 1, LARGE + 1, LARGE + 2, LARGE + 3})}
    assert asked((), reached)["two"].stopped == ("action.other", f"{FILE}:{LARGE + 3}")
    assert asked()["two"].stopped is None


def test_it_is_a_document_too() -> None:
    assert Asked("two", "rm", (Fired("red", "large", "a:1"),)).to_json()["stopped"] is None
    assert Asked("two", "rm", (), ("x", "a:2")).to_json() == {
        "rule": "two",
        "because": "rm",
        "fired": [],
        "stopped": {"at": "x", "place": "a:2"},
    }


def told(command: str) -> list[tuple[str, str]]:
    return [(variant.change, variant.command) for variant in variants(command)]


def test_milder_forms_leave_out_one_thing_each() -> None:
    assert told("sudo rm -rf build && echo 'a; b'") == [
        ("by itself", "sudo rm -rf build"),
        ("by itself", "echo 'a; b'"),
        ("without all rights", "rm -rf build && echo 'a; b'"),
        ("without -rf", "sudo rm build && echo 'a; b'"),
        ("-f instead of -rf", "sudo rm -f build && echo 'a; b'"),
        ("-r instead of -rf", "sudo rm -r build && echo 'a; b'"),
    ]
    assert told("git push --force") == [("without --force", "git push")]


def test_what_is_no_option_stays_and_there_are_not_too_many() -> None:
    assert told("cat -") == []
    assert told("ls") == []
    assert told("ls;") == [("by itself", "ls")]
    assert len(told(" && ".join(f"rm -r a{number}" for number in range(40)))) == MOST_VARIANTS
