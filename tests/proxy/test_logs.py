"""No log line holds a secret, whatever it was made of."""

import io
import json
import logging
from collections.abc import Generator

import pytest

from proxy.logs import JsonLines, log_to


@pytest.fixture(autouse=True)
def root_as_before() -> Generator[None, None, None]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = before


def test_a_line_is_json_and_redacted_whole() -> None:
    stream = io.StringIO()
    log_to(stream, lambda text: text.replace("hunter2", "SECRET_REF(pw)"))
    logger = logging.getLogger("a.b")
    try:
        raise ValueError("inside hunter2")
    except ValueError:
        logger.exception("got %s\nand more", "hunter2")
    line = json.loads(stream.getvalue())
    assert (line["level"], line["logger"], line["message"]) == ("error", "a.b", "got SECRET_REF(pw)\nand more")
    assert "ValueError: inside SECRET_REF(pw)" in line["error"]
    assert "hunter2" not in stream.getvalue()
    assert stream.getvalue().count("\n") == 1


def test_what_cannot_be_redacted_is_not_written() -> None:
    def broken(text: str) -> str:
        raise RuntimeError("broken")

    record = logging.LogRecord("a", logging.INFO, "file.py", 3, "hunter2", (), None)
    line = json.loads(JsonLines(broken).format(record))
    assert "hunter2" not in json.dumps(line)
    assert "could not be redacted: RuntimeError" in line["message"]


def test_a_line_whose_arguments_do_not_fit_is_told_and_lost() -> None:
    record = logging.LogRecord("a", logging.INFO, "file.py", 3, "%d", ("hunter2",), None)
    assert "hunter2" not in JsonLines(str).format(record)
