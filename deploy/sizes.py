"""What a machine has to have: memory of each service, and what the disk takes for each thousand of what happens.

    .venv/bin/python -m deploy.sizes [--json | --page docs/vps.md]

Everything is measured on this machine, on real processes: memory as PSS (each page shared by several counts in parts),
disk as the bytes that the folders grew by once their write-ahead logs are moved into the files.
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from tests.simulators.postgres import binaries, private_cluster
from tests.simulators.site import Edge, Site, process, site
from tools.docs.marks import between

THOUSAND = 1000
QUESTIONS = 60
"""Below what one agent may have open."""
MIB = 1024 * 1024


def pss(pid: int) -> float:
    """MiB of a process and all that it started."""
    total = 0.0
    for one in [pid, *descendants(pid)]:
        try:
            rollup = Path(f"/proc/{one}/smaps_rollup").read_text()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")) / 1024
    return total


def descendants(pid: int) -> list[int]:
    """Return all that a process started, and what that started."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += [int(child), *descendants(int(child))]
    return found


def size(folder: Path) -> int:
    """Bytes below a folder, with every database's write-ahead log moved into it."""
    for path in folder.rglob("*.db"):
        with closing(sqlite3.connect(path)) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and path.suffix in {".db", ".jsonl"})


def grown(folder: Path, count: int, work: Callable[[int], object]) -> float:
    """Return how many MiB a folder grows by for each thousand times that `work` is done."""
    before = size(folder)
    for number in range(count):
        work(number)
    time.sleep(1)
    return (size(folder) - before) / MIB * THOUSAND / count


def ask(here: Site, edge: Edge, number: int) -> None:
    """Put a question, have it answered, and use the yes."""
    command = f"git push --force origin branch-{number}"
    asked = edge.decide("exec", command=command)
    for _ in range(10):  # each try waits for some seconds
        if here.may_answer(asked["approval"]["id"]):
            break
    edge.decide("exec", wait=30.0, command=command)


def measured(row: Callable[[str, float, str], None]) -> None:
    """Start everything, and tell each row as it is known."""
    with site() as here, here.hub() as hub:
        here.introduce()
        here.publish()
        with here.edge() as edge:
            edge.decide("exec", command="ls")
            row("edge with its workers, after a call", pss(edge.popen.pid), "MiB of memory")
            row("hub, one edge", pss(hub.popen.pid), "MiB of memory")
            home = here.home.path
            row("1,000 calls decided", grown(home, 500, lambda n: edge.decide("exec", command=f"ls {n}")), "MiB, edge")
            row("1,000 calls run by the edge", grown(home, 100, lambda n: edge.run("exec", command=f"echo {n}")),
                "MiB, edge")  # fmt: skip
            before = size(here.hub_data)
            row("1,000 calls that a person approved", grown(home, QUESTIONS, lambda n: ask(here, edge, n)), "MiB, edge")
            row("the same", (size(here.hub_data) - before) / MIB * THOUSAND / QUESTIONS, "MiB, hub")
            line = len((here.folder / "edge.log").read_bytes()) / MIB
            row("log of all that", line, "MiB, edge")
            row("edge with its workers, at the end", pss(edge.popen.pid), "MiB of memory")
            row("hub, at the end", pss(hub.popen.pid), "MiB of memory")
    with private_cluster(binaries(), durable=True) as cluster, tempfile.TemporaryDirectory() as data:
        url = cluster.create("hub")
        arguments = ["hub", "--data", data, "--database", url]
        subprocess.run([sys.executable, "-m", *arguments, "init"], check=True, capture_output=True)
        with process([*arguments, "serve", "--port", "0"], Path(data, "log"), {}) as hub:
            server = int((cluster.folder / "data/postmaster.pid").read_text().split()[0])
            row("hub on PostgreSQL", pss(hub.popen.pid), "MiB of memory")
            row("PostgreSQL with that hub's connections", pss(server), "MiB of memory")


def main() -> None:
    """Print the table, and its rows once more as JSON or onto a page."""
    rows: list[dict[str, object]] = []

    def row(what: str, value: float, unit: str) -> None:
        rows.append({"what": what, "value": round(value, 2), "unit": unit})
        print(f"{what:<44} {value:8.1f} {unit}", flush=True)

    measured(row)
    match sys.argv[1:]:
        case ["--json"]:
            print(json.dumps(rows))
        case ["--page", page]:
            lines = [f"| {each['what']} | {each['value']:.1f} {each['unit']} |" for each in rows]
            table = "\n".join(["| | |", "|---|---|", *lines])
            Path(page).write_text(between(Path(page).read_text(), "sizes", table))


if __name__ == "__main__":
    main()
