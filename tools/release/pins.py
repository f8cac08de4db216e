"""A lock file as `uv pip compile --generate-hashes` writes it: what is pinned, by which hashes, who asked for it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

HEAD = re.compile(r"([a-z0-9][a-z0-9.-]*)(?:\[[a-z0-9,.-]*\])?==([^ ;\\]+)(?: ; ([^\\]+?))? \\$")
HASH = re.compile(r"    --hash=sha256:([0-9a-f]{64})(?: \\)?$")
ASKED = re.compile(r"^    #(?: via|  ) ([^-\s].*)$")
OURS = "safety-gateway (pyproject.toml)"


@dataclass(frozen=True, slots=True)
class Pin:
    """One version of one package. `hashes`: SHA-256 of each of its files, in hex. `marker`: where it counts, or "".
    `asked_by`: the packages that require it, by name; `OURS` among them where it is our own requirement."""

    name: str
    version: str
    marker: str
    hashes: frozenset[str]
    asked_by: frozenset[str]


def read(lock: Path) -> dict[str, Pin]:
    """Name -> pin. Raises `ValueError` for a line that is none of a lock's, and for a package without a hash."""
    heads: list[tuple[str, str, str]] = []
    hashes: list[set[str]] = []
    asked: list[set[str]] = []
    for number, line in enumerate(lock.read_text().splitlines(), 1):
        if found := HEAD.match(line):
            heads.append((found[1], found[2], found[3] or ""))
            hashes.append(set())
            asked.append(set())
        elif heads and (found := HASH.match(line)):
            hashes[-1].add(found[1])
        elif heads and line.lstrip().startswith("#"):
            asked[-1].update(word for word in ASKED.findall(line))
        else:
            raise ValueError(f"{lock.name}:{number}: no line of a lock with hashes. Fix: make lock")
    pins = {
        head[0]: Pin(*head, hashes=frozenset(sums), asked_by=frozenset(names))
        for head, sums, names in zip(heads, hashes, asked, strict=True)
    }
    if bare := sorted(pin.name for pin in pins.values() if not pin.hashes):
        raise ValueError(f"{lock.name}: {bare[0]} has no hash. Fix: make lock")
    return pins
