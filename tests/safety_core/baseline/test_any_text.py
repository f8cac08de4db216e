"""Whatever a file holds: it is looked through, every place lies in it, and no value is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety_core.baseline.checker import Checker
from safety_core.match.matcher import Matcher
from tests.safety_core.baseline.conftest import RANDOM, SHIPPED, TODAY

PATHS = ["compose.yml", "openclaw.json", "prod.tfvars", "any.yaml", ".github/workflows/a.yml", "Jenkinsfile"]
MARKS = ["- ", "\n", "  ", *"{}[],:\"'\\=#", "&a ", "*a", "!vault ", "|\n", "<<: ", "---\n", "//", "/*", "\r\n", "\t"]
WORDS = [
    "apiVersion: v1\n",
    "kind: Secret\n",
    "data:\n",
    "DB_PASSWORD",
    "name: DB_PASSWORD\n",
    "value: ",
    "ENV ",
    "${X}",
]
PIECES = st.sampled_from(
    [*MARKS, *WORDS, RANDOM, "sunshine", "\N{GRINNING FACE}", "caf\N{LATIN SMALL LETTER E WITH ACUTE}"]
)
TEXTS = st.lists(PIECES, max_size=30).map("".join) | st.text(max_size=60)


@pytest.mark.parametrize("path", PATHS)
def test_any_text_is_looked_through(path: str, matcher: Matcher) -> None:
    checker = Checker(SHIPPED, matcher, {}, TODAY)

    @given(TEXTS)
    def looked_through(text: str) -> None:
        for found in checker.of_text(path, text):
            assert 0 <= found.start < found.end <= len(text)
            assert RANDOM not in found.what

    looked_through()
