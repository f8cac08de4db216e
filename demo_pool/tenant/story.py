"""What has happened so far, as the page tells it. Plain values; any thread may add to it.

{"version": n, "chapters": [CHAPTER], "outbox": [...], "received": {"requests": n, "bytes": n, "leaks": n}}
CHAPTER  {"id", "title", "says", "state": "works" | "asks" | "done" | "refused" | "failed", "steps": [STEP], "said"}
STEP     {"tool", "does", "level", "status", "reason", "code", "question", "got", "received", "findings", "changed"}
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Mapping
from typing import Any, Final

CHAPTERS: Final = 30
"""As many are told; older ones are forgotten."""

TEXT: Final = 4000
"""Characters of one text."""


class Story:
    """The story. `changed` is set on the stage's loop whenever something was added."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._lock = threading.Lock()
        self._chapters: list[dict[str, Any]] = []
        self._outbox: list[dict[str, Any]] = []
        self._changed = asyncio.Event()
        self._count = 0
        self.version = 0

    def chapter(self, title: str, says: str) -> int:
        """Begin a chapter and return its number."""
        with self._lock:
            self._count += 1
            told = {"id": self._count, "title": title, "says": cut(says), "at": time.time()}
            self._chapters.append({**told, "state": "works", "steps": [], "said": "", "received": ""})
            del self._chapters[:-CHAPTERS]
        self._touch()
        return self._count

    def step(self, chapter: int, tool: str, does: str) -> int:
        """Begin a step of a chapter and return its place."""
        with self._lock:
            steps: list[dict[str, Any]] = self._find(chapter)["steps"]
            steps.append({"tool": tool, "does": cut(does), "status": "judged"})
        self._touch()
        return len(steps) - 1

    def tell_step(self, chapter: int, step: int, **more: Any) -> None:
        """Say more of a step."""
        with self._lock:
            self._find(chapter)["steps"][step].update(_cut_all(more))
        self._touch()

    def tell(self, chapter: int, **more: Any) -> None:
        """Say more of a chapter."""
        with self._lock:
            self._find(chapter).update(_cut_all(more))
        self._touch()

    def went_out(self, what: str, to: str, content: str) -> None:
        """Note something that has really reached a fake."""
        with self._lock:
            self._outbox.append({"what": what, "to": cut(to), "content": cut(content), "at": time.time()})
            del self._outbox[:-CHAPTERS]
        self._touch()

    def open(self) -> int:
        """Return how many chapters are not over."""
        with self._lock:
            return sum(chapter["state"] in {"works", "asks"} for chapter in self._chapters)

    def told(self) -> dict[str, Any]:
        """Return all of it, newest first."""
        with self._lock:
            chapters = [{**one, "steps": [{**step} for step in one["steps"]]} for one in reversed(self._chapters)]
            return {"version": self.version, "chapters": chapters, "outbox": [*reversed(self._outbox)]}

    async def newer_than(self, version: int, seconds: float) -> int:
        """Wait until there is more than at `version`, or so long; return the version then."""
        end = self._loop.time() + seconds
        while self.version <= version and (left := end - self._loop.time()) > 0:
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), left)
            except TimeoutError:
                break
        return self.version

    def _find(self, number: int) -> dict[str, Any]:
        found = next((one for one in self._chapters if one["id"] == number), None)
        return found if found is not None else {"steps": [{} for _ in range(64)]}  # forgotten meanwhile

    def _touch(self) -> None:
        self.version += 1
        self._loop.call_soon_threadsafe(self._changed.set)


def cut(text: str) -> str:
    """Return a text as long as a page shows it."""
    return text if len(text) <= TEXT else text[:TEXT] + " ..."


def _cut_all(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: cut(value) if isinstance(value, str) else value for name, value in values.items()}
