"""What an author begins with is right as it stands."""

from __future__ import annotations

import asyncio

import pytest

from safety_core.bundle.begun import begun_program, begun_rule, begun_tool
from safety_core.bundle.source import compile_bundle
from safety_core.classify.check import check_catalogue
from safety_core.edge.policy_tests import run_tests
from safety_core.errors import InputError
from safety_core.model.facts import Kind
from safety_core.model.level import Level
from tests.simulators.repository import SOURCES


def test_a_new_rule_passes_check_and_test() -> None:
    sources = {"manifest.yaml": SOURCES["manifest.yaml"], "matrix.yaml": SOURCES["matrix.yaml"]}
    sources |= begun_rule("deletes_backups", Level.CRITICAL_RED, Kind.DESTROY)
    bundle = compile_bundle(sources, tenant="one")[1]
    assert bundle.guards == {"deletes_backups": (frozenset({"destroy"}), frozenset())}
    outcomes = asyncio.run(run_tests(bundle, sources))
    assert [outcome.trouble for outcome in outcomes] == ["", "", ""]


@pytest.mark.parametrize(
    ("files", "path"),
    [
        (begun_program("till", Kind.READ), "catalogue/till.yaml"),
        (begun_program("till", Kind.OUTWARD, bare=True), "catalogue/till.yaml"),
        (begun_tool("shop:refund order".replace(" ", "_"), Kind.MONEY), "catalogue/tool_shop_refund_order.yaml"),
    ],
)
def test_a_new_entry_of_the_catalogue_is_one_that_check_takes(files: dict[str, bytes], path: str) -> None:
    assert [*files] == [path]
    check_catalogue(compile_bundle({**SOURCES, **files}, tenant="one")[1].policy.catalogue)


def test_a_name_that_can_be_none_is_refused_with_one_that_can() -> None:
    with pytest.raises(InputError, match=r"'Deletes Backups': is no rule id.*deletes_backups"):
        begun_rule("Deletes Backups", Level.RED, Kind.DESTROY)
    with pytest.raises(InputError, match=r"no name of a program.*till"):
        begun_program("/usr/bin/till", Kind.READ)
    with pytest.raises(InputError, match=r"no name of a tool.*refund_order"):
        begun_tool("refund order", Kind.MONEY)
