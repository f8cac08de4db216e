"""The tests beside rules are read before any is run."""

from __future__ import annotations

import pytest

from safety_core.edge.policy_tests import rule_tests_in
from safety_core.errors import PolicyError


def test_the_files_of_tests_are_read_in_order() -> None:
    sources = {"rules/b/b_test.rego": b"package b\n", "rules/b/b.rego": b"\xff", "rules/a/a_test.rego": b"package a\n"}
    assert [*rule_tests_in(sources).items()] == [
        ("rules/a/a_test.rego", "package a\n"),
        ("rules/b/b_test.rego", "package b\n"),
    ]


def test_a_file_that_is_no_text_is_named() -> None:
    with pytest.raises(PolicyError, match=r"^rules/a/a_test\.rego: is not UTF-8"):
        rule_tests_in({"rules/a/a_test.rego": b"\x82\xff"})
