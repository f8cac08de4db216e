"""The child process in which the patterns of a new bundle are proved: `python -I -m safety_core.edge.pattern_worker`.

In: one JSON list of patterns. Out: `{"ok": []}`, or the error with its parts. Compiling an expression cannot be
interrupted from inside, and one that explodes takes all memory there is: so it is done apart from the edge.
"""

from __future__ import annotations

import json
import resource
import signal
import sys
from typing import Any, Final

from safety_core.errors import PolicyError
from safety_core.match.patterns import PatternSet
from safety_core.model.policy import Pattern

MEMORY_LIMIT: Final = 4 * 1024 * 1024 * 1024
"""Bytes of address space. 800 patterns take a quarter of one GiB."""

SECONDS: Final = 120
"""Seconds after which the kernel ends this process, even if nobody is left to kill it."""


def answer(raw: bytes) -> dict[str, Any]:
    """Compile all patterns, and say whether that can be done."""
    try:
        PatternSet([Pattern(**{**entry, "keywords": tuple(entry["keywords"])}) for entry in json.loads(raw)])
    except PolicyError as error:
        return {"error": [error.thing, error.reason, error.fix]}
    except MemoryError:
        return {"error": ["patterns", "take more memory than there is", "simplify their expressions"]}
    return {"ok": []}


def main() -> None:
    """Answer once."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.alarm(SECONDS)
    sys.stdout.write(json.dumps(answer(sys.stdin.buffer.read())))


if __name__ == "__main__":
    main()
