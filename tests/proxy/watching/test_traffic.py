"""What watchers count is what happened; nothing that they keep grows without a bound."""

from __future__ import annotations

import pytest

from proxy.watching.labels import LABELS, OTHER, Labels
from proxy.watching.spread import LAST, Spread
from proxy.watching.traffic import SERIES, Finished, Traffic
from proxy.watching.window import SECONDS, Window
from tests.proxy.watching.exchanges import exchange, prompt


def test_an_exchange_is_counted_once_it_is_over() -> None:
    told: list[Finished] = []
    traffic = Traffic(tell=[told.append])
    asked = prompt()
    traffic.began(asked)
    assert [running.prompt for running in traffic.running.values()] == [asked]
    assert traffic.counts.requests == {}
    traffic.ended(asked, exchange(waited=0.0))
    assert not traffic.running
    assert traffic.counts.requests == {("openai", "m-1", "ada", 200): 1}
    assert traffic.counts.tokens == {("openai", "m-1", "ada"): [100, 20, 60, 10, 5]}
    assert (traffic.counts.redactions, traffic.counts.refusals) == (2, {})
    (finished,) = told
    assert finished.prompt is asked
    assert finished.added == finished.seconds > 0
    traffic.ended(asked, exchange())
    assert len(told) == 1, "it ended twice"


def test_what_was_waited_for_is_not_ours() -> None:
    told: list[Finished] = []
    traffic = Traffic(tell=[told.append])
    traffic.began(asked := prompt())
    traffic.ended(asked, exchange(waited=1000.0))
    assert told[0].added == 0.0
    assert traffic.waited.percentile(0.5) == 1000.0


def test_refusals_are_counted_by_their_rule() -> None:
    traffic = Traffic()
    for rule in ("BudgetError", "UnguardedError", "BudgetError"):
        traffic.began(asked := prompt())
        traffic.ended(asked, exchange(status=424, rule=rule, usage=None, model=""))
    assert traffic.counts.refusals == {"BudgetError": 2, "UnguardedError": 1}
    assert traffic.counts.requests == {("openai", "", "ada", 424): 3}
    assert traffic.counts.tokens == {}


def test_one_that_was_cut_off_is_no_answer() -> None:
    told: list[Finished] = []
    traffic = Traffic(tell=[told.append])
    traffic.began(asked := prompt())
    traffic.ended(asked, None)
    assert told[0].exchange is None
    assert traffic.counts.requests == {}


def test_many_models_and_agents_are_bounded() -> None:
    traffic = Traffic()
    for number in range(3 * SERIES):
        traffic.began(asked := prompt(f"agent-{number % 97}"))
        traffic.ended(asked, exchange(model=f"model-{number}", status=200 + number % 40))
    counts = traffic.counts
    assert sum(counts.requests.values()) == 3 * SERIES
    assert len(counts.requests) <= SERIES + 40
    assert len({model for _, model, _, _ in counts.requests}) <= LABELS + 1
    assert len(counts.tokens) <= (LABELS + 1) ** 2
    for number in range(1000):
        traffic.began(asked := prompt())
        traffic.ended(asked, exchange(rule=f"rule-{number}"))
    assert len(counts.refusals) == 100


@pytest.mark.parametrize("name", ["tell me my balance", "a\nb", "x" * 200, "hunter2", '"}', "é", "-m"])
def test_content_and_secrets_are_no_labels(name: str) -> None:
    labels = Labels(lambda text: text.replace("hunter2", "SECRET_REF(pw)"))
    assert labels.of(name) == OTHER
    assert labels.of("us.anthropic.claude-x:0") == "us.anthropic.claude-x:0"
    assert labels.of("") == ""


def test_a_label_that_became_a_secret_is_told_no_more() -> None:
    secrets: list[str] = []
    labels = Labels(lambda text: "SECRET_REF(x)" if text in secrets else text)
    assert labels.of("m-1") == labels.shown("m-1") == "m-1"
    secrets.append("m-1")
    assert labels.shown("m-1") == OTHER


def test_a_window_forgets() -> None:
    window = Window(2)
    window.add(1000.2, (1, 10))
    window.add(1000.9, (1, 0))
    window.add(1030.0, (1, 5))
    assert window.total(1030.5, 60) == [3, 15]
    assert window.total(1030.5, 30) == [1, 5]
    assert window.total(1030.5, 10**9) == [3, 15]
    assert window.total(1000 + SECONDS, SECONDS) == [1, 5]
    window.add(1000 + SECONDS, (7, 7))
    assert window.total(1000 + SECONDS, 1) == [7, 7]


def test_percentiles_are_of_the_last_ones() -> None:
    spread = Spread((1.0, 10.0))
    assert spread.percentile(0.5) is None
    for value in range(1, 101):
        spread.add(float(value))
    assert (spread.percentile(0.5), spread.percentile(0.99), spread.percentile(1.0)) == (51.0, 100.0, 100.0)
    assert (spread.counts, spread.sum) == ([1, 9, 90], 5050.0)
    for _ in range(LAST):
        spread.add(0.5)
    assert spread.percentile(0.99) == 0.5
