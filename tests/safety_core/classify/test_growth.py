"""A catalogue may grow: a call looks at the programs that it names, and at no other."""

from __future__ import annotations

from safety_core.canonical import JsonObject
from safety_core.classify.catalogue import Catalogue, compiled
from safety_core.classify.facts import facts_of
from tests.simulators.judging import WORKSPACE, Judging, call_of

COMMAND = "grep price menu | sort > list; sudo xargs rm -f"


def test_entries_of_other_programs_are_not_even_compiled(judging: Judging) -> None:
    programs = judging.catalogue["programs"]
    assert isinstance(programs, dict)
    more = {f"grown-{number}": {"effect": "write", "operands": "path"} for number in range(10_000)}
    grown: JsonObject = {**judging.catalogue, "programs": {**programs, **more}}
    call = call_of("exec", {"command": COMMAND})
    assert facts_of(call, grown, WORKSPACE) == facts_of(call, judging.catalogue, WORKSPACE)
    assert _looked_up(compiled(grown)) <= _looked_up(compiled(judging.catalogue))
    assert len(_looked_up(compiled(grown))) < 30


def _looked_up(catalogue: Catalogue) -> set[str]:
    return set(catalogue._entries)
