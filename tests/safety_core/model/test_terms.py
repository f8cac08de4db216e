"""On what terms a secret may be used."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety_core.errors import CanaryError, ExpiredSecretError, ForbiddenSecretError, InputError, SecretError
from safety_core.model.secret import SecretName, Use
from safety_core.model.terms import WARN_SECONDS, Terms, terms_of
from safety_core.model.tool_call import AgentId

OVEN = SecretName("OVEN")
USE = Use(AgentId("main"), "exec", "call-1")
names = st.none() | st.frozensets(st.text(st.characters(codec="utf-8"), max_size=8), max_size=3)
times = st.none() | st.floats(0, 2**40)
all_terms = st.builds(
    Terms, st.booleans(), names, names, times, times, st.sampled_from(["", "aws"]) | st.text("abc", max_size=5)
)


@given(all_terms, all_terms)
def test_what_is_written_is_read_again_and_two_texts_mean_two_things(one: Terms, two: Terms) -> None:
    assert terms_of(one.to_text()) == one
    assert (one.to_text() == two.to_text()) == (one == two)


@pytest.mark.parametrize(
    ("terms", "error", "words"),
    [
        (Terms(), None, ""),
        (Terms(agents=frozenset({"main"}), tools=frozenset({"exec"}), expires=101.0), None, ""),
        (Terms(agents=frozenset({"other"})), ForbiddenSecretError, "is not for this agent. Fix: a person may allow it"),
        (Terms(agents=frozenset()), ForbiddenSecretError, "is not for this agent"),
        (Terms(tools=frozenset({"http_request"})), ForbiddenSecretError, "is not for this tool"),
        (Terms(expires=100.0), ExpiredSecretError, "expired on 1970-01-01 00:01 UTC. Fix: safety secret rotate OVEN"),
        (Terms(canary="aws", agents=frozenset({"main"})), CanaryError, "is a canary"),
    ],
)
def test_who_may_use_it(terms: Terms, error: type[SecretError] | None, words: str) -> None:
    if error is None:
        terms.demand(OVEN, USE, 100.0)
        return
    with pytest.raises(error, match=words) as caught:
        terms.demand(OVEN, USE, 100.0)
    assert caught.value.thing == "secret OVEN"


def test_a_new_value_lasts_as_long_as_the_one_before() -> None:
    terms = Terms(discovered=True, canary="aws", tools=frozenset({"exec"})).lasting(50.0, 100.0)
    assert (terms.expires, terms.lifetime) == (150.0, 50.0)
    assert terms.renewed(120.0) == Terms(tools=frozenset({"exec"}), expires=170.0, lifetime=50.0)
    assert terms.lasting(None, 1.0) == replace(terms, expires=None, lifetime=None)
    assert Terms().renewed(120.0) == Terms()


def test_the_end_is_told_two_weeks_before() -> None:
    terms = Terms(expires=WARN_SECONDS + 10.0)
    assert [terms.ending(9.0), terms.ending(10.0), terms.ending(WARN_SECONDS * 3)] == [False, True, True]
    assert not Terms().ending(10.0)


def test_what_a_newer_program_wrote_is_refused() -> None:
    with pytest.raises(InputError, match="written by another version"):
        terms_of('{"agents":null}')
