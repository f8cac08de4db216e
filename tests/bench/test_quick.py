"""What `make bench-quick` does with a figure that is out of its budget."""

import pytest

from bench import quick
from bench.figure import BUDGETS
from bench.quick import AGAIN, ROUNDS, Guard

LIMIT = BUDGETS["redact_64k"]["quick"]


class Scripted:
    """A guard that gives these values, one after the other, and notes for how many rounds it was asked."""

    def __init__(self, *values: float) -> None:
        self.values = list(values)
        self.rounds: list[int] = []

    def measure(self, rounds: int) -> dict[str, float]:
        self.rounds.append(rounds)
        return {"redact_64k": self.values.pop(0), "stream_hold": 1.0}


def ran(*values: float) -> tuple[int, list[int]]:
    script = Scripted(*values)
    return quick.main([Guard("redaction", script.measure)]), script.rounds


def test_figures_within_their_budgets_pass() -> None:
    assert ran(LIMIT) == (0, [ROUNDS])


def test_a_figure_out_of_its_budget_fails_the_run_and_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert ran(LIMIT + 1, LIMIT + 2) == (1, [ROUNDS, AGAIN])
    last = "".join(capsys.readouterr().out.split("out of budget:")[1:])
    assert "redact_64k is" in last
    assert "stream_hold" not in last


def test_a_figure_that_was_out_once_is_measured_longer_and_may_pass() -> None:
    assert ran(LIMIT + 1, LIMIT - 1) == (0, [ROUNDS, AGAIN])


def test_every_budget_of_the_quick_run_is_no_narrower_than_that_of_a_whole_one() -> None:
    guarded = {name: budget for name, budget in BUDGETS.items() if "quick" in budget}
    assert len(guarded) == 16
    assert [name for name, budget in guarded.items() if budget["quick"] < budget["at_most"]] == []
