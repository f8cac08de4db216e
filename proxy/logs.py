"""Log lines: one JSON object per line on stderr, redacted as a whole before it is written.

{"time": seconds, "level": "warning", "logger": "proxy.background", "message": "...", "error"?: "traceback"}
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable
from typing import TextIO

Scrub = Callable[[str], str]
"""Text -> the same text without any secret."""


class JsonLines(logging.Formatter):
    """Formats a record as JSON. What cannot be redacted is not written: a line says so in its place."""

    def __init__(self, scrub: Scrub) -> None:
        super().__init__()
        self._scrub = scrub

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, object] = {
            "time": round(record.created, 3),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        try:
            line["message"] = self._scrub(record.getMessage())
            if record.exc_info:
                line["error"] = self._scrub(self.formatException(record.exc_info))
        except Exception as error:  # noqa: BLE001 - a log line must neither stop the service nor leave unredacted
            line["message"] = (
                f"(a line from {record.pathname}:{record.lineno} could not be redacted: {type(error).__name__})"
            )
            line.pop("error", None)
        return json.dumps(line, ensure_ascii=False)


def log_to(stream: TextIO | None, scrub: Scrub, level: int = logging.INFO) -> None:
    """Send every logger of the process to `stream` (None: stderr) as redacted JSON lines, and nothing anywhere else."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines(scrub))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("httpx2", "tuf", "uvicorn"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
