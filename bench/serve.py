"""A scanner in a process of its own, asked line by line in JSON: `python -m bench.serve MODULE`.

Runs in the project's environment and in the peers', so nothing here imports either. MODULE holds a class `Scanner`:

    Scanner(secrets: dict[str, str])
    prepare(raw: str) -> message     what is not measured
    scan(message)                    what is
    cleaned(message) -> str          the message without what was found
    facts() -> dict                  versions, number of rules, ...

A guard, which judges tool calls, has instead of the middle three:

    reset()                          forget every call
    judge(calls) -> list[str]        for each, a level of ours, or "allow", "ask", "deny"
    close()                          end whatever it has started
"""

from __future__ import annotations

import json
import os
import sys
import time
from importlib import import_module
from typing import Any


def main() -> None:
    """Answer until the pipe closes. What the scanner prints goes to stderr."""
    module = import_module(sys.argv[1])
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    seat = Seat(module.Scanner)
    for line in sys.stdin.buffer:
        order = json.loads(line)
        try:
            reply = {"ok": getattr(seat, order.pop("op"))(**order)}
        except Exception as error:  # noqa: BLE001 - whatever a peer raises is an answer
            reply = {"error": f"{type(error).__name__}: {error}"[:500]}
        replies.write(json.dumps(reply) + "\n")
        replies.flush()


class Seat:
    """One scanner and the messages that it was given."""

    def __init__(self, scanner: Any) -> None:
        self._make = scanner
        self._scanner: Any = None
        self._messages: dict[str, Any] = {}

    def start(self, secrets: dict[str, str]) -> dict[str, Any]:
        """Build the scanner; return what it says of itself and the CPU seconds of building."""
        started = time.process_time()
        self._scanner = self._make(secrets)
        return {"build": time.process_time() - started, **self._scanner.facts()}

    def message(self, name: str, raw: str) -> None:
        """Keep a message, prepared."""
        self._messages[name] = self._scanner.prepare(raw)

    def measure(self, name: str, repeat: int) -> float:
        """Return the CPU seconds of one scan, all threads of this process together."""
        scan, message = self._scanner.scan, self._messages[name]
        started = time.process_time()
        for _ in range(repeat):
            scan(message)
        return (time.process_time() - started) / repeat

    def cleaned(self, name: str) -> str:
        """Return the message without what was found."""
        return str(self._scanner.cleaned(self._messages[name]))

    def judge(self, calls: list[dict[str, Any]]) -> dict[str, Any]:
        """Return the answers, and the seconds on the clock for all: part of the work is done in other processes."""
        started = time.perf_counter()
        answers = self._scanner.judge(calls)
        return {"answers": answers, "seconds": time.perf_counter() - started}

    def call(self, method: str, arguments: dict[str, Any]) -> Any:
        """Return what a method of this very scanner says."""
        return getattr(self._scanner, method)(**arguments)


if __name__ == "__main__":
    main()
