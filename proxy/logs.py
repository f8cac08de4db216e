"""Log lines: one JSON object per line on stderr, redacted as a whole before it is written.

{"time": seconds, "level": "warning", "logger": "proxy.background", "message": "...", "error"?: "traceback"}

What is logged with `extra={FIELDS: [{...}, ...]}` stands in the line beside its message (names, numbers, short
texts), one line for each of them.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable
from typing import Final, TextIO

Scrub = Callable[[str], str]
"""Text -> the same text without any secret."""


FIELDS: Final = "safety_fields"
"""The attribute of a record that holds the further members of each of its lines."""


class JsonLines(logging.Formatter):
    """Formats a record as lines of JSON. What cannot be redacted is not written: a line says so in its place."""

    def __init__(self, scrub: Scrub) -> None:
        super().__init__()
        self._scrub = scrub

    def format(self, record: logging.LogRecord) -> str:
        """Return its line, or lines."""
        head: dict[str, object] = {
            "time": round(record.created, 3),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        try:
            lines = [head | said for said in self._said(record)]
            if record.exc_info:
                lines[0]["error"] = self._scrub(self.formatException(record.exc_info))
        except Exception as error:  # noqa: BLE001 - a log line must neither stop the service nor leave unredacted
            told = f"(a line from {record.pathname}:{record.lineno} could not be redacted: {type(error).__name__})"
            lines = [{**head, "message": told}]
        return "\n".join(json.dumps(line, ensure_ascii=False) for line in lines)

    def _said(self, record: logging.LogRecord) -> list[dict[str, object]]:
        """Return the message and the further members of each line. Their texts are redacted in one go: nearly always
        nothing is in them."""
        message = record.getMessage()
        said: list[dict[str, object]] = [{"message": message, **members} for members in getattr(record, FIELDS, [{}])]
        whole = "\n".join([value for line in said for value in line.values() if isinstance(value, str)])
        if self._scrub(whole) == whole:
            return said
        return [
            {name: self._scrub(value) if isinstance(value, str) else value for name, value in line.items()}
            for line in said
        ]


def log_to(stream: TextIO | None, scrub: Scrub, level: int = logging.INFO) -> None:
    """Send every logger of the process to `stream` (None: stderr) as redacted JSON lines, and nothing anywhere else."""
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False  # no line says them: not asked for
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines(scrub))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("httpx2", "tuf", "uvicorn"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
