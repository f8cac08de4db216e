"""A module is taken apart into its clauses, and a run that noted lines says about each whether it fired."""

from __future__ import annotations

from safety_core.bundle.clauses import Clause, clauses_of

MODULE = """\
# METADATA
# title: Empties the till
package safety.rules.till

import rego.v1

default open := false

hits contains {"level": "red", "reason": "empties the till"} if {
	some action in input.actions

	action.kind == "money"
}

# a comment between two clauses

hits contains {"level": "yellow", "reason": sprintf("opens %s", [name])} if {
	name := input.name
}

hits contains hit if some hit in found

found := set()
"""


def test_each_clause_has_its_lines_and_what_its_head_says() -> None:
    assert clauses_of(MODULE) == (
        Clause("hits", 9, 13, "red", "empties the till"),
        Clause("hits", 17, 19, "yellow", "opens %s"),
        Clause("hits", 21, 21),
        Clause("found", 23, 23),
    )
    assert clauses_of("package a\n") == ()


def test_a_covered_head_fired_and_the_last_covered_line_is_how_far_it_got() -> None:
    first, second, *_ = clauses_of(MODULE)
    covered = {9, 10, 12, 18}
    assert first.fired(covered)
    assert not second.fired(covered)
    assert second.furthest(covered) == 18
    assert second.furthest({9, 10}) is None
