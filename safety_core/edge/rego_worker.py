"""The child process in which rules run: `python -I -m safety_core.edge.rego_worker`.

One request per line, one answer per line. Requests: `{"load": {"modules": ..., "data": ..., "deadline":
seconds}}`, then `{"ask": [rule, ...], "input": {...}}`. Answers: `{"ok": [...]}` or `{"error": "..."}`. A
rule cannot be interrupted from inside (the engine holds the interpreter), so the kernel's alarm ends this
process when a request takes too long, even if nobody is left to kill it.
"""

from __future__ import annotations

import json
import resource
import signal
import sys
from typing import Any, Final

import regorus

MEMORY_LIMIT: Final = 2 * 1024 * 1024 * 1024
"""Bytes of address space: a rule that builds a huge value fails alone. The engine's allocator reserves 1 GiB."""

LOAD_SECONDS: Final = 30.0


class Worker:
    """One engine, bound to this thread."""

    def __init__(self) -> None:
        self._engine: Any = None
        self._deadline = LOAD_SECONDS

    def answer(self, line: bytes) -> dict[str, Any]:
        """Do one request."""
        request = json.loads(line)
        signal.setitimer(signal.ITIMER_REAL, 2 * self._deadline)
        try:
            if "load" in request:
                return self._load(request["load"])
            if "values" in request:
                return {"ok": [json.loads(self._engine.eval_rule_as_json(rule)) for rule in request["values"]]}
            return self._ask(request["ask"], json.dumps(request["input"]))
        except RuntimeError as error:  # all that the engine raises
            return {"error": str(error).strip()}
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)

    def _load(self, load: dict[str, Any]) -> dict[str, Any]:
        engine = regorus.Engine()
        for name, text in load["modules"].items():
            engine.add_policy(name, text)
        engine.add_data_json(json.dumps(load["data"]))
        self._engine = engine
        self._deadline = load["deadline"]
        return {"ok": []}

    def _ask(self, rules: list[str], facts: str) -> dict[str, Any]:
        self._engine.set_input_json(facts)
        hits = []
        for rule in rules:
            found = json.loads(self._engine.eval_rule_as_json(f"data.safety.rules.{rule}.hits"))
            if not isinstance(found, list):
                return {"error": f"rule {rule} is undefined"}
            hits += [{"rule": rule, **hit} for hit in found]
        return {"ok": hits}


def main() -> None:
    """Serve until standard input ends."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    worker = Worker()
    for line in sys.stdin.buffer:
        sys.stdout.buffer.write(json.dumps(worker.answer(line)).encode() + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
