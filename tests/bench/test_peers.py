"""Peers: installed once, and left out with the reason where that fails."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from bench import redact, rivals
from bench.measure import QUICK, Timing
from bench.peers import install
from bench.worker import Worker, WorkerError

Pip = Callable[[str], Path]
SAMPLE = "tests.bench.sample_scanner"


@pytest.fixture
def pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pip:
    """Return what makes the peers' Python a script; the answer is the file that counts its calls."""

    def stand_in(script: str) -> Path:
        calls = tmp_path / "calls"
        python = tmp_path / "python"
        python.write_text(f"#!/bin/sh\necho call >> {calls}\n{script}\n", "utf-8")
        python.chmod(0o755)
        monkeypatch.setattr(install, "HOME", tmp_path)
        monkeypatch.setattr(install, "PYTHON", python)
        return calls

    return stand_in


def test_a_peer_is_installed_once(pip: Pip) -> None:
    calls = pip("exit 0")
    assert [install.install("kingfisher"), install.install("kingfisher")] == ["", ""]
    assert calls.read_text() == "call\n"


def test_a_peer_that_cannot_be_installed_says_why_and_is_tried_again(pip: Pip) -> None:
    calls = pip("echo 'ERROR: No matching distribution' >&2; echo 'a notice' >&2; exit 1")
    assert [install.install("kingfisher"), install.install("kingfisher")] == ["No matching distribution"] * 2
    assert calls.read_text() == "call\ncall\n"


def test_peers_that_cannot_take_part_are_rows_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rivals, "install", lambda _: "no wheel")
    with ExitStack() as stack:
        field = rivals.gathered(stack, lambda _: None)
    assert not field.workers
    with Worker("sample", SAMPLE) as ours:
        ours.start({}, {"dirty": b"nothing"})
        cast = redact.Cast(ours, ours, ours, field, native=True)
        rows = [*redact._against(cast, {"ours 64k": Timing(1, 1, 1)})][1:]
    assert [row.name for row in rows] == [rival.key for rival in rivals.RIVALS]
    assert {row.value for row in rows} == {None}
    assert rows[0].note == "kingfisher-secret-scanner 1.5.0 cannot be installed here: no wheel"


def test_a_peer_that_does_not_start_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rivals, "install", lambda _: "")
    monkeypatch.setattr(rivals, "PYTHON", Path("/bin/false"))
    with ExitStack() as stack:
        field = rivals.gathered(stack, lambda _: None)
    assert not field.workers
    assert field.absent["presidio"].startswith("cannot be started here: presidio ended")


def test_a_peer_that_fails_while_it_is_measured_is_left_out_and_the_others_are_not() -> None:
    messages = {"64k": b"hay", "dirty": b"hay", "text": b"hay"}
    with Worker("good", SAMPLE) as good, Worker("bad", SAMPLE) as bad, Worker("late", SAMPLE) as late:
        field = rivals.Field({"good": good, "bad": bad, "late": late}, {})
        for worker in field.workers.values():
            worker.start({}, {})
        taken = rivals.samples(field, "good", messages, QUICK)
        assert rivals.samples(field, "bad", {**messages, "dirty": b"fail"}, QUICK) == {}
        taken |= rivals.samples(field, "late", messages, QUICK)
        with pytest.raises(WorkerError):
            late.ask("call", method="end", arguments={})
        values = {name: sample() for name, sample in taken.items()}
    assert {name.split()[0] for name, value in values.items() if value > 0} == {"good"}
    assert [*field.workers] == ["good"]
    assert "ValueError: told to" in field.absent["bad"]
    assert field.absent["late"].startswith("failed while it was measured: late ended")


def test_every_peer_is_installed_before_a_run_and_who_cannot_be_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def stand_in(name: str, _python: Path) -> str:
        asked.append(name)
        return "no wheel" if name == "presidio" else ""

    monkeypatch.setattr(install, "install", stand_in)
    assert install.install_all() == {"presidio": "no wheel"}
    assert sorted(asked) == sorted(path.stem for path in install.LOCKS.glob("*.txt"))


def test_a_peer_may_have_an_environment_for_itself(pip: Pip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = pip("exit 0")
    made: list[Path] = []
    python = install.apart("hol-guard")

    def create(place: Path, *, with_pip: bool) -> None:
        made.append(place)
        python.parent.mkdir(parents=True)
        python.write_bytes(install.PYTHON.read_bytes())
        python.chmod(0o755)
        assert with_pip

    monkeypatch.setattr(install.venv, "create", create)
    assert [install.install("hol-guard", python), install.install("hol-guard", python)] == ["", ""]
    assert made == [tmp_path / "for-hol-guard"]
    assert calls.read_text() == "call\n"
