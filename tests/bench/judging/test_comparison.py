"""Guards side by side: who cannot take part is named, what was started is ended, the first pass counts."""

import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from bench.judging import comparison, guards
from bench.judging.comparison import Comparison, Score
from bench.judging.guards import OURS, PEERS, Gathering, Guard
from bench.judging.mistakes import MISTAKES
from bench.report.guards import guard_lines
from bench.worker import Worker
from tests.bench.judging import sample_guard

SAMPLE = "tests.bench.judging.sample_guard"


@pytest.fixture
def samples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the sample take the place of every guard; the second peer cannot be installed, the third does not start."""
    monkeypatch.setattr(guards, "OURS", Guard("ours", "ours", SAMPLE))
    alike = [Guard(guard.key, guard.title, SAMPLE, guard.lock) for guard in PEERS]
    monkeypatch.setattr(guards, "PEERS", tuple(alike))
    monkeypatch.setattr(guards, "install", lambda lock, _: "no wheel" if lock == PEERS[1].lock else "")
    broken = {PEERS[2].lock: "/bin/false"}
    monkeypatch.setattr(guards, "apart", lambda lock: Path(broken.get(lock, sys.executable)))


@pytest.mark.usefixtures("samples")
def test_guards_are_asked_turn_by_turn_and_those_that_cannot_be_are_named() -> None:
    done = comparison.compared(lambda _: None, peers=True, rounds=2)
    assert list(done.scores) == ["ours", PEERS[0].key]
    assert set(done.scores["ours"].answers) == {"deny"}  # of the first pass: it was reset
    assert len(done.scores["ours"].new) == len(done.scores["ours"].again) == 2
    assert "cannot be installed here: no wheel" in done.gathering.absent[PEERS[1].key]
    assert done.gathering.absent[PEERS[2].key].startswith("cannot be started here")


@pytest.mark.usefixtures("samples")
def test_without_peers_nothing_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guards, "install", None)
    done = comparison.compared(lambda _: None, peers=False, rounds=1)
    assert list(done.scores) == ["ours"]
    rows = {figure.name: figure for figure in comparison.figures(done)}
    assert rows["judging_agt_new"].value is None
    assert rows["judging_missed"].value is not None


def test_what_a_guard_has_started_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Here(Worker):
        def __init__(self, title: str, module: str, *, python: Path) -> None:
            super().__init__(title, module, python=python)
            self.closed = False

        def ask(self, op: str, **order: object) -> object:
            self.closed |= order.get("method") == "close"
            return {} if op != "start" else sample_guard.Scanner({}).facts()

    monkeypatch.setattr(guards, "Worker", Here)
    with ExitStack() as stack:
        ours = guards.gathered(stack, lambda _: None, peers=False).workers["ours"]
        assert isinstance(ours, Here)
        assert not ours.closed
    assert ours.closed


def test_the_page_shows_who_took_part_and_why_the_others_did_not() -> None:
    score = Score(answers=["red", "green"], new=[1000.0, 3000.0, 2000.0], again=[9.0])
    shares = {"wrong": 2.5} | {it.key: 2.5 for it in MISTAKES}
    done = Comparison((), Gathering({}, {"hol_guard": "no wheel"}), {})
    rows = comparison.table(done)
    assert [row["title"] for row in rows] == [OURS.title, *(guard.title for guard in PEERS)]
    assert rows[2]["absent"] == "no wheel"
    rows[0] = {"title": "ours", "version": "1", "asked": "this", "shares": shares, "new": 2000.0, "again": 9.0}
    text = "\n".join(guard_lines(rows))
    assert "| ours 1 | 2,000 | 9 | 2.5% |" in text
    assert "- hol-guard took no part: no wheel" in text
    assert Comparison((), done.gathering, {"ours": score}).per_second("ours", again=False) == 2000
