"""The near end of a scanner in a process of its own (bench/serve.py is the far end)."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from bench.measure import Effort, Sample, repeats

ROOT: Final = Path(__file__).parent.parent
LOGS: Final = ROOT / ".cache" / "bench-logs"
PATIENCE: Final = 120.0
"""Seconds for one answer; the slowest peer takes 15 for its slowest message."""


class WorkerError(Exception):
    """The scanner could not be started, or said that it cannot do what it was asked."""


class Worker:
    """A long-lived scanner. Use as a context manager."""

    def __init__(
        self, title: str, module: str, *, python: Path = Path(sys.executable), options: tuple[str, ...] = ()
    ) -> None:
        self.title = title
        self.facts: dict[str, Any] = {}
        LOGS.mkdir(parents=True, exist_ok=True)
        self._log = LOGS / f"{title.replace(' ', '-')}.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [str(python), *options, "-m", "bench.serve", module],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=ROOT,
            )

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def ask(self, op: str, *, patience: float = PATIENCE, **order: Any) -> Any:
        """Return the answer. Raises WorkerError, also when there is none within so many seconds: the scanner is then
        ended."""
        late = threading.Timer(patience, self._process.kill)
        late.start()
        try:
            return self._answer(op, order)
        except WorkerError as error:
            if late.finished.is_set():
                raise WorkerError(f"{self.title} did not answer within {patience:g} s") from error
            raise
        finally:
            late.cancel()

    def _answer(self, op: str, order: dict[str, Any]) -> Any:
        pipe_in, pipe_out = self._process.stdin, self._process.stdout
        assert pipe_in
        assert pipe_out
        try:
            pipe_in.write(json.dumps({"op": op, **order}).encode() + b"\n")
            pipe_in.flush()
        except BrokenPipeError:
            pass
        line = pipe_out.readline()
        if not line:
            raise WorkerError(f"{self.title} ended: {self._last_words()}")
        reply = json.loads(line)
        if "error" in reply:
            raise WorkerError(f"{self.title}: {reply['error']}")
        return reply["ok"]

    def _last_words(self) -> str:
        lines = self._log.read_text("utf-8", "replace").splitlines()
        return lines[-1][:300] if lines else "without a word"

    def start(self, secrets: Mapping[str, str], messages: Mapping[str, bytes]) -> None:
        """Build the scanner and hand it its messages."""
        self.facts = self.ask("start", secrets=secrets)
        for name, raw in messages.items():
            self.ask("message", name=name, raw=raw.decode())

    def sample(self, message: str, effort: Effort) -> Sample:
        """Return the scan of this message, warmed up, as something to measure."""
        self.ask("measure", name=message, repeat=1)
        repeat = repeats(self.ask("measure", name=message, repeat=1), effort)
        return lambda: float(self.ask("measure", name=message, repeat=repeat))

    def cleaned(self, name: str) -> str:
        """Return the message without what the scanner found."""
        return str(self.ask("cleaned", name=name))
