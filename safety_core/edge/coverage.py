"""Rules judged with every line watched: which were reached. For authors; an edge never runs it.

In a child process that is killed when it is late, as everywhere that rules run.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from safety_core.bundle.contents import TrustedBundle
from safety_core.bundle.golden import read_hits
from safety_core.canonical import JsonObject
from safety_core.edge.reap import reap
from safety_core.errors import InputError, UnavailableError
from safety_core.model.verdict import Hit
from safety_core.wire.reader import Reader

SECONDS: Final = 120.0
"""For everything that is asked; watching every line makes a rule some three times slower."""

_PACKAGE: Final = re.compile(r"^package[ \t]+([A-Za-z0-9_.]+)", re.MULTILINE)
_TEST: Final = re.compile(r"^(test_[A-Za-z0-9_]+)\b", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Lines:
    """Of each module: the lines that were reached, and those that were not. A head counts once its body came true."""

    covered: Mapping[str, frozenset[int]]
    missed: Mapping[str, frozenset[int]]


@dataclass(frozen=True, slots=True)
class Watched:
    """What came out. `lines`: one per question where each was asked by itself, else one for everything."""

    hits: tuple[tuple[Hit, ...], ...]
    lines: tuple[Lines, ...]


async def watched(
    bundle: TrustedBundle,
    asked: Iterable[tuple[Sequence[str], JsonObject]],
    *,
    tests: Mapping[str, str] | None = None,
    values: Iterable[str] = (),
    each: bool = False,
    seconds: float = SECONDS,
) -> Watched:
    """Return which lines of the rules were reached.

    Args:
        asked: rules to ask, with the facts to ask them about.
        tests: modules of tests by path, to be loaded beside the rules.
        values: paths of tests to run after that.
        each: note lines by question, not for everything together.

    Raises:
        UnavailableError: the rules do not load, err, or take too long.
    """
    request = {
        "modules": {**bundle.rules, **(tests or {})},
        "data": bundle.rule_data,
        "ask": [{"rules": [*rules], "input": facts} for rules, facts in asked],
        "values": [*values],
        "each": each,
    }
    raw = await _exchange(json.dumps(request).encode(), seconds)
    try:
        reader = Reader(json.loads(raw), "coverage")
        if reader.has("error"):
            raise UnavailableError("policy engine", reader.text("error", limit=1_000_000)[:2000])
        return _watched(reader.object("ok"))
    except (InputError, ValueError) as error:
        raise UnavailableError("policy engine", f"gave an answer that cannot be read ({error})") from error


def paths_of_tests(tests: Mapping[str, str]) -> Iterator[str]:
    """Yield the path of every test in these modules, as `watched` takes them."""
    for text in tests.values():
        package = _PACKAGE.search(text)
        if package is not None:
            yield from (f"data.{package[1]}.{found[1]}" for found in _TEST.finditer(text))


async def _exchange(request: bytes, seconds: float) -> bytes:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-m", "safety_core.edge.coverage_worker",
        stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env={"RUST_BACKTRACE": "0"}, cwd="/",
    )  # fmt: skip
    try:
        async with asyncio.timeout(seconds):
            return (await process.communicate(request))[0]
    except TimeoutError as error:
        raise UnavailableError("policy engine", f"gave no answer within {seconds:g} s") from error
    finally:
        await reap(process)


def _watched(answer: Reader) -> Watched:
    hits, lines = answer.json("hits"), answer.json("lines")
    if not isinstance(hits, list) or not isinstance(lines, list):
        raise InputError("coverage", "is no list")
    return Watched(tuple(read_hits(found, "answer") for found in hits), tuple(_lines(entry) for entry in lines))


def _lines(files: object) -> Lines:
    found = files if isinstance(files, dict) else {}
    return Lines(
        {path: frozenset(covered) for path, (covered, _) in found.items()},
        {path: frozenset(missed) for path, (_, missed) in found.items()},
    )
