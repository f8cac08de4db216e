"""The child process in which rules run: `python -I -m safety_core.edge.rego_worker`.

One request per line, one answer per line. Requests:

    {"load": {"shards": [{name: text, ...}, ...], "data": ..., "deadline": seconds}}
    {"values": [path, ...]}                      of the first shard
    {"ask": [[shard, [rule, ...]], ...]}         and the facts, as JSON, in a line of their own

Answers: `{"ok": [...]}` or `{"error": "..."}`. Each shard is an engine of its own, since what an engine does for one
rule grows with the rules that it holds. A rule cannot be interrupted from inside (the engine holds the interpreter), so
the kernel's alarm ends this process when a request takes too long, even if nobody is left to kill it.
"""

from __future__ import annotations

import gc
import resource
import signal
import sys
from typing import IO, Any, Final

import orjson
import regorus

MEMORY_LIMIT: Final = 2 * 1024 * 1024 * 1024
"""Bytes of address space: a rule that builds a huge value fails alone. The engine's allocator reserves 1 GiB."""

LINE_LIMIT: Final = 512 * 1024 * 1024
"""Bytes of one line: all rules of a bundle that is as large as it may be, escaped."""

LOAD_SECONDS: Final = 30.0

READY: Final = ("safety/ready.rego", "package safety.ready\n\nimport rego.v1\n\nready := true\n")
"""Asked about once per engine, so that it prepares its rules when they are loaded and not at the first call."""


class Worker:
    """The engines of one bundle, bound to this thread."""

    def __init__(self) -> None:
        self._engines: list[Any] = []
        self._deadline = LOAD_SECONDS

    def answer(self, request: dict[str, Any], facts: bytes) -> dict[str, Any]:
        """Do one request."""
        signal.setitimer(signal.ITIMER_REAL, 2 * self._deadline)
        try:
            if "load" in request:
                return self._load(request["load"])
            if "values" in request:
                return {"ok": [orjson.loads(self._engines[0].eval_rule_as_json(rule)) for rule in request["values"]]}
            return self._ask(request["ask"], facts.decode())
        except RuntimeError as error:  # all that the engine raises
            return {"error": str(error).strip()}
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)

    def _load(self, load: dict[str, Any]) -> dict[str, Any]:
        base = regorus.Engine()
        base.add_data_json(orjson.dumps(load["data"]).decode())
        self._engines = [_engine(base, modules) for modules in load["shards"]]
        self._deadline = load["deadline"]
        gc.freeze()  # what is loaded stays: no later collection looks at it
        return {"ok": []}

    def _ask(self, shards: list[tuple[int, list[str]]], facts: str) -> dict[str, Any]:
        hits = []
        for number, rules in shards:
            engine = self._engines[number]
            engine.set_input_json(facts)
            for rule in rules:
                try:
                    found = orjson.loads(engine.eval_rule_as_json(f"data.safety.rules.{rule}.hits"))
                except RuntimeError as error:
                    return {"error": f"rule {rule}: {str(error).strip()}"}
                if not isinstance(found, list):
                    return {"error": f"rule {rule} is undefined"}
                hits += [{"rule": rule, **hit} for hit in found]
        return {"ok": hits}


def _engine(base: Any, modules: dict[str, str]) -> Any:
    """Return an engine with these modules; the data is shared with `base`."""
    engine = base.clone()
    for name, text in (*modules.items(), READY):
        engine.add_policy(name, text)
    engine.set_input_json("{}")
    engine.eval_rule_as_json("data.safety.ready.ready")
    return engine


def serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Answer until the requests end, or break off in the middle of a line."""
    worker = Worker()
    while (line := requests.readline(LINE_LIMIT)).endswith(b"\n"):
        request = orjson.loads(line)
        facts = requests.readline(LINE_LIMIT) if "ask" in request else b""
        answers.write(orjson.dumps(worker.answer(request, facts)) + b"\n")
        answers.flush()


def main() -> None:
    """Serve on standard input and output."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    serve(sys.stdin.buffer, sys.stdout.buffer)


if __name__ == "__main__":
    main()
