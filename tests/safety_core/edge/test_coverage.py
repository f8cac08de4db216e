"""Rules are judged with every line watched: what fired, and how far the others got."""

from __future__ import annotations

import pytest

from safety_core.bundle.clauses import clauses_of
from safety_core.bundle.source import compile_bundle
from safety_core.edge.coverage import paths_of_tests, watched
from safety_core.errors import UnavailableError
from safety_core.model.level import Level
from safety_core.model.verdict import Hit
from tests.simulators.repository import rule
from tests.simulators.small_policy import SMALL, TEST

FILE = "rules/deletes/deletes.rego"
BUNDLE = compile_bundle(SMALL, tenant="one")[1]
CLAUSE = clauses_of(BUNDLE.modules[FILE])[0]
DELETES = {"actions": [{"kind": "destroy", "targets": [{"value": "/x"}]}]}
READS = {"actions": [{"kind": "read", "targets": []}]}


async def test_what_is_asked_one_by_one_is_watched_one_by_one() -> None:
    found = await watched(BUNDLE, [(["deletes"], READS), (["deletes"], DELETES)], each=True)  # type: ignore[list-item]
    assert found.hits == ((), (Hit("deletes", Level.RED, "deletes /x"),))
    first, second = (lines.covered[FILE] for lines in found.lines)
    assert not CLAUSE.fired(first)
    assert CLAUSE.furthest(first) == CLAUSE.first + 2
    assert CLAUSE.fired(second)
    assert CLAUSE.first in found.lines[0].missed[FILE]


async def test_everything_together_has_one_set_of_lines_and_tests_count() -> None:
    tests = {"rules/deletes/deletes_test.rego": TEST.decode(), "empty_test.rego": "# no package\n"}
    assert [*paths_of_tests(tests)] == ["data.safety.rules.deletes_test.test_deleting_is_red"]
    tests.pop("empty_test.rego")
    found = await watched(BUNDLE, [(["deletes"], READS)], tests=tests, values=paths_of_tests(tests))  # type: ignore[list-item]
    assert len(found.lines) == 1
    assert CLAUSE.fired(found.lines[0].covered[FILE])


async def test_a_rule_that_errs_runs_away_or_does_not_load_is_named() -> None:
    endless = rule("endless", "some a in numbers.range(1, 100000); some b in numbers.range(1, 100000); a * b == -1")
    wild = compile_bundle({**SMALL, "rules/endless/endless.rego": endless}, tenant="one")[1]
    with pytest.raises(UnavailableError, match=r"gave no answer within 0\.5 s"):
        await watched(wild, [(["endless"], READS)], seconds=0.5)  # type: ignore[list-item]
    broken = compile_bundle({**SMALL, "rules/b/b.rego": rule("b", "some x in")}, tenant="one")[1]
    with pytest.raises(UnavailableError, match=r"rules/b/b\.rego"):
        await watched(broken, [])
