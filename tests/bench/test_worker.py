"""A scanner in a process of its own: what it is asked, and how it ends."""

from collections.abc import Iterator

import pytest

from bench.measure import QUICK
from bench.worker import Worker, WorkerError

SCANNER = "tests.bench.sample_scanner"


@pytest.fixture
def worker() -> Iterator[Worker]:
    with Worker("sample", SCANNER) as started:
        yield started


def test_a_scanner_is_built_with_its_secrets_and_cleans_a_message(worker: Worker) -> None:
    worker.start({"name": "hidden"}, {"hay": "a needle is hidden — here".encode()})
    assert worker.facts["version"] == "1"
    assert worker.cleaned("hay") == "a  is  — here"


def test_what_a_scanner_prints_is_no_answer_and_the_time_of_a_scan_is(worker: Worker) -> None:
    worker.start({}, {"hay": b"hay"})
    assert 0 < worker.sample("hay", QUICK)() < 1


def test_an_error_of_the_scanner_is_named_and_the_scanner_goes_on(worker: Worker) -> None:
    worker.start({}, {"bad": b"fail", "good": b"needle"})
    with pytest.raises(WorkerError, match="sample: ValueError: told to"):
        worker.ask("measure", name="bad", repeat=1)
    assert not worker.cleaned("good")


def test_a_scanner_that_ends_leaves_its_last_words(worker: Worker) -> None:
    worker.start({}, {})
    with pytest.raises(WorkerError, match="sample ended: and that was it"):
        worker.ask("call", method="end", arguments={})


def test_a_scanner_that_does_not_answer_is_ended(worker: Worker) -> None:
    worker.start({}, {})
    with pytest.raises(WorkerError, match=r"sample did not answer within 0\.2 s"):
        worker.ask("call", patience=0.2, method="sleep", arguments={})


def test_a_scanner_that_cannot_be_imported_says_why() -> None:
    with Worker("absent", "tests.bench.no_such_scanner") as worker, pytest.raises(WorkerError, match="No module named"):
        worker.start({}, {})
