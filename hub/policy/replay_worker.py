"""The child process of a replay: `python -I -m hub.policy.replay_worker OLD NEW`, bundles as files, calls on its input.

Out: {"ok": counts and examples of what is judged otherwise}, or {"error": [thing, reason, fix]}. Recorded calls are
hostile text of any shape: memory and time are bounded by the kernel, whatever becomes of the hub.
"""

from __future__ import annotations

import asyncio
import json
import resource
import signal
import sys
from pathlib import Path
from typing import Final

from safety_core.bundle.contents import TrustedBundle
from safety_core.canonical import Json, JsonObject
from safety_core.cli.classify import WORKSPACE
from safety_core.cli.policy.recordings import STDIN, Recordings
from safety_core.cli.policy.replay import judged_by_both
from safety_core.edge.shipped import bundle_in
from safety_core.errors import SafetyError
from safety_core.flow.compared import Tally

MEMORY_LIMIT: Final = 4 * 1024 * 1024 * 1024
"""Bytes of address space; compiled patterns take a quarter of one GiB of it."""

SECONDS: Final = 60


def answer(old: Path, new: Path) -> JsonObject:
    """Judge the calls on standard input by both."""
    try:
        bundles: tuple[TrustedBundle, TrustedBundle] = (bundle_in(old.read_bytes()), bundle_in(new.read_bytes()))
        recordings = Recordings((STDIN,), WORKSPACE)
        tally = asyncio.run(judged_by_both(bundles, recordings, None, WORKSPACE))
    except SafetyError as error:
        return {"error": [error.thing, error.reason, error.fix]}
    return {"ok": {**_counts(tally), "unreadable": len(recordings.unreadable), "examples": _examples(tally)}}


def _counts(tally: Tally) -> JsonObject:
    return {"calls": tally.calls, "differing": tally.differing, "stricter": tally.stricter, "looser": tally.looser}


def _examples(tally: Tally) -> list[Json]:
    found: list[Json] = []
    for rule, count in tally.rule_counts.most_common():
        found += [{"rule": rule, "count": count, **example.to_json()} for example in tally.by_rule[rule]]
    return found


def main() -> None:
    """Answer once."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.alarm(SECONDS)
    sys.stdout.write(json.dumps(answer(Path(sys.argv[1]), Path(sys.argv[2]))))


if __name__ == "__main__":
    main()
