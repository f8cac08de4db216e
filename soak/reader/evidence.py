"""Where everything is, and what each part has noted by itself."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

Note = dict[str, Any]


@dataclass(frozen=True)
class Entry:
    """One line of the audit log."""

    number: int
    raw: bytes
    body: Note

    @property
    def event(self) -> str:
        """What happened."""
        return str(self.body["event"])

    @property
    def call(self) -> str:
        """The id of the call, or of the exchange with a model."""
        return str(self.body["call"])


@dataclass(frozen=True)
class Evidence:
    """One soak, after its end. `about`: keys, planted secrets and places, as `evidence.json` in the folder has them."""

    folder: Path
    about: Note

    @classmethod
    def of(cls, folder: Path) -> Evidence:
        """Read what `folder` says of itself."""
        return cls(folder, json.loads((folder / "evidence.json").read_text()))

    @property
    def audit(self) -> Path:
        """The edge's audit log."""
        return self.folder / "home" / "audit.db"

    @property
    def edge(self) -> Path:
        """The edge's approvals, executions and usage."""
        return self.folder / "home" / "edge.db"

    @property
    def hub(self) -> Path:
        """The hub's database."""
        return self.folder / "hub" / "hub.db"

    @cached_property
    def entries(self) -> list[Entry]:
        """The audit log."""
        found = rows(self.audit, "SELECT number, body FROM entry ORDER BY number")
        return [Entry(number, bytes(raw), json.loads(raw)) for number, raw in found]

    @cached_property
    def by_call(self) -> dict[str, list[Entry]]:
        """The log's entries by the id of their call."""
        found: dict[str, list[Entry]] = defaultdict(list)
        for entry in self.entries:
            if entry.call:
                found[entry.call].append(entry)
        return found

    @cached_property
    def agent(self) -> list[Note]:
        """What the agent asked and was told."""
        return self._notes("agent")

    @cached_property
    def shop(self) -> list[Note]:
        """What was done at the shop."""
        return self._notes("shop")

    @cached_property
    def provider(self) -> list[Note]:
        """What the model was asked, and stated."""
        return self._notes("provider")

    @cached_property
    def chaos(self) -> list[Note]:
        """Starts and ends, and faults."""
        return self._notes("chaos")

    @cached_property
    def approver(self) -> list[Note]:
        """What people answered."""
        return self._notes("approver")

    @cached_property
    def written(self) -> list[str]:
        """What commands wrote down, one word for each time that one ran."""
        acts = self.folder / "work" / "acts"
        return acts.read_text().split() if acts.exists() else []

    @cached_property
    def calls(self) -> dict[str, list[str]]:
        """By token of an act: the ids of the calls that asked for it."""
        found: dict[str, list[str]] = defaultdict(list)
        for note in self.agent:
            if note["what"] == "ask":
                found[note["token"]].append(note["call"])
        return found

    def _notes(self, name: str) -> list[Note]:
        path = self.folder / "notes" / f"{name}.jsonl"
        return [json.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []


def rows(file: Path, query: str) -> Iterator[tuple[Any, ...]]:
    """Yield what a query of a database finds; the file is not changed."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as db:
        yield from db.execute(query)
