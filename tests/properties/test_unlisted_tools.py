"""Tools that nobody listed, whatever they are called and given: never green, never a crash, never milder for more."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safety_core.canonical import Json
from safety_core.classify.judge import spoken
from safety_core.model.level import Level
from tests.simulators.judging import Judging

VERBS = ("get", "list", "send", "delete", "pay", "grant", "run", "create", "update", "frobnicate", "email", "order")
THINGS = ("order", "letter", "all", "password", "database", "user", "calendar", "status", "draft", "firewall")
KEYS = (
    "to",
    "path",
    "url",
    "amount",
    "iban",
    "command",
    "sql",
    "action",
    "method",
    "code",
    "id",
    "notify",
    "force",
    "body",
)
TEXTS = (
    "a@example.com",
    "rm -rf /",
    "drop table x",
    "https://example.com",
    "DELETE",
    "send",
    "*",
    "true",
    "\u202e",
    "",
)

names = st.one_of(
    st.text(max_size=30),
    st.lists(st.sampled_from(VERBS + THINGS), min_size=1, max_size=4).map("_".join),
    st.lists(st.sampled_from(VERBS + THINGS), min_size=1, max_size=4).map(lambda words: "".join(map(str.title, words))),
)
values: st.SearchStrategy[Json] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.sampled_from(TEXTS), st.text(max_size=20)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3),
    max_leaves=8,
)
arguments = st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=10), values, max_size=4)


@pytest.fixture(scope="module")
def judging() -> Iterator[Judging]:
    ready = Judging()
    yield ready
    ready.close()


@settings(deadline=None, max_examples=150)
@given(names, arguments)
def test_no_unlisted_tool_is_green(judging: Judging, name: str, given_to: dict[str, Json]) -> None:
    facts = judging.facts(f"x_{name}", **{f"{key} ": value for key, value in given_to.items()})
    verdict = judging.verdict(facts)
    assert verdict.level >= Level.YELLOW
    assert all(hit.reason == spoken(hit.reason) for hit in verdict.hits)


@settings(deadline=None, max_examples=150)
@given(names, st.sampled_from(("", "mcp__shop__", "functions.", "shop/")))
def test_a_namespace_does_not_make_a_tool_milder(judging: Judging, name: str, space: str) -> None:
    plain = judging.verdict(judging.facts(f"x_{name}"))
    assert judging.verdict(judging.facts(f"{space}x_{name}")).level >= plain.level
