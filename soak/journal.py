"""What one part of the soak notes by itself: one JSON object a line, there as soon as it is written."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any


class Journal:
    """Appends to one file. Any thread may."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)
        self._lock = threading.Lock()

    def note(self, what: str, **fields: Any) -> None:
        """Write down what happened, with the true time in seconds since the epoch."""
        line = json.dumps({"what": what, "at": round(time.time(), 6), **fields}).encode() + b"\n"
        with self._lock:
            self._file.write(line)
