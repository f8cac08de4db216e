"""What it costs to run something for an agent.

Each piece beside the start of a Python that does nothing, turn by turn: what any launcher in Python has to pay.
"""

from __future__ import annotations

import asyncio
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from pathlib import Path

from bench.figure import Figure
from safety_core.edge.execute import Limits, execute
from safety_core.model.connection import Connection
from safety_core.resolve import ServicePlan, ShellPlan

SECTION = "What executes"
ROUNDS = 60


def figures() -> Iterator[Figure]:
    """Run commands and database operations, and yield what they cost."""
    with tempfile.TemporaryDirectory() as folder:
        taken = asyncio.run(_rounds(Path(folder), ROUNDS))
    python = taken.pop("python")
    titles = {
        "confined_command": "a command, confined, from start to its output",
        "service_operation": "one query of a connected database, in a child process of its own",
    }
    for name, title in titles.items():
        yield Figure(SECTION, name, f"{title} / a Python that does nothing", taken[name] / python, "x")
        yield Figure(SECTION, f"{name}_ms", title, 1000 * taken[name], "ms")


async def _rounds(folder: Path, rounds: int) -> dict[str, float]:
    """Return the median seconds of each."""
    with closing(sqlite3.connect(folder / "shop.db")) as db:
        db.executescript("CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO item VALUES (1, 'rye')")
    shop = Connection("shop", "sql", f"sqlite:///{folder / 'shop.db'}", private=True)
    query = ServicePlan("sql", shop, "query", {"query": "SELECT * FROM item"}, (), 30.0)
    command = ShellPlan("true", str(folder), (), 30.0)
    pieces: dict[str, Callable[[], Awaitable[object]]] = {
        "python": _python,
        "confined_command": lambda: execute(command, {}, Limits(), key="k"),
        "service_operation": lambda: execute(query, {}, Limits(), key="k"),
    }
    taken: dict[str, list[float]] = {name: [] for name in pieces}
    for _ in range(rounds):
        for name, piece in pieces.items():
            begun = time.perf_counter()
            await piece()
            taken[name].append(time.perf_counter() - begun)
    return {name: statistics.median(values) for name, values in taken.items()}


async def _python() -> None:
    child = await asyncio.create_subprocess_exec(sys.executable, "-I", "-S", "-c", "", stdout=subprocess.DEVNULL)
    await child.wait()
