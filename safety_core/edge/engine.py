"""The seam between the gateway and whatever runs its rules."""

from __future__ import annotations

from typing import Final, Protocol

import orjson

from safety_core.bundle.contents import TrustedBundle
from safety_core.canonical import JsonObject
from safety_core.errors import LimitError
from safety_core.model.facts import Facts
from safety_core.model.verdict import Decision

FACTS_LIMIT: Final = 512 * 1024
"""Bytes of one call's facts: some 6,000 files. More would take the rules longer than they may, and cost the process."""


class Engine(Protocol):
    """Judges facts by the rules of one bundle. Every failure is an UnavailableError, never an empty answer; facts that
    no engine can be asked about are a LimitError."""

    async def load(self, bundle: TrustedBundle) -> None:
        """Judge by `bundle` from now on."""

    async def judge(self, facts: Facts) -> Decision:
        """Return every rule that fires for `facts`, under the revision that is loaded."""

    async def close(self) -> None:
        """Stop. Idempotent."""


def facts_line(facts: JsonObject) -> bytes:
    """Return the facts as one line of JSON, the same for every engine.

    Raises:
        LimitError: they are too large, or hold what JSON cannot carry: engines read that in different ways.
    """
    try:
        line = orjson.dumps(facts)
    except TypeError as error:  # a lone surrogate, a number of more than 64 bits, nested too deeply
        raise LimitError("facts of the call", "hold something that no policy engine reads") from error
    if len(line) > FACTS_LIMIT:
        raise LimitError("facts of the call", f"are larger than {FACTS_LIMIT} bytes", "make several calls of it")
    return line
