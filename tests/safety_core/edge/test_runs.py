"""Runs on disk."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from safety_core.blueprint.run import Act, ActState, RunState
from safety_core.canonical import Json
from safety_core.edge import clock, runs
from safety_core.edge.runs import RunStore
from safety_core.errors import InputError, UnavailableError
from tests.safety_core.cli.blueprint.test_runner import fresh


def test_a_run_is_kept_and_found_by_the_first_digits_of_its_id(tmp_path: Path) -> None:
    with RunStore.opened(tmp_path / "runs.db") as store:
        store.add(fresh())
        store.add(replace(fresh(), id="ab" * 16))
        store.save(fresh().to(RunState.RUNNING))
    assert (tmp_path / "runs.db").stat().st_mode & 0o777 == 0o600
    with RunStore.opened(tmp_path / "runs.db") as store:
        assert store.get("aa").state is RunState.RUNNING
        assert {listed.blueprint for listed in store.latest()} == {"late"}
        for name, reason in (
            ("a", "more than one"),
            ("b", "is not a run"),
            ("", "first digits"),
            ("a%", "first digits"),
        ):
            with pytest.raises(InputError, match=reason):
                store.get(name)


def test_of_two_processes_that_work_on_one_run_the_later_one_stops(tmp_path: Path) -> None:
    with RunStore.opened(tmp_path / "runs.db") as one, RunStore.opened(tmp_path / "runs.db") as other:
        one.add(fresh())
        run = other.get("aa")
        one.save(fresh().to(RunState.RUNNING))
        with pytest.raises(InputError, match="another process"):
            other.save(run)


def test_what_was_over_long_ago_is_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with RunStore.opened(tmp_path / "runs.db") as store:
        store.add(fresh())
        store.add(replace(fresh(), id="b" * 32, state=RunState.REFUSED))
        later = clock.now() + runs.KEPT_SECONDS + 1
        monkeypatch.setattr(runs.clock, "now", lambda: later)
        store.add(replace(fresh(), id="c" * 32))
        assert {listed.id[0] for listed in store.latest()} == {"a", "c"}


def test_a_disk_that_fails_is_told(tmp_path: Path) -> None:
    with RunStore.opened(tmp_path / "runs.db") as store:
        store.add(fresh())
        with sqlite3.connect(tmp_path / "runs.db") as db:
            db.execute("DROP TABLE run")
        with pytest.raises(UnavailableError, match=r"runs\.db"):
            store.save(fresh())


def test_what_an_act_gave_back_is_the_same_number_after_a_crash(tmp_path: Path) -> None:
    output: Json = [15.0, 15, 2**60, "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16")]
    act = Act("orders", "orders", ActState.DONE, output=output)
    with RunStore.opened(tmp_path / "runs.db") as store:
        store.add(fresh().with_act(act))
        assert repr(store.get("aa").acts["orders"].output) == repr(output)
