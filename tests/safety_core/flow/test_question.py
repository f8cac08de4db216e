"""What stands first on a card: recipients and sums, few, short, and without a secret."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from safety_core.edge.driver import run
from safety_core.flow import tool_call
from safety_core.flow.answers import Pending
from safety_core.flow.question import LONGEST, MOST, amounts_of, recipients_of
from safety_core.model.facts import Action, Facts, Kind, Target, TargetKind
from safety_core.model.level import Level
from tests.safety_core.flow.conftest import AGENT, PLAIN, context, redactor, world
from tests.safety_core.flow.test_standing import mail

texts = st.text(max_size=300)
secretive = st.tuples(texts, st.sampled_from([PLAIN, ""]), texts).map("".join)


def facts(values: list[str], kind: TargetKind = TargetKind.RECIPIENT) -> Facts:
    targets = tuple(Target(kind, value) for value in values)
    return Facts("message", AGENT, (Action(Kind.OUTWARD, "message", "message send", targets),))


def test_a_question_names_whom_the_call_reaches() -> None:
    answer = run(tool_call.decide(mail(), context()), world(Level.YELLOW_EXTERNAL).handlers)
    assert isinstance(answer, Pending)
    assert (answer.request.recipients, answer.request.amounts) == (("anna@x.example",), ())
    assert recipients_of(facts(["email", "b@x.example", "b@x.example"]), redactor()) == ("b@x.example", "email")


def test_sums_of_money_are_shown_as_they_are_written() -> None:
    assert amounts_of(facts(["499.00 EUR"], TargetKind.AMOUNT), redactor()) == ("499.00 EUR",)
    assert recipients_of(facts(["499.00 EUR"], TargetKind.AMOUNT), redactor()) == ()


def test_of_many_some_are_named_and_the_rest_counted() -> None:
    many = recipients_of(facts([f"p{number}@x.example" for number in range(MOST + 30)]), redactor())
    assert len(many) == MOST + 1
    assert many[-1] == "and 30 more"
    assert len(recipients_of(facts(["x" * 5000]), redactor())[0]) == LONGEST


def test_of_a_long_address_one_sees_at_whose_it_is() -> None:
    disguised = f"billing@own.example.{'a.' * 90}evil.test"
    (shown,) = recipients_of(facts([disguised]), redactor())
    assert len(shown) == LONGEST
    assert shown.startswith("billing@own.example.a")
    assert shown.endswith(".evil.test")


@given(st.lists(secretive, max_size=25), st.sampled_from([TargetKind.RECIPIENT, TargetKind.AMOUNT]))
def test_no_secret_stands_in_them_and_they_are_bounded(values: list[str], kind: TargetKind) -> None:
    shown = (*recipients_of(facts(values, kind), redactor()), *amounts_of(facts(values, kind), redactor()))
    assert all(PLAIN not in text and len(text) <= LONGEST for text in shown)
    assert len(shown) <= MOST + 1
